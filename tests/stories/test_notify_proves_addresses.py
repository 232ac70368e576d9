"""A number an officer gives: a code goes there, the officer enters it, and only then is anything sent there."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from shared.contracts.officers import OfficerPublished
from tests.edges.notify_house import Story
from tests.edges.texting_house import Texts, texts
from tests.edges.webhook_receiver import receiving
from tests.stories.routing_house import House, routing
from tests.waiting import until

NEW = "+447700900123"


@pytest.fixture
async def routing_house(postgres_url: str) -> AsyncIterator[House]:
    async with routing(postgres_url) as house:
        yield await house.as_new("H1,herts", "B7,beds")


@pytest.fixture
async def town(postgres_url: str, routing_house: House) -> AsyncIterator[Texts]:
    async with texts(postgres_url) as made:
        made.notify.keys = routing_house.keys
        async with made.notify.at_work():
            yield made


async def carried_over(house: House, town: Texts) -> None:
    """Notify hears of the officer what routing published last."""
    said = dict(await house.published("officers"))["H1"]
    assert said is not None
    await town.notify.introduce(OfficerPublished.model_validate(said))


async def code_on(town: Texts, number: str) -> str:
    """The code a phone shows, once it does."""

    async def shown() -> str | None:
        found = [re.search(r"Your code is (\d{8})\.", text) for text in town.govuk.texts_to(number)]
        return next((one[1] for one in found if one), None)

    return await until(shown)


async def test_a_new_number_is_used_once_its_code_has_been_entered_and_not_before(
    routing_house: House, town: Texts
) -> None:
    house, path = routing_house, "/v1/officers/H1/means/proof"
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"phone": NEW})
    await carried_over(house, town)
    code = await code_on(town, NEW)

    wrong = {"kind": "phone", "code": f"{(int(code) + 1) % 10**8:08}"}
    answer = await house.ask("officer:H1", "POST", path, wrong)
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": "code", "reason": "not_the_code"}])
    assert wrong["code"] not in answer.text
    assert (await house.ask("officer:B7", "POST", path, {"kind": "phone", "code": code})).status_code == 403
    assert (await house.ask("officer:H1", "POST", path, {"kind": "email", "code": code})).status_code == 422
    (_, phone) = dict(await house.published("officers"))["H1"]["means"]  # type: ignore[index]
    assert not phone["verified"]

    answer = await house.ask("officer:H1", "POST", path, {"kind": "phone", "code": code})
    assert answer.json() == {"officer": "H1", "kind": "phone", "verified": True}
    (_, phone) = dict(await house.published("officers"))["H1"]["means"]  # type: ignore[index]
    assert phone["verified"]
    again = await house.ask("officer:H1", "POST", path, {"kind": "phone", "code": code})
    assert again.json() == answer.json()

    await carried_over(house, town)
    await town.notify.rows(
        "update notify.recipients set ways = jsonb_path_query_array(ways, '$[*] ? (@.kind == \"phone\")') returning 1"
    )
    await town.notify.hear(Story().offered("H1"))

    async def offered() -> bool | None:
        return any(text.startswith("You have a new task.") for text in town.govuk.texts_to(NEW)) or None

    assert await until(offered)


async def test_a_webhook_is_handed_the_code_in_the_link_of_a_test_and_used_once_it_has_come_back(
    routing_house: House, town: Texts
) -> None:
    house = routing_house
    async with receiving() as phone:
        await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"webhook": phone.url})
        await carried_over(house, town)
        (heard,) = await phone.until(1)
        said = json.loads(heard.body)
        assert set(said) == {"id", "type", "reference", "class", "respond_by", "url"}
        assert (said["type"], said["reference"], said["class"], said["respond_by"]) == ("test", None, None, None)
        assert heard.headers["webhook-id"] == said["id"]
        code = said["url"].removeprefix("https://tasks.example/tasks?proof=")
        assert not dict(await house.published("officers"))["H1"]["means"][-1]["verified"]  # type: ignore[index]

        proof = {"kind": "webhook", "code": code}
        answer = await house.ask("officer:H1", "POST", "/v1/officers/H1/means/proof", proof)
        assert answer.json() == {"officer": "H1", "kind": "webhook", "verified": True}
        ((way,), kind) = (dict(await house.published("officers"))["H1"]["means"], "webhook")  # type: ignore[index]
        assert (way["kind"], way["verified"]) == (kind, True)

        await carried_over(house, town)
        await town.notify.hear(Story().offered("H1"))
        offer = json.loads((await phone.until(2))[1].body)
        assert offer["type"] == "task.offered"


async def test_a_webhook_nobody_has_proved_is_told_nothing_else(routing_house: House, town: Texts) -> None:
    async with receiving() as phone:
        await routing_house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"webhook": phone.url})
        await carried_over(routing_house, town)
        await phone.until(1)
        await town.notify.hear(Story().offered("H1"))

        async def tried() -> bool | None:
            return bool(await town.notify.rows("select 1 from notify.attempts where state <> 'sending'")) or None

        assert await until(tried)
        assert [json.loads(one.body)["type"] for one in phone.heard] == ["test"]


async def test_a_new_code_is_another_and_the_one_before_is_void(routing_house: House, town: Texts) -> None:
    house, number = routing_house, "+447700900125"
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"phone": number})
    await carried_over(house, town)
    first = await code_on(town, number)
    answer = await house.ask("officer:H1", "POST", "/v1/officers/H1/means/new-code", {"kind": "phone"})
    assert answer.status_code == 202
    await carried_over(house, town)

    async def second_code() -> str | None:
        found = [re.search(r"Your code is (\d{8})\.", text) for text in town.govuk.texts_to(number)]
        return next((one[1] for one in found if one and one[1] != first), None)

    second = await until(second_code)
    path = "/v1/officers/H1/means/proof"
    assert (await house.ask("officer:H1", "POST", path, {"kind": "phone", "code": first})).status_code == 422
    assert (await house.ask("officer:H1", "POST", path, {"kind": "phone", "code": second})).status_code == 200


async def test_the_code_is_sent_once_however_often_the_roster_is_published(routing_house: House, town: Texts) -> None:
    number = "+447700900124"
    await routing_house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"phone": number})
    for _ in range(3):
        await carried_over(routing_house, town)
    await code_on(town, number)
    rows = await town.notify.rows("select count(*) as letters from notify.letters where about like 'proof:%'")
    assert rows[0].letters == len({one.to for one in town.govuk.taken})
    assert len(town.govuk.texts_to(number)) == 1

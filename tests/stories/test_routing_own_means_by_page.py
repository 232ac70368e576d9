"""An officer's new address, from the code that was sent there to the test that comes over it, by their tasks alone."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from shared.addressees import proofs
from tests.stories.by_pages import Read, opens, posts
from tests.stories.routing_house import House, routing

H1, MEANS = "officer:H1", "/v1/officers/H1/means"
NUMBER, HOOK, MAIL = "07700900123", "http://127.0.0.1:9/teapot", "dormouse@herts.example"
PROVE, AGAIN, TEST = "proof/phone", "new-code/phone", "test-notice"


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """H1 is on the roster with a webhook, and has given nothing yet."""
    async with service.database.unit() as unit:
        await unit.connection.execute(
            sa.text("truncate routing.proofs, routing.own_means, routing.test_notices, routing.idempotency")
        )
    return await service.as_new("H1,herts")


async def gives(house: House, **means: str) -> None:
    """H1 gives addresses of their own."""
    assert (await house.ask(H1, "PUT", MEANS, means)).status_code == 200


async def code(house: House, kind: str = "phone") -> str:
    """The code that went out last."""
    sealed = next(one["sealed"] for one in await means(house) if one["kind"] == kind and not one["verified"])
    return proofs(house.keys, "H1", kind, sealed)[0]


async def means(house: House) -> list[Mapping[str, Any]]:
    """What notify was told last of how H1 is reached."""
    said = dict(await house.published("officers"))["H1"]
    assert said is not None
    found: list[Mapping[str, Any]] = said["means"]
    return found


async def sends(house: House, action: str, entries: dict[str, str] | None = None, who: str = H1) -> Read:
    """Somebody fills in a form of their own tasks and sends it."""
    key = (await opens(house, who, "/tasks")).key
    return await posts(house, who, f"/tasks/means/{action}", {"key": key} | (entries or {}))


def wrong(right: str, by: int = 1) -> str:
    return f"{(int(right) + by) % 10**8:08}"


def title(page: Read) -> str:
    found = re.search(r"<title>(.*?)</title>", page.markup)
    assert found is not None
    return found[1]


async def test_an_officer_sees_how_they_are_reached_and_no_address(house: House) -> None:
    page = await opens(house, H1, "/tasks")
    assert "How you are reached Webhook From the roster" in page.words
    assert page.forms == {"test-notice"}
    await gives(house, phone=NUMBER, email=MAIL)
    page = await opens(house, H1, "/tasks")
    assert "Text message Not proved Given by you. Not used before its code is entered" in page.words
    assert page.forms == {"test-notice", "proof-phone", "new-code-phone", "proof-email", "new-code-email"}
    assert not [one for one in (NUMBER[1:], MAIL, "phones.example") if one in page.markup]


async def test_the_code_that_came_is_entered_and_the_number_is_used(house: House) -> None:
    await gives(house, phone=NUMBER)
    right = await code(house)
    page = await sends(house, PROVE, {"code": f" {right[:4]} {right[4:]}"})
    assert "That was the code. What you gave is used from now on" in page.words
    assert "Text message Given by you" in page.words
    assert page.forms == {"test-notice"}
    assert [(one["kind"], one["verified"]) for one in await means(house)] == [("webhook", True), ("phone", True)]


async def test_a_wrong_code_is_refused_beside_it_and_five_void_it(house: House) -> None:
    await gives(house, phone=NUMBER)
    right = await code(house)
    page = await sends(house, PROVE, {"code": "bread and butter"})
    assert (page.status, "Enter the eight digits of the code" in page.words) == (422, True)
    for by in range(1, 5):
        page = await sends(house, PROVE, {"code": wrong(right, by)})
        assert 'id="do-proof-phone-code-error"' in page.markup
        assert (page.status, "This is not the code that was sent last." in page.words) == (422, True)
        assert f'value="{wrong(right, by)}"' in page.markup, "what was typed stays"
    for said in (wrong(right, 5), right):
        page = await sends(house, PROVE, {"code": said})
        assert (page.status, "this one is void. Have a new one sent" in page.words) == (422, True)
    page = await sends(house, AGAIN)
    assert "A new code is on its way." in page.words
    assert "That was the code." in (await sends(house, PROVE, {"code": await code(house)})).words


async def test_a_form_sent_twice_sends_one_code_and_a_sixth_within_the_hour_is_refused(house: House) -> None:
    await gives(house, phone=NUMBER)
    key = (await opens(house, H1, "/tasks")).key
    for _ in range(3):
        page = await posts(house, H1, f"/tasks/means/{AGAIN}", {"key": key})
        assert page.status == 200
    for _ in range(3):
        assert (await sends(house, AGAIN)).status == 200
    before = await code(house)
    page = await sends(house, AGAIN)
    assert (page.status, "There were five codes within the hour. Try again later" in page.words) == (409, True)
    assert await code(house) == before


async def test_a_webhooks_link_fills_the_code_in_and_proves_nothing_by_being_followed(house: House) -> None:
    await gives(house, webhook=HOOK)
    right = await code(house, "webhook")
    page = await opens(house, H1, f"/tasks?proof={right}")
    assert re.search(rf'id="do-proof-webhook-code"[^>]*value="{right}"', page.markup)
    assert "The code of your webhook is filled in below." in page.words
    assert not (await means(house))[-1]["verified"]
    assert not await house.rows("select 1 from routing.proofs where wrong > 0")
    assert page.markup.count(right) == 1, "in the field and nowhere else"
    assert title(page).startswith("Tasks ")
    assert right not in title(page)
    page = await sends(house, "proof/webhook", {"code": right})
    assert "That was the code." in page.words
    assert [(one["kind"], one["verified"]) for one in await means(house)] == [("webhook", True)]
    assert "No webhook of yours waits for this code." in (await opens(house, H1, f"/tasks?proof={right}")).words


async def test_a_link_that_was_tampered_with_fills_in_nothing(house: House) -> None:
    await gives(house, webhook=HOOK)
    page = await opens(house, H1, '/tasks?proof="><script>')
    assert (page.status, "No webhook of yours waits for this code." in page.words) == (200, True)
    assert '"><script>' not in page.markup
    assert (await opens(house, H1, f"/tasks?proof={'7' * 41}")).status == 422


async def test_whoever_is_not_signed_in_is_brought_back_to_the_link(house: House) -> None:
    answer = await house.people.get("/tasks?proof=01234567", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo/sign-in?next=/tasks%3Fproof%3D01234567")


async def test_a_test_is_sent_five_times_an_hour_and_not_a_sixth(house: House) -> None:
    for _ in range(5):
        page = await sends(house, TEST)
        assert (page.status, "A test is on its way." in page.words) == (200, True)
    page = await sends(house, TEST)
    assert (page.status, "There were five tests within the hour. Try again later" in page.words) == (409, True)
    assert [key for key, _ in await house.published("officers")].count("test:H1") == 5


async def test_the_forms_are_for_whoever_drew_them_and_nobody_else(house: House) -> None:
    await gives(house, phone=NUMBER)
    right = await code(house)
    drawn_by_another = {"who": "officer:B7", "code": right}
    assert (await sends(house, PROVE, drawn_by_another)).status == 401
    page = await opens(house, "officer:X9", "/tasks")
    assert "You are not on the roster, so nothing is sent to you." in page.words
    assert page.forms == set()
    for action in (PROVE, AGAIN, TEST):
        answer = await posts(house, "sergeant:herts", f"/tasks/means/{action}", {"code": right})
        assert answer.status == 403
    assert (await posts(house, "officer:X9", f"/tasks/means/{TEST}", {})).status == 404
    assert (await posts(house, H1, "/tasks/means/proof/pigeon", {"code": right})).status == 422
    assert not (await means(house))[-1]["verified"]


async def test_back_at_the_address_of_a_form_are_the_tasks(house: House) -> None:
    for action in (PROVE, TEST):
        answer = await house.ask(H1, "GET", f"/tasks/means/{action}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")

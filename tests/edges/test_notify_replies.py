"""Answers by text message: what routing hears, what the sender is told, and what nobody is told."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.notify.store.codes import Wanted, give_code
from shared.contracts.model import Holder
from shared.identity import parse, sign_demo
from tests.edges.notify_house import Story
from tests.edges.texting_house import Texts, texts
from tests.waiting import until

PEGGY, IRIS = "H1042", "B0007"
NUMBER, IRISES = "+447700900042", "+447700900043"


@pytest.fixture
async def town(postgres_url: str) -> AsyncIterator[Texts]:
    async with texts(postgres_url) as made, made.notify.at_work():
        yield made


async def asked(town: Texts, story: Story, officer: str = PEGGY, number: str = NUMBER) -> str:
    """An officer has a text with an offer; gives its code."""
    before = len(town.govuk.taken)
    await town.notify.publish(officer, phone=number)
    await town.notify.hear(story.offered(officer))
    await town.until_taken(before + 1)
    return await town.code_of(officer)


async def told(town: Texts, count: int, number: str = NUMBER) -> str:
    """The last thing a phone shows once it has been written to `count` times."""

    async def enough() -> list[str] | None:
        found = town.govuk.texts_to(number)
        return found if len(found) >= count else None

    return (await until(enough))[-1]


async def test_a_yes_is_passed_on_to_routing_and_answered(town: Texts) -> None:
    story = Story()
    code = await asked(town, story)
    assert f"Answer YES {code} or NO {code}" in town.govuk.texts_to(NUMBER)[0]
    assert await town.govuk.text_from(NUMBER, f"yes {code} ") == 204
    (payload,) = await town.replied()
    assert (payload["officer"], payload["offer_code"], payload["answer"]) == (PEGGY, code, "yes")
    assert (payload["referral_id"], payload["reference"], payload["sequence"]) == (
        str(story.referral_id),
        story.reference,
        1,
    )
    assert await told(town, 2) == (
        f"Your YES to {story.reference} has been passed on. Sign in to see whether the task is yours: "
        "https://tasks.example/tasks"
    )


async def test_a_no_is_passed_on_too(town: Texts) -> None:
    code = await asked(town, Story())
    await town.govuk.text_from(NUMBER, f"{code} no")
    assert [payload["answer"] for payload in await town.replied()] == ["no"]
    assert "Your NO to" in await told(town, 2)


async def test_the_provider_may_repeat_a_text_as_often_as_it_likes(town: Texts) -> None:
    code = await asked(town, Story())
    identity = str(uuid4())
    answers = await asyncio.gather(*(town.govuk.text_from(NUMBER, f"YES {code}", identity) for _ in range(8)))
    assert answers == [204] * 8
    assert len(await town.replied()) == 1
    await told(town, 2)
    assert len(town.govuk.texts_to(NUMBER)) == 2


async def test_the_same_word_twice_is_passed_on_once_and_another_word_again(town: Texts) -> None:
    code = await asked(town, Story())
    for word in ("YES", "YES", "NO"):
        await town.govuk.text_from(NUMBER, f"{word} {code}")
    assert [payload["answer"] for payload in await town.replied()] == ["yes", "no"]
    await told(town, 4)
    assert sorted(text.split(" to ")[0] for text in town.govuk.texts_to(NUMBER)[1:]) == [
        "Your NO",
        "Your YES",
        "Your YES",
    ]


async def test_free_text_is_not_guessed_at_and_kept_nowhere(town: Texts) -> None:
    await asked(town, Story())
    await town.govuk.text_from(NUMBER, "The heliotrope badger is unwell, back at nine")
    assert (await told(town, 2)).startswith("We could not read that as an answer. Send YES or NO and the four digits")
    rows = await town.notify.rows(
        "select r::text as row from notify.replies r union all select l::text from notify.letters l"
    )
    assert not any("badger" in row.row for row in rows)
    assert await town.replied() == []


async def test_a_number_we_never_write_to_learns_nothing(town: Texts) -> None:
    code = await asked(town, Story())
    await town.govuk.text_from("+447700900999", f"YES {code}")
    assert await told(town, 1, "+447700900999") == "This number is not one that we write to. Nothing was changed."
    assert await town.replied() == []


async def test_an_offer_that_is_over_is_said_to_be(town: Texts) -> None:
    story = Story()
    code = await asked(town, story)
    await town.notify.hear(story.accepted(IRIS))
    await told(town, 2)
    await town.govuk.text_from(NUMBER, f"YES {code}")
    assert (await told(town, 3)).startswith(f"{story.reference} is not waiting for an answer from you any more.")
    assert await town.replied() == []


async def test_a_number_that_is_not_theirs_any_more_answers_for_nobody(town: Texts) -> None:
    code = await asked(town, Story())
    await town.notify.publish(PEGGY, phone="+447700900077")
    await town.govuk.text_from(NUMBER, f"YES {code}")
    assert (await told(town, 2)).startswith("None of your tasks has that code.")
    assert await town.replied() == []


async def test_a_reminder_of_the_same_offer_carries_the_same_code(town: Texts) -> None:
    story = Story()
    code = await asked(town, story)
    await town.notify.hear(story.offered(PEGGY))
    assert f"YES {code}" in await told(town, 2)


async def test_no_two_offers_to_one_number_share_a_code(town: Texts) -> None:
    wanted = {await asked(town, Story()) for _ in range(12)}
    assert len(wanted) == 12


async def test_a_code_taken_by_somebody_quicker_is_not_given_twice(town: Texts) -> None:
    mark, story, other = b"the number of the lamp shop", Story(), Story()
    await town.notify.hear(story.offered(PEGGY), other.offered(PEGGY))
    first = Wanted((mark,), PEGGY, story.referral_id, uuid4())
    second = Wanted((mark,), PEGGY, other.referral_id, uuid4())
    async with town.notify.database.unit() as unit:
        now = await unit.now()
        assert await give_code(unit, first, "4821", now)
        assert not await give_code(unit, second, "4821", now)
        assert not await give_code(unit, first, "4822", now)


async def test_who_is_asked_to_take_a_task_over_must_look_before_they_answer(town: Texts) -> None:
    held = {"state": "accepted", "holder": Holder(force="herts", id=IRIS)}
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(Story().event("ReferralHandedOver", giver=IRIS, receiver=PEGGY, accepted=False, **held))
    assert "Answer YES" not in await told(town, 1)


async def test_two_machines_that_thank_each_other_fall_silent(town: Texts) -> None:
    for _ in range(9):
        await town.govuk.text_from(NUMBER, "I am on leave until Monday")
    await told(town, 5)
    rows = await town.notify.rows("select answered, count(*) from notify.replies group by answered")
    assert dict(tuple(row) for row in rows) == {True: 5, False: 4}


async def test_an_answer_that_does_not_get_through_is_tried_again_and_the_number_forgotten_once_it_has(
    town: Texts,
) -> None:
    code = await asked(town, Story())
    town.govuk.script = [503, 0]
    await town.govuk.text_from(NUMBER, f"YES {code}")
    await told(town, 2)

    async def settled() -> str | None:
        ((state, sealed),) = await town.notify.rows("select state, sealed from notify.letters")
        return state if sealed is None else None

    assert await until(settled) == "sent"
    assert len(town.govuk.texts_to(NUMBER)) == 2


async def test_a_number_is_written_down_nowhere_in_clear(town: Texts) -> None:
    code = await asked(town, Story())
    await town.govuk.text_from(NUMBER, f"YES {code}")
    await told(town, 2)
    for table in ("numbers", "offer_codes", "replies", "letters", "notices", "attempts", "recipients", "journal"):
        rows = await town.notify.rows(f"select t::text as row from notify.{table} t")
        assert not any("7700900042" in row.row for row in rows), table


async def test_what_is_no_text_is_said_so(town: Texts) -> None:
    headers = {"authorization": f"Bearer {town.govuk.token}"}
    async with town.client() as client:
        for body in (b"YES 4821", b"{}", b'{"id": "", "source_number": "1", "message": "x"}'):
            answer = await client.post("/v1/replies/govuk-notify", content=body, headers=headers)
            assert answer.status_code in (400, 422)


async def test_an_officer_sees_that_their_number_said_stop_and_no_number_at_all(town: Texts) -> None:
    await town.notify.publish(PEGGY, webhook="https://peggy.example/", phone=NUMBER)
    headers = {"authorization": f"Bearer {sign_demo(parse(f'officer:{PEGGY}'), town.notify.keys, int(time.time()))}"}
    async with town.client() as client:
        assert [one["stopped"] for one in (await client.get("/v1/means", headers=headers)).json()["items"]] == [
            False,
            False,
        ]
        await town.govuk.text_from(NUMBER, "STOP")
        answer = await client.get("/v1/means", headers=headers)
    assert answer.json()["items"] == [
        {"means": "webhook", "verified": True, "stopped": False, "gone": False},
        {"means": "phone", "verified": True, "stopped": True, "gone": False},
    ]
    assert "7700" not in answer.text


@pytest.mark.parametrize(("who", "status"), [("officer:X9", 404), ("coordinator:herts", 403), (None, 401)])
async def test_nobody_else_sees_how_an_officer_is_reached(town: Texts, who: str | None, status: int) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    headers = {}
    if who is not None:
        headers["authorization"] = f"Bearer {sign_demo(parse(who), town.notify.keys, int(time.time()))}"
    async with town.client() as client:
        assert (await client.get("/v1/means", headers=headers)).status_code == status

"""Receipts: what became of a text after its provider took it, whenever it is told and however often."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from services.notify.channels.channel import Message
from services.notify.rules.attempts import Outcome
from shared.identity import parse, sign_demo
from tests.edges.govuk_stand_in import Taken
from tests.edges.notify_house import Story
from tests.edges.texting_house import Texts, texts
from tests.edges.webhook_receiver import receiving

PEGGY, IRIS = "H1042", "B0007"
NUMBER = "+447700900042"
HOUR = timedelta(hours=1)


@pytest.fixture
async def town(postgres_url: str) -> AsyncIterator[Texts]:
    async with texts(postgres_url) as made:
        yield made


async def one_sent(town: Texts, story: Story, **also: str) -> Taken:
    """Peggy has been sent a text, and nobody knows yet whether it came."""
    await town.notify.publish(PEGGY, phone=NUMBER, **also)
    await town.notify.hear(story.offered(PEGGY))
    (taken,) = await town.until_taken(1)
    await town.notify.until_states("sent")
    return taken


async def names(town: Texts) -> list[str]:
    return [name for name, _ in await town.notify.deliveries()]


async def test_a_text_is_only_sent_until_its_receipt_says_delivered(town: Texts) -> None:
    async with town.notify.at_work():
        taken = await one_sent(town, Story())
        assert await names(town) == []
        assert await town.govuk.receipt(taken, "delivered") == 204
        await town.notify.until_states("delivered")
    assert await names(town) == ["notice.delivered"]
    assert await town.attempts() == [("phone", 1, "delivered", None)]


@pytest.mark.parametrize("status", ["permanent-failure", "temporary-failure"])
async def test_a_text_that_did_not_come_is_the_next_step_now_where_nothing_else_is_left(
    town: Texts, status: str
) -> None:
    async with town.notify.at_work():
        await town.govuk.receipt(await one_sent(town, Story()), status)
        await town.notify.until_states("failed")
    ((name, payload),) = await town.notify.deliveries()
    assert (name, payload["last_means"], payload["reason"]) == ("notice.failed", True, status.replace("-", "_"))


async def test_a_text_that_did_not_come_hands_over_to_the_next_means_at_once(town: Texts) -> None:
    async with receiving() as hook, town.notify.at_work():
        taken = await one_sent(town, Story(), webhook=hook.url)
        await town.govuk.receipt(taken, "permanent-failure")
        await hook.until(1, seconds=3)
        await town.notify.until_states("delivered")
    assert await names(town) == ["notice.failed", "notice.delivered"]


async def test_one_that_never_left_the_provider_is_sent_again(town: Texts) -> None:
    async with town.notify.at_work():
        await town.govuk.receipt(await one_sent(town, Story()), "technical-failure")
        _, again = await town.until_taken(2)
        await town.govuk.receipt(again, "delivered")
        await town.notify.until_states("delivered")
    assert await town.attempts() == [("phone", 1, "failed", "technical_failure"), ("phone", 2, "delivered", None)]


async def test_the_same_receipt_ten_times_is_told_once(town: Texts) -> None:
    async with town.notify.at_work():
        taken = await one_sent(town, Story())
        answers = await asyncio.gather(*(town.govuk.receipt(taken, "delivered") for _ in range(10)))
        assert answers == [204] * 10
        await town.notify.until_states("delivered")
    assert await names(town) == ["notice.delivered"]


async def test_a_failure_told_after_the_delivery_changes_nothing_and_the_other_way_round_it_is_delivered(
    town: Texts,
) -> None:
    async with town.notify.at_work():
        taken = await one_sent(town, Story())
        await town.govuk.receipt(taken, "temporary-failure")
        await town.notify.until_states("failed")
        await town.govuk.receipt(taken, "delivered")
        await town.govuk.receipt(taken, "permanent-failure")
        await town.notify.until_states("delivered")
    assert await names(town) == ["notice.failed", "notice.delivered"]
    assert await town.attempts() == [("phone", 1, "delivered", None)]


async def test_a_failure_of_an_older_attempt_does_not_end_the_newer_one(town: Texts) -> None:
    async with town.notify.at_work():
        first = await one_sent(town, Story())
        await town.govuk.receipt(first, "technical-failure")
        await town.until_taken(2)
        await town.notify.until_states("sent")
        await town.govuk.receipt(first, "permanent-failure")
        assert await town.notify.states() == [(PEGGY, "task.offered", "sent")]
        await town.govuk.receipt(first, "delivered")
        await town.notify.until_states("delivered")


async def test_a_receipt_days_late_still_says_that_it_came_and_asks_nothing_of_anybody(town: Texts) -> None:
    story = Story()
    async with town.notify.at_work():
        taken = await one_sent(town, story)
        await town.notify.hear(story.event("ReferralWithdrawn", state="withdrawn", reason="no_longer_needed"))
        await town.govuk.receipt(taken, "delivered")
    assert (await town.notify.states())[0] == (PEGGY, "task.offered", "delivered")


async def test_a_receipt_that_overtakes_our_own_note_of_the_sending_counts(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(Story().offered(PEGGY))
    dispatcher = town.notify.dispatcher()
    dispatcher._running = True
    await dispatcher._start()
    (taken,) = await town.until_taken(1)
    assert await town.notify.states() == [(PEGGY, "task.offered", "sending")]
    await town.govuk.receipt(taken, "delivered")
    assert await town.notify.states() == [(PEGGY, "task.offered", "delivered")]
    await dispatcher._drain()
    assert await town.notify.states() == [(PEGGY, "task.offered", "delivered")]
    assert await town.attempts() == [("phone", 1, "delivered", None)]


async def test_a_receipt_of_nothing_we_know_is_taken_so_that_it_is_not_repeated(town: Texts) -> None:
    strange = Taken(str(uuid4()), "sms", NUMBER, str(uuid4()), "")
    assert await town.govuk.receipt(strange, "delivered") == 204
    strange.reference = "somebody else's"
    assert await town.govuk.receipt(strange, "permanent-failure") == 204


async def test_a_status_nobody_told_us_of_changes_nothing(town: Texts) -> None:
    async with town.notify.at_work():
        assert await town.govuk.receipt(await one_sent(town, Story()), "pending") == 204
        assert await town.notify.states() == [(PEGGY, "task.offered", "sent")]


async def test_only_the_provider_itself_is_let_in(town: Texts) -> None:
    strange = Taken(str(uuid4()), "sms", NUMBER, None, "")
    town.govuk.token = "guessed"
    assert await town.govuk.receipt(strange, "delivered") == 401
    assert await town.govuk.text_from(NUMBER, "YES 4821") == 401
    async with town.client() as client:
        for path in ("/v1/receipts/govuk-notify", "/v1/replies/govuk-notify"):
            assert (await client.post(path, json={})).status_code == 401
        for path in ("/v1/receipts/pigeons", "/v1/replies/demo"):
            assert (await client.post(path, json={})).status_code == 404


async def test_what_is_no_receipt_is_said_so_without_an_echo(town: Texts) -> None:
    headers = {"authorization": f"Bearer {town.govuk.token}"}
    async with town.client() as client:
        for body in (b"not json", b'{"id": 7}', b'{"id": "peggy@herts.example", "notification_type": "owl"}'):
            answer = await client.post("/v1/receipts/govuk_notify", content=body, headers=headers)
            assert answer.status_code in (400, 422)
            assert "peggy" not in answer.text


async def test_a_provider_in_trouble_is_tried_again_and_nothing_is_shown_delivered_meanwhile(town: Texts) -> None:
    town.govuk.script = [503, 500]
    async with town.notify.at_work():
        await one_sent(town, Story())
    assert await names(town) == []
    assert await town.attempts() == [
        ("phone", 1, "failed", "http_503"),
        ("phone", 2, "failed", "http_500"),
        ("phone", 3, "sent", None),
    ]


async def test_in_the_demo_anybody_signed_in_may_play_the_provider_and_elsewhere_nobody(town: Texts) -> None:
    told = {"id": "1", "source_number": NUMBER, "message": "STOP"}
    officer = {"authorization": f"Bearer {sign_demo(parse('officer:H1042'), town.notify.keys, int(time.time()))}"}
    dpo = {"authorization": f"Bearer {sign_demo(parse('dpo'), town.notify.keys, int(time.time()))}"}
    for demo, headers, status in ((True, officer, 204), (True, dpo, 403), (True, {}, 401), (False, officer, 404)):
        door = town.door_for(demo=demo)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://notify.test") as client:
            assert (await client.post("/v1/replies/demo", json=told, headers=headers)).status_code == status


class Asleep:
    """A channel that dies with its process before anything has left the house."""

    def lane(self, _address: str) -> str:
        return "asleep"

    async def send(self, _message: Message) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_crash_between_the_claim_and_the_sending_loses_nothing(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(Story().offered(PEGGY))
    real = town.notify.channels["phone"]
    town.notify.channels["phone"] = Asleep()
    dispatcher = town.notify.dispatcher()
    dispatcher._running = True
    await dispatcher._start()
    for task in dispatcher._flying.values():
        task.cancel()
    code = (await town.notify.rows("select code from notify.offer_codes"))[0].code
    town.notify.channels["phone"] = real
    async with town.notify.at_work():
        await town.notify.until_states("sent", seconds=15)
    assert await town.attempts() == [("phone", 1, "failed", "interrupted"), ("phone", 2, "sent", None)]
    (words,) = town.govuk.texts_to(NUMBER)
    assert f"YES {code}" in words


async def test_of_a_roles_two_phones_the_one_that_failed_hands_over_to_the_other(
    town: Texts,
) -> None:
    await town.notify.publish("fim:herts", phone=NUMBER)
    await town.notify.rows("update notify.recipients set ways = ways || ways returning 1")
    alert = Story().event("ReferralRoleAlerted", role="fim:herts", why="risk", due=datetime.now(UTC) + HOUR)
    await town.notify.hear(alert)
    async with town.notify.at_work():
        first = (await town.until_taken(1))[0]
        await town.notify.until_states("sent")
        await town.govuk.receipt(first, "permanent-failure")
        second = (await town.until_taken(2))[1]
        await town.govuk.receipt(second, "delivered")
        await town.notify.until_states("delivered")
    assert [(number, state) for _, number, state, _ in await town.attempts()] == [(1, "failed"), (1, "delivered")]

"""Notices from the event to the receiver and back to routing, on a real database, with receivers that misbehave."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from services.notify.channels.channel import Message
from services.notify.rules.attempts import Outcome
from tests.edges.notify_house import SECRET, House, Story, house
from tests.edges.webhook_receiver import receiving

PEGGY, IRIS, OTTO = "H1042", "B0007", "C2210"


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        yield made


def names(found: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str, int]]:
    return [(name, payload["to"], payload["sequence"]) for name, payload in found]


async def test_an_offer_reaches_its_officers_webhook_and_routing_hears_that_it_did(notify: House) -> None:
    story = Story()
    async with receiving() as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(story.offered(PEGGY))
        (heard,) = await peggy.until(1)
        await notify.until_states("delivered")
    Webhook(SECRET).verify(heard.body, heard.headers)
    ((name, payload),) = await notify.deliveries()
    assert (name, payload["reference"], payload["sequence"], payload["means"]) == (
        "notice.delivered",
        story.reference,
        1,
        "webhook",
    )
    assert payload["notice_id"] == heard.headers["webhook-id"]


async def test_deliveries_are_numbered_for_each_referral_without_a_gap(notify: House) -> None:
    story, other = Story(), Story()
    async with receiving() as everybody, notify.at_work():
        for officer in (PEGGY, IRIS, OTTO):
            await notify.publish(officer, webhook=everybody.url)
        await notify.hear(story.offered(PEGGY, IRIS), other.offered(OTTO))
        await notify.until_states("delivered", "delivered", "delivered")
        await notify.hear(story.accepted(IRIS))
        await notify.until_states("delivered", "delivered", "delivered", "delivered")
    found = await notify.deliveries()
    mine = [payload["sequence"] for _, payload in found if payload["reference"] == story.reference]
    assert mine == [1, 2, 3]
    assert [payload["sequence"] for _, payload in found if payload["reference"] == other.reference] == [1]


async def test_a_receiver_that_fails_is_tried_again_under_the_same_id(notify: House) -> None:
    async with receiving(500, 503) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY))
        heard = await peggy.until(3)
        await notify.until_states("delivered")
    assert len({one.headers["webhook-id"] for one in heard}) == 1
    waits = [later.at - earlier.at for earlier, later in pairwise(heard)]
    assert 0.8 <= waits[0] <= 1.6
    assert 1.6 <= waits[1] <= 2.8
    rows = await notify.rows("select number, state, reason from notify.attempts order by number")
    assert [tuple(row) for row in rows] == [
        (1, "failed", "http_500"),
        (2, "failed", "http_503"),
        (3, "delivered", None),
    ]


async def test_a_receiver_that_asks_for_time_gets_it(notify: House) -> None:
    async def busy(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3"})

    async with receiving(busy) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY))
        first, second = await peggy.until(2)
    assert second.at - first.at >= 2.9


async def test_a_webhook_that_is_gone_hands_over_to_the_phone_and_both_are_told_to_routing(notify: House) -> None:
    async with receiving(410) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url, phone="+447700900042")
        await notify.hear(Story().offered(PEGGY))
        await notify.until_states("delivered")
    failed, delivered = await notify.deliveries()
    assert (failed[0], failed[1]["means"], failed[1]["last_means"]) == ("notice.failed", "webhook", False)
    assert (delivered[0], delivered[1]["means"], delivered[1]["sequence"]) == ("notice.delivered", "phone", 2)
    ((body,),) = await notify.rows("select body from notify.phone_messages")
    assert body.startswith("You have a new task. Sign in.")


async def test_when_every_means_has_failed_routing_hears_that_nothing_is_left(notify: House) -> None:
    async with receiving(404) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY))
        await notify.until_states("failed")
    ((name, payload),) = await notify.deliveries()
    assert (name, payload["last_means"], payload["reason"]) == ("notice.failed", True, "http_404")


async def test_an_officer_without_any_means_is_reported_when_the_notice_is_planned(notify: House) -> None:
    await notify.publish(PEGGY)
    await notify.hear(Story().offered(PEGGY))
    assert await notify.states() == [(PEGGY, "task.offered", "failed")]
    ((name, payload),) = await notify.deliveries()
    assert (name, payload["last_means"], payload["means"], payload["reason"]) == (
        "notice.failed",
        True,
        None,
        "no_means",
    )


async def test_a_notice_for_somebody_not_known_yet_waits_and_goes_out_when_they_are(notify: House) -> None:
    async with receiving() as peggy, notify.at_work():
        await notify.hear(Story().offered(PEGGY))
        await asyncio.sleep(0.3)
        assert await notify.states() == [(PEGGY, "task.offered", "planned")]
        await notify.publish(PEGGY, webhook=peggy.url)
        await peggy.until(1)
        await notify.until_states("delivered")


async def test_a_notice_for_somebody_never_known_expires_with_its_deadline_and_says_nothing(notify: House) -> None:
    async with notify.at_work():
        await notify.hear(Story().offered(PEGGY, seconds=0.5))
        await notify.until_states("expired", seconds=5)
    assert await notify.deliveries() == []


async def test_somebody_who_left_the_roster_while_their_notice_waited_is_reported(notify: House) -> None:
    async with notify.at_work():
        await notify.hear(Story().offered(PEGGY))
        await notify.remove(PEGGY)
        await notify.until_states("failed")
    assert [name for name, _ in await notify.deliveries()] == ["notice.failed"]


async def test_nothing_goes_out_whose_deadline_has_passed(notify: House) -> None:
    async with receiving() as peggy:
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY, seconds=-1))
        async with notify.at_work():
            await notify.until_states("expired")
        assert peggy.heard == []


async def test_a_newer_notice_waits_for_the_older_one_under_way_and_never_arrives_before_it(notify: House) -> None:
    story = Story()
    async with receiving(delay=1.0) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(story.offered(PEGGY, IRIS))
        await peggy.until(1)
        await notify.hear(story.accepted(IRIS))
        heard = await peggy.until(2)
        await notify.until_states("delivered", "superseded", "delivered")
    assert heard[1].at - heard[0].at >= 1.0
    assert b"task.offered" in heard[0].body
    assert b"task.taken" in heard[1].body


async def test_an_offer_still_being_retried_is_dropped_when_the_task_is_taken(notify: House) -> None:
    story = Story()
    async with receiving(503) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(story.offered(PEGGY))
        await peggy.until(1)
        await notify.hear(story.accepted(IRIS))
        heard = await peggy.until(2)
        await notify.until_states("superseded", "delivered")
        await asyncio.sleep(1.5)
    assert [b"task.taken" in one.body for one in heard] == [False, True]
    assert len(peggy.heard) == 2


async def test_an_exercise_reaches_no_real_means(notify: House) -> None:
    async with receiving() as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url, phone="+447700900042")
        await notify.hear(Story(exercise=True).offered(PEGGY, IRIS))
        await notify.until_states("delivered", "delivered")
        assert peggy.heard == []
    rows = await notify.rows("select recipient, means, body, exercise from notify.phone_messages order by recipient")
    assert [(row.recipient, row.means, row.exercise) for row in rows] == [
        (IRIS, "exercise", True),
        (PEGGY, "exercise", True),
    ]
    assert all(row.body.startswith("EXERCISE.") for row in rows)
    assert {payload["means"] for _, payload in await notify.deliveries()} == {None}


async def test_without_a_receipt_the_next_means_starts_beside_the_first(notify: House) -> None:
    await notify.rows(
        "insert into notify.policies values ('bch', 'hasty', '1970-01-01', '{\"priority\": 1}') returning pool"
    )
    async with notify.at_work():
        await notify.publish(PEGGY, email="peggy@herts.example", phone="+447700900042")
        await notify.hear(Story().offered(PEGGY))
        await notify.until_states("sent", seconds=5)
        await notify.until_states("delivered", seconds=5)
    rows = await notify.rows("select means, state from notify.attempts order by at")
    assert [tuple(row) for row in rows] == [("email", "sent"), ("phone", "delivered")]


async def test_a_crash_while_sending_sends_the_same_notice_again_when_the_lease_has_run_out(notify: House) -> None:
    async with receiving() as peggy:
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY))
        dispatcher = notify.dispatcher()
        dispatcher._running = True
        await dispatcher._start()
        (first,) = await peggy.until(1)
        for task in dispatcher._flying.values():
            task.cancel()
        assert await notify.states() == [(PEGGY, "task.offered", "sending")]
        async with notify.at_work():
            again = (await peggy.until(2, seconds=12))[1]
            await notify.until_states("delivered")
    assert again.headers["webhook-id"] == first.headers["webhook-id"]
    assert 6 < again.at - first.at < 10
    rows = await notify.rows("select number, state, reason from notify.attempts order by number")
    assert [tuple(row) for row in rows] == [(1, "failed", "interrupted"), (2, "delivered", None)]


async def test_asked_to_stop_it_lets_what_is_under_way_come_back(notify: House) -> None:
    async with receiving(delay=0.5) as peggy:
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY))
        async with notify.at_work():
            await peggy.until(1)
        assert await notify.states() == [(PEGGY, "task.offered", "delivered")]


async def test_two_dispatchers_share_the_work_and_send_each_notice_once(notify: House) -> None:
    story = Story()
    officers = [f"H{number:04}" for number in range(60)]
    async with receiving() as everybody:
        for officer in officers:
            await notify.publish(officer, webhook=everybody.url)
        await notify.hear(story.offered(*officers))
        async with notify.at_work(), notify.at_work():
            await notify.until_states(*["delivered"] * 60)
        sent = [one.headers["webhook-id"] for one in everybody.heard]
    assert len(sent) == len(set(sent)) == 60


class Clumsy:
    """A channel with a mistake in it."""

    def lane(self, _address: str) -> str:
        return "clumsy"

    async def send(self, message: Message) -> Outcome:
        raise KeyError(message.to)

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_mistake_in_a_channel_is_tried_again_and_stops_nothing(notify: House) -> None:
    notify.channels["phone"] = Clumsy()
    async with receiving() as iris, notify.at_work():
        await notify.publish(PEGGY, phone="+447700900042")
        await notify.publish(IRIS, webhook=iris.url)
        await notify.hear(Story().offered(PEGGY, IRIS))
        await iris.until(1)
        await notify.until_states("planned", "delivered")


async def test_an_older_version_of_an_officer_changes_nothing(notify: House) -> None:
    notify.offsets = 5
    await notify.publish(PEGGY, webhook="https://new.example/")
    notify.offsets = 0
    await notify.publish(PEGGY, webhook="https://old.example/", phone="+447700900042")
    ((kinds,),) = await notify.rows("select jsonb_array_length(ways) from notify.recipients")
    assert kinds == 1

"""Lanes: how much goes to one receiver at once, so that a slow one slows nobody else."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from services.notify import consumers
from services.notify.lanes import Bounds, Lanes
from tests.edges.notify_house import House, Story, house
from tests.edges.webhook_receiver import receiving
from tests.waiting import until

PEGGY, IRIS = "H1042", "B0007"


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        yield made


async def test_a_receiver_that_hangs_slows_nobody_else(notify: House) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with receiving(*[hang] * 200) as slow, receiving() as quick, notify.at_work():
        await notify.publish(PEGGY, webhook=slow.url)
        await notify.publish(IRIS, webhook=quick.url)
        await notify.hear(*(Story().offered(PEGGY) for _ in range(150)))
        await asyncio.sleep(0.2)
        await notify.hear(*(Story().offered(IRIS) for _ in range(20)))
        began = asyncio.get_running_loop().time()
        await quick.until(20, seconds=4)
        assert asyncio.get_running_loop().time() - began < 2


NARROW = Bounds(total=10, widest=8, first=4, provider=3)


def test_a_lane_that_fails_is_narrowed_and_one_that_succeeds_is_widened_again() -> None:
    lanes = Lanes(NARROW)
    assert [lanes.take("slow") for _ in range(5)] == [True] * 4 + [False]
    assert (lanes.full(), lanes.room()) == (["slow"], 6)
    for _ in range(4):
        lanes.give("slow", healthy=False)
    assert [lanes.take("slow") for _ in range(2)] == [True, False]
    for _ in range(3):
        lanes.give("slow", healthy=True)
        lanes.take("slow")
    assert [lanes.take("slow") for _ in range(8)] == [True] * 7 + [False]
    assert lanes.take("other")


def test_a_share_of_a_lane_and_of_all_of_them_is_kept_for_others() -> None:
    lanes = Lanes(NARROW)
    assert [lanes.take("busy", 0.5) for _ in range(3)] == [True, True, False]
    assert (lanes.room(0.5), lanes.room()) == (3, 8)
    assert [lanes.take("busy") for _ in range(3)] == [True, True, False]
    assert lanes.take("idle", 0.1)


def test_a_providers_lane_stays_narrow() -> None:
    lanes = Lanes(NARROW, providers=["govuk-sms"])
    assert [lanes.take("govuk-sms") for _ in range(4)] == [True] * 3 + [False]
    for _ in range(3):
        lanes.give("govuk-sms", healthy=True)
    for _ in range(4):
        lanes.take("govuk-sms")
        lanes.give("govuk-sms", healthy=True)
    assert [lanes.take("govuk-sms") for _ in range(4)] == [True] * 3 + [False]


def test_what_is_given_back_unused_changes_no_width() -> None:
    lanes = Lanes(NARROW)
    lanes.take("any")
    lanes.give("any")
    assert [lanes.take("any") for _ in range(5)] == [True] * 4 + [False]


def test_a_lane_is_looked_at_again_once_a_quarter_of_it_is_free() -> None:
    lanes = Lanes(NARROW)
    for _ in range(4):
        lanes.take("busy")
    assert lanes.full() == ["busy"]
    lanes.give("busy")
    assert lanes.full() == []


class Watch:
    """A clock that somebody turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def failed(lanes: Lanes, times: int, lane: str = "otter") -> None:
    for _ in range(times):
        assert lanes.take(lane)
        lanes.give(lane, healthy=False)


def test_ten_failures_in_a_row_shut_a_lane_and_nine_do_not() -> None:
    lanes = Lanes(NARROW, Watch())
    failed(lanes, 9)
    assert not lanes.shut("otter")
    failed(lanes, 1)
    assert lanes.shut("otter")
    assert not lanes.shut("badger")


def test_a_success_in_between_begins_the_count_anew() -> None:
    lanes = Lanes(NARROW, Watch())
    failed(lanes, 9)
    lanes.take("otter")
    lanes.give("otter", healthy=True)
    failed(lanes, 9)
    assert not lanes.shut("otter")


def test_every_five_seconds_one_attempt_sees_whether_it_is_back() -> None:
    watch = Watch()
    lanes = Lanes(NARROW, watch)
    failed(lanes, 10)
    watch.now += 4.9
    assert lanes.shut("otter")
    watch.now += 0.1
    assert [lanes.shut("otter") for _ in range(3)] == [False, True, True]
    failed(lanes, 1)
    watch.now += 5
    assert [lanes.shut("otter") for _ in range(3)] == [False, True, True]
    lanes.take("otter")
    lanes.give("otter", healthy=True)
    assert not lanes.shut("otter")


def test_three_failures_in_a_row_are_trouble_until_something_is_taken_or_they_are_long_ago() -> None:
    watch = Watch()
    lanes = Lanes(NARROW, watch)
    failed(lanes, 2)
    assert not lanes.troubled("otter")
    failed(lanes, 1)
    assert (lanes.troubled("otter"), lanes.troubled("badger")) == (True, False)
    watch.now += 899
    assert lanes.troubled("otter")
    watch.now += 1
    assert not lanes.troubled("otter")
    failed(lanes, 1)
    lanes.take("otter")
    lanes.give("otter", healthy=True)
    assert not lanes.troubled("otter")


async def test_a_host_that_fails_for_long_is_left_alone_and_its_officers_hear_by_the_next_means_at_once(
    notify: House,
) -> None:
    async with receiving(*[500] * 400) as down, notify.at_work():
        await notify.publish(PEGGY, webhook=down.url, phone="+447700900042")
        await notify.hear(*(Story().offered(PEGGY) for _ in range(12)))
        await down.until(12)
        await notify.publish(IRIS, webhook=down.url, phone="+447700900043")
        await asyncio.sleep(0.1)
        await notify.hear(Story().offered(IRIS))

        async def heard() -> bool | None:
            rows = await notify.rows("select 1 from notify.phone_messages where recipient = 'B0007'")
            return bool(rows) or None

        await until(heard, seconds=3)
    rows = await notify.rows(
        "select a.reason from notify.attempts a join notify.notices n on n.id = a.notice_id "
        "where n.recipient = 'B0007' and a.means = 'webhook'"
    )
    assert [row.reason for row in rows] == ["host_shut"]


async def test_a_receiver_that_is_left_alone_and_hangs_keeps_nobody_from_their_next_means(notify: House) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with receiving(*[500] * 10, *[hang] * 50) as down, notify.at_work():
        await notify.publish(PEGGY, webhook=down.url)
        await notify.publish(IRIS, webhook=down.url, phone="+447700900043")
        await notify.hear(*(Story().offered(PEGGY) for _ in range(10)))
        await down.until(10)
        lane = notify.channels["webhook"].lane(down.url)

        async def left_alone() -> bool | None:
            return notify.lanes.shut(lane) or None

        await until(left_alone)
        notify.lanes._probe_at[lane] = 0.0
        await notify.hear(*(Story().offered(PEGGY) for _ in range(3)))
        await down.until(11)
        await notify.hear(*(Story().offered(IRIS) for _ in range(30)))

        async def heard() -> bool | None:
            rows = await notify.rows("select 1 from notify.phone_messages where recipient = 'B0007'")
            return len(rows) == 30 or None

        await until(heard, seconds=3)


async def test_what_can_leave_is_under_way_when_the_transaction_that_plans_it_is_committed(notify: House) -> None:
    async with receiving(delay=0.5) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(Story().offered(PEGGY))
        (row,) = await notify.rows(
            "select n.state, n.xmin = a.xmin as together from notify.notices n "
            "join notify.attempts a on a.notice_id = n.id"
        )
        assert (row.state, row.together) == ("sending", True)
        await notify.until_states("delivered")
    assert len(peggy.heard) == 1


async def test_what_finds_no_room_when_it_is_planned_leaves_when_there_is(notify: House) -> None:
    notify.lanes = Lanes(Bounds(total=4, widest=4, first=2))
    async with receiving(delay=0.05) as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(*(Story().offered(PEGGY) for _ in range(20)))
        await notify.until_states(*["delivered"] * 20)
    assert len({one.headers["webhook-id"] for one in peggy.heard}) == len(peggy.heard) == 20


async def test_a_plan_that_is_not_committed_sends_nothing_and_keeps_no_room(
    notify: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        room = notify.lanes.room()
        with monkeypatch.context() as broken:
            broken.setattr(consumers, "insert_notices", _away)
            with pytest.raises(OSError, match="away"):
                await notify.hear(Story().offered(PEGGY))
        assert (notify.lanes.room(), await notify.states()) == (room, [])
        await notify.hear(Story().offered(PEGGY))
        await notify.until_states("delivered")
    assert len(peggy.heard) == 1


async def _away(_unit: object, _notices: object) -> None:
    raise OSError("away")

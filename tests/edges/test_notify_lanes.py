"""Lanes: how much goes to one receiver at once, so that a slow one slows nobody else."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from services.notify.lanes import Bounds, Lanes
from tests.edges.notify_house import House, Story, house, receiving

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


NARROW = Bounds(total=10, widest=8, first=4)


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

"""Notify falls silent, and routing says so for the control rooms: once, whoever looks, and again when it is back."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from services.routing.hearing import Hearing
from shared.service import Platform
from shared.settings import load_settings
from tests.stories.routing_house import House, heartbeat, routing

LONG_ENOUGH, JUST_STARTED = 25.0, 24.0
AWAY, BACK = "liaison.service.degraded.v1 notify", "liaison.service.restored.v1 notify"


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with routing(postgres_url) as house:
        yield house


def a_replica(house: House) -> Hearing:
    settings = load_settings(env_file=None, host="127.0.0.1")
    return Hearing(Platform(settings, house.database, house.keys, instance="anybody"))


async def silence(house: House, seconds: float) -> None:
    async with house.database.unit() as unit:
        await unit.connection.execute(
            sa.text("update routing.notify_health set seen_at = seen_at - make_interval(secs => :seconds)"),
            {"seconds": seconds},
        )


async def said(house: House) -> list[str]:
    found = await house.rows("select headers, payload from routing.journal where key = 'service:notify' order by id")
    return [f"{dict(row.headers)['ce_type']} {json.loads(bytes(row.payload))['part']}" for row in found]


async def test_silence_is_said_once_by_one_of_the_replicas_and_so_is_its_end(house: House) -> None:
    await house.hear("deliveries", heartbeat())
    await a_replica(house).look(LONG_ENOUGH)
    assert await said(house) == []
    await silence(house, 26)
    await asyncio.gather(*(a_replica(house).look(LONG_ENOUGH) for _ in range(4)))
    assert await said(house) == [AWAY]
    await house.hear("deliveries", heartbeat())
    await asyncio.gather(*(a_replica(house).look(LONG_ENOUGH) for _ in range(4)))
    assert await said(house) == [AWAY, BACK]


async def test_a_restart_in_between_says_nothing_twice_and_forgets_nothing(house: House) -> None:
    await a_replica(house).look(LONG_ENOUGH)
    await a_replica(house).look(JUST_STARTED)
    await a_replica(house).look(LONG_ENOUGH)
    assert await said(house) == [AWAY]
    await house.hear("deliveries", heartbeat())
    await a_replica(house).look(0)
    assert await said(house) == [AWAY, BACK]


async def test_who_has_not_listened_for_long_enough_calls_nobody_silent(house: House) -> None:
    await a_replica(house).look(JUST_STARTED)
    assert await said(house) == []

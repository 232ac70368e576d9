"""Warnings about the roster: training that ends, roles nobody will staff; each is told once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.routing.policies import Policies
from services.routing.roster_watch import RosterWatch
from shared.metrics import metrics
from shared.service import Wake
from tests.stories.routing_house import NOON, House, routing

ROLES = ("coordinator", "sergeant", "inspector", "fim", "psd", "ops")


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """One officer in Hertfordshire, trained for long; every role staffed for good; nothing warned of yet."""
    async with service.database.unit() as unit:
        await unit.connection.execute(sa.text("truncate routing.roster_warnings"))
    return await service.as_new("H1,herts")


def watch(house: House) -> RosterWatch:
    """A replica's watch."""
    return RosterWatch(house.database, Policies(house.database), Wake())


async def warned(house: House) -> list[tuple[str, dict[str, Any] | None]]:
    """What notify was told under the keys of warnings."""
    await watch(house).look()
    return [(key, event) for key, event in await house.published("officers") if key.startswith("warning:")]


def rota(**until: str) -> str:
    """Every role of every force staffed for good, but for the force incident managers of `until`."""
    return "".join(
        f"{force},{role},{role},+441707001001,,{until.get(force, '') if role == 'fim' else ''}\n"
        for force in ("herts", "beds", "cambs")
        for role in ROLES
    )


async def trained_until(house: House, day: str) -> None:
    await house.rows("update routing.training set valid_until = cast(cast(:day as text) as date) returning 1", day=day)


async def test_nothing_is_said_while_nothing_will_be_missing(house: House) -> None:
    assert await warned(house) == []


async def test_training_that_ends_in_sixty_days_is_told_once_to_the_coordinator(house: House) -> None:
    await trained_until(house, "2027-01-22")
    for _ in range(3):
        ((key, event),) = await warned(house)
        house.clock.now += timedelta(hours=1)
    assert key == "warning:training:H1"
    assert event is not None
    assert (event["role"], event["kind"], event["subject"]) == ("coordinator:herts", "training", "H1")
    assert event["due"] == "2027-01-23T00:00:00Z"


async def test_training_is_not_told_at_night(house: House) -> None:
    await trained_until(house, "2026-12-01")
    house.clock.now = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert await warned(house) == []
    house.clock.now += timedelta(hours=8, minutes=1)
    assert [key for key, _ in await warned(house)] == ["warning:training:H1"]


async def test_renewed_training_ends_the_warning_and_the_topic_forgets_it(house: House) -> None:
    await trained_until(house, "2026-12-01")
    await warned(house)
    await trained_until(house, "2029-12-01")
    assert [(key, event is None) for key, event in await warned(house)] == [
        ("warning:training:H1", False),
        ("warning:training:H1", True),
    ]
    await trained_until(house, "2026-12-01")
    assert len(await warned(house)) == 2


async def test_a_role_is_told_of_a_day_before_nobody_staffs_it(house: House) -> None:
    await house.roster("H1,herts", roles=rota(beds="2026-11-25T07:00Z"))
    assert await warned(house) == []
    house.clock.now = NOON + timedelta(hours=19, minutes=1)
    ((key, event),) = await warned(house)
    assert event is not None
    assert (key, event["role"], event["due"]) == (
        "warning:role_unstaffed:fim:beds",
        "coordinator:beds",
        "2026-11-25T07:00:00Z",
    )


async def test_a_supervisors_word_fills_the_gap(house: House) -> None:
    await house.roster("H1,herts", roles=rota(beds="2026-11-24T07:00Z"))
    assert len(await warned(house)) == 1
    entry = {"name": "Inspector Plum", "phone": "07700900200", "from": "2026-11-24T06:30:00Z"}
    await house.ask("sergeant:beds", "PUT", "/v1/roles/beds/fim", {"entries": [entry]})
    assert (await warned(house))[-1] == ("warning:role_unstaffed:fim:beds", None)


async def test_a_gap_that_goes_on_is_told_of_once_whatever_the_next_roster_says(house: House) -> None:
    await house.roster("H1,herts", roles=rota(beds="2026-11-23T13:00Z"))
    await warned(house)
    house.clock.now = NOON + timedelta(hours=3)
    await house.roster("H1,herts", roles=rota(beds="2026-11-20T13:00Z"))
    assert len(await warned(house)) == 1


async def test_of_three_replicas_one_tells(house: House) -> None:
    await trained_until(house, "2026-12-01")
    await asyncio.gather(*(watch(house).look() for _ in range(3)))
    assert len(await warned(house)) == 1


async def test_metrics_count_what_will_be_missing(house: House) -> None:
    await trained_until(house, "2026-12-01")
    await warned(house)
    assert metrics().roster_warnings.labels("routing", "training")._value.get() == 1
    assert metrics().roster_warnings.labels("routing", "role_unstaffed")._value.get() == 0

"""A coordinator hears at three in the afternoon that nobody could be asked tonight, while somebody can still be found.

In Cambridgeshire C1 can do everything and works by day; in Hertfordshire H1 is there round the clock.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.routing.cover_notes import CoverNotes
from services.routing.coverage import Coverages
from services.routing.policies import Policies
from services.routing.roster_watch import RosterWatch
from shared.service import Wake
from tests.stories.routing_house import House, routing

SKILLED = "trans;youth;same_sex_domestic_abuse;chemsex"
ALWAYS = "{0},duty,2026-03-01T00:00Z,2027-05-01T00:00Z\n"
BY_DAY = "C1,duty,2026-11-23T06:00Z,2026-11-23T22:00Z\n"
THREE = datetime(2026, 11, 23, 15, tzinfo=UTC)
CAMBS = "warning:cover_tonight:cambs"


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Noon on a Monday; nobody has been told of anything."""
    async with service.database.unit() as unit:
        await unit.connection.execute(sa.text("truncate routing.roster_warnings"))
    house = await service.as_new("C1,cambs")
    await staffed(house, BY_DAY)
    return house


async def staffed(house: House, *cambs: str) -> None:
    """The roster, with these hours of C1's."""
    duties = "".join((*cambs, ALWAYS.format("H1"), ALWAYS.format("B7")))
    people = (f"{id_},{force},,{SKILLED}" for id_, force in (("C1", "cambs"), ("H1", "herts"), ("B7", "beds")))
    await house.roster(*people, duties=duties)


def a_replica(house: House) -> CoverNotes:
    """One replica of routing, started just now."""
    policies = Policies(house.database)
    return CoverNotes(house.database, policies, Coverages(house.database, policies), Wake())


async def noted(house: House, at: datetime, *replicas: CoverNotes) -> list[tuple[str, dict[str, Any] | None]]:
    """All that notify has been told of nights once these replicas (a new one, if none) have looked at `at`."""
    house.clock.now = at
    await asyncio.gather(*(one.look() for one in replicas or (a_replica(house),)))
    return [(key, event) for key, event in await house.published("officers") if key.startswith("warning:cover")]


async def test_the_coordinator_of_the_force_with_a_gap_is_told_at_three_and_the_others_are_not(house: House) -> None:
    assert await noted(house, THREE - timedelta(seconds=1)) == []
    ((key, event),) = await noted(house, THREE)
    assert key == CAMBS
    assert event is not None
    assert (event["role"], event["kind"], event["subject"], event["due"]) == (
        "coordinator:cambs",
        "cover_tonight",
        "cambs",
        "2026-11-23T18:00:00Z",
    )


async def test_a_night_with_somebody_for_everything_is_not_worth_a_word(house: House) -> None:
    await staffed(house, ALWAYS.format("C1"))
    assert await noted(house, THREE) == []
    await staffed(house, BY_DAY)
    assert await noted(house, THREE + timedelta(hours=1)) == [], "it is looked at once a day"


async def test_two_replicas_and_one_started_anew_leave_one_note(house: House) -> None:
    assert len(await noted(house, THREE, a_replica(house), a_replica(house))) == 1
    assert len(await noted(house, THREE + timedelta(hours=3))) == 1


async def test_the_next_day_is_told_anew_and_the_morning_takes_the_old_note_back(house: House) -> None:
    replica = a_replica(house)
    await noted(house, THREE, replica)
    told = await noted(house, datetime(2026, 11, 24, 8, tzinfo=UTC), replica)
    assert [(key, event is None) for key, event in told] == [(CAMBS, False), (CAMBS, True)]
    told = await noted(house, THREE + timedelta(days=1), replica)
    assert [event["due"] for _, event in told[2:] if event] == ["2026-11-24T18:00:00Z"]


async def test_routing_that_comes_back_in_the_evening_tells_late_and_at_night_not_at_all(house: House) -> None:
    assert await noted(house, THREE + timedelta(hours=8)) == []
    assert len(await noted(house, THREE + timedelta(hours=30))) == 1


@pytest.mark.parametrize(
    ("three", "evening"),
    [
        (datetime(2026, 10, 25, 15, tzinfo=UTC), "2026-10-25T18:00:00Z"),
        (datetime(2026, 3, 29, 14, tzinfo=UTC), "2026-03-29T17:00:00Z"),
    ],
    ids=["back", "forward"],
)
async def test_three_oclock_is_what_the_clock_shows_on_the_days_the_clocks_change(
    house: House, three: datetime, evening: str
) -> None:
    replica = a_replica(house)
    assert await noted(house, three - timedelta(minutes=1), replica) == []
    ((_, event),) = await noted(house, three, replica)
    assert event is not None
    assert event["due"] == evening
    assert len(await noted(house, three + timedelta(hours=1), replica)) == 1


async def test_a_roster_that_was_never_loaded_has_no_gaps(house: House) -> None:
    await house.rows("update routing.roster_state set version = 0 returning 1")
    assert await noted(house, THREE) == []


async def test_the_other_watch_over_the_roster_leaves_notes_alone(house: House) -> None:
    await noted(house, THREE)
    await RosterWatch(house.database, Policies(house.database), Wake()).look()
    assert [key for key, _ in await house.published("officers") if key == CAMBS] == [CAMBS]

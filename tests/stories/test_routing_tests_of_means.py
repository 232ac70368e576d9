"""An officer tries their phone: notify hears of it, and nobody can make a phone ring all night by it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from tests.stories.routing_house import House, routing

PATH = "/v1/officers/H1/test-notice"


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """One officer in Hertfordshire who has never tried their phone."""
    async with service.database.unit() as unit:
        await unit.connection.execute(sa.text("truncate routing.test_notices"))
    return await service.as_new("H1,herts")


async def told(house: House) -> list[str]:
    """The officers for whom notify was asked to send a test."""
    return [said["officer"] for key, said in await house.published("officers") if said and key == "test:H1"]


async def test_a_test_is_asked_of_notify_with_nothing_but_whose_it_is(house: House) -> None:
    answer = await house.ask("officer:H1", "POST", PATH)
    assert (answer.status_code, answer.json()) == (202, {"officer": "H1"})
    ((_, said),) = [entry for entry in await house.published("officers") if entry[0] == "test:H1"]
    assert said == {"officer": "H1", "at": "2026-11-23T12:00:00Z"}


async def test_an_hour_has_five_tests_and_no_more_however_fast_they_are_asked_for(house: House) -> None:
    answers = await asyncio.gather(*(house.ask("officer:H1", "POST", PATH) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [422] * 3
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert refused.json()["errors"] == [{"field": "officer", "reason": "too_many_tests"}]
    assert await told(house) == ["H1"] * 5
    await house.rows("update routing.test_notices set at = at - interval '61 minutes' returning 1")
    assert (await house.ask("officer:H1", "POST", PATH)).status_code == 202


async def test_nobody_makes_anothers_phone_ring(house: House) -> None:
    for who in ("officer:B7", "sergeant:herts", "control_room:herts", "ops"):
        assert (await house.ask(who, "POST", PATH)).status_code == 403
    assert (await house.ask("officer:X9", "POST", "/v1/officers/X9/test-notice")).status_code == 404
    assert await told(house) == []

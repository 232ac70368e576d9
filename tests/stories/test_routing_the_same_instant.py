"""Story 18: two officers accept in the same instant, each at another replica, five hundred times over."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.contracts.reports import ReportReceived
from tests.stories.replica import another_replica
from tests.stories.routing_house import House, a_report, routing

TIMES = 500
AT_ONCE = 25
"""Referrals whose two officers tap together; a replica serves many people at a time."""
PEGGY, IRIS = "H1", "B7"


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing with two officers of two forces."""
    async with routing(module_postgres_url) as house:
        yield await house.as_new(f"{PEGGY},herts", f"{IRIS},beds")


async def test_there_is_always_one_holder_and_the_other_learns_who(house: House, module_postgres_url: str) -> None:
    reports = [a_report(need="officer_advice", **{"class": "officer_advice"}) for _ in range(TIMES)]
    await house.hear("reports", *reports)
    await house.decide()
    async with another_replica(house, module_postgres_url) as other:
        for place in range(0, TIMES, AT_ONCE):
            await asyncio.gather(*(_both_tap(house, other, report) for report in reports[place : place + AT_ONCE]))
    held = await house.rows("select count(*) as n from routing.referrals where state = 'accepted'")
    said = await house.rows("select count(*) as n from routing.timeline where name = 'referral.accepted'")
    holding = await house.rows("select count(*) as n from routing.engagements where kind = 'held'")
    assert (held[0].n, said[0].n, holding[0].n) == (TIMES, TIMES, TIMES)


async def _both_tap(here: House, there: House, report: ReportReceived) -> None:
    answers = await asyncio.gather(here.tap(PEGGY, report, "accept"), there.tap(IRIS, report, "accept"))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json()["holder"] == won.json()["holder"]
    assert lost.json()["code"] == "already_held"
    assert "Nothing more is needed from you" in lost.json()["title"]

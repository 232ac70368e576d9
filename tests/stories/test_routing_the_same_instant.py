"""Story 18: two officers accept in the same instant, each at another replica, five hundred times over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from services.routing.app import build
from shared.contracts.reports import ReportReceived
from shared.database import Database, engine_for
from shared.service import Platform
from shared.settings import load_settings
from shared.web import install
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


@asynccontextmanager
async def another_replica(house: House, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """One more process of routing: connections, memory and queue of its own."""
    database = Database("routing", engine_for(url), house.clock)  # type: ignore[arg-type]
    app = FastAPI()
    app.state.keys = house.keys
    install(app)
    platform = Platform(load_settings(env_file=None, host="127.0.0.1"), database, house.keys, instance="two")
    app.include_router(build(platform).router)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://two.test") as people:
        yield people
    await database.close()


async def test_there_is_always_one_holder_and_the_other_learns_who(house: House, module_postgres_url: str) -> None:
    reports = [a_report(need="officer_advice", **{"class": "officer_advice"}) for _ in range(TIMES)]
    await house.hear("reports", *reports)
    await house.decide()
    async with another_replica(house, module_postgres_url) as two:
        other = House(**{**house.__dict__, "people": two})
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

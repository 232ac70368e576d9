"""Three replicas of routing on one database: however many reports come at once, nobody gets more than their cap."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from services.routing.app import build
from services.routing.driver import Driver
from services.routing.officers import Officers
from services.routing.policies import Policies
from shared.consuming import Consuming
from shared.contracts.reports import ReportReceived
from shared.database import Database, engine_for
from shared.runtime import readers_of
from shared.service import Platform, Wake
from shared.settings import load_settings
from tests.stories.routing_house import NOON, House, a_report, routing

TEAM = tuple(f"H{number},herts,,,2" for number in range(10))


@dataclass
class Replica:
    """One more process of routing: a database connection, a consumer and a driver of its own."""

    database: Database
    driver: Driver
    reports: Consuming

    async def take(self, house: House, reports: list[ReportReceived]) -> None:
        """Reports come one by one, and the driver decides whatever it finds after each."""
        for report in reports:
            await self.reports.process([house.record("reports", report)])
            await self.driver.turn("bch")

    async def decide(self, house: House) -> None:
        """Decide until nothing is due."""
        while (await house.rows("select count(*) as n from routing.referrals where wakes_at <= :now", now=NOON))[0].n:
            await self.driver.turn("bch")


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing with ten officers who may have two tasks each."""
    async with routing(module_postgres_url) as house:
        yield await house.as_new(*TEAM)


@pytest.fixture
async def replicas(house: House, module_postgres_url: str) -> AsyncIterator[list[Replica]]:
    """Three replicas, each with connections of its own."""
    async with AsyncExitStack() as stack:
        found = []
        for number in range(3):
            database = Database("routing", engine_for(module_postgres_url), house.clock)  # type: ignore[arg-type]
            stack.push_async_callback(database.close)
            platform = Platform(load_settings(env_file=None), database, house.keys, instance=f"replica-{number}")
            consuming = next(r.consuming for r in readers_of(build(platform), platform) if "reports" in r.topics)
            driver = Driver(database, Policies(database), Wake(), Officers())
            found.append(Replica(database, driver, consuming))
        yield found


@pytest.mark.parametrize("round_", range(3))
async def test_forty_reports_at_once_on_three_replicas_put_exactly_twenty_offers_out_and_the_rest_wait_with_a_reason(
    house: House, replicas: list[Replica], round_: int
) -> None:
    del round_
    await house.as_new(*TEAM)
    reports = [a_report() for _ in range(40)]
    await asyncio.gather(*(one.take(house, reports[place::3]) for place, one in enumerate(replicas)))
    await asyncio.gather(*(one.decide(house) for one in replicas))

    out = await house.rows("select officer, count(*) as n from routing.engagements where kind = 'offer' group by 1")
    assert {row.officer: row.n for row in out} == {f"H{number}": 2 for number in range(10)}
    states = await house.rows("select state, count(*) as n from routing.referrals group by 1")
    assert {row.state: row.n for row in states} == {"offered": 20, "waiting": 20}

    waiting = [report for report in reports if not await house.told(report, "offered")]
    assert len(waiting) == 20
    for report in waiting:
        told = await house.told(report, "waiting") + await house.told(report, "escalated")
        assert told, report.reference
        assert all(event["why"] for event in told)
        (last, *_) = (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{report.reference}/decisions")).json()[
            "items"
        ]
        assert Counter(one["ruled_out"] for one in last["candidates"]) == {"cap": 10}
    due = await house.rows("select count(*) as n from routing.referrals where due is null")
    assert due[0].n == 0

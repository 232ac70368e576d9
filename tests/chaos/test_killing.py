"""Processes die in the middle of the day's work, and nobody at the other end of a report can tell."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.simulation.access import Addresses
from services.simulation.roster import write_roster
from services.simulation.simulate import Options, simulate
from services.simulation.summary import Summary
from services.simulation.webhooks import Ear
from shared.topics import create_topics
from tests.fleet import SERVICES, Fleet, fleet, free_port

pytestmark = [pytest.mark.real_kafka, pytest.mark.slow, pytest.mark.timeout(1500)]

REPORTS = int(os.environ.get("PROVE_REPORTS", "150"))
"""A sample by default; `make prove` sends 1,000."""
RATE = float(os.environ.get("PROVE_RATE", "10"))
SEED = int(os.environ.get("PROVE_SEED", "20260606"))


async def traffic(found: Fleet, ear: Ear, seed: int) -> Summary:
    """The three forces' traffic against a fleet, reckoned up."""
    addresses = Addresses(*(found.of(service).url for service in SERVICES))
    return await simulate(
        Options(
            addresses=addresses,
            bootstrap=found.bootstrap,
            reports=REPORTS,
            rate=RATE,
            seed=seed,
            officers="webhooks",
            ear=ear,
            settle=90,
        )
    )


@asynccontextmanager
async def at_work(folder: Path, url: str, bootstrap: str, replicas: int) -> AsyncIterator[tuple[Fleet, Ear]]:
    """A fleet with a roster whose webhooks the simulation receives."""
    ear = Ear(port=free_port())
    async with fleet(folder, url, bootstrap, replicas) as found:
        roster = write_roster(folder / "roster", datetime.now(UTC), webhooks=f"http://127.0.0.1:{ear.port}")
        await asyncio.to_thread(found.command, "roster", "load", str(roster))
        await found.ready()
        yield found, ear


def must_be_good(summary: Summary) -> None:
    """What the product stands for, as three noughts and nothing wrong."""
    assert (summary.lost, summary.doubled, summary.ownerless, summary.disordered) == (0, 0, 0, 0)
    assert summary.wrong == ()


@pytest.mark.skipif("PROVE_SEED" not in os.environ, reason="a long run: make prove")
async def test_one_service_after_another_is_killed_and_comes_back(
    data_dir: Path, postgres_url: str, kafka_topics: str
) -> None:
    async with at_work(data_dir, postgres_url, kafka_topics, replicas=1) as (found, ear):

        async def kill_in_turn() -> None:
            for name in ("routing-1", "notify-1", "intake-1"):
                await asyncio.sleep(REPORTS / RATE / 4)
                found.kill(name)
                await asyncio.sleep(1.0)
                found.start(name)

        killing = asyncio.create_task(kill_in_turn())
        summary = await traffic(found, ear, SEED)
        await killing
    must_be_good(summary)


async def test_two_replicas_of_each_one_joining_and_one_killed_under_load(
    data_dir: Path, postgres_url: str, kafka_topics: str
) -> None:
    draw = random.Random(SEED)
    async with at_work(data_dir, postgres_url, kafka_topics, replicas=2) as (found, ear):

        async def join_and_kill() -> None:
            for service in draw.sample(SERVICES, 3):
                await asyncio.sleep(REPORTS / RATE / 5)
                found.kill(f"{service}-2")
                found.start(f"{service}-3")

        shaking = asyncio.create_task(join_and_kill())
        summary = await traffic(found, ear, SEED + 1)
        await shaking
    must_be_good(summary)


async def test_the_topics_are_there_before_anything_is_sent(kafka_topics: str) -> None:
    """Creating them again changes nothing: a deployment may run the job as often as it likes."""
    assert await create_topics(kafka_topics, ["reports", "referrals"]) == []

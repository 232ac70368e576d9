"""How many notices one notify process plans, sends and settles in a second.

The floor takes the same events from the same topic, commits a row for each in batches and posts each to the same
receiver.
"""

import asyncio
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.benchmarks.notices.bench import OFFICERS, Bench, Row, bench, offers_to, steady, waits
from tests.benchmarks.reports import now
from tests.offsets import begin_at_the_end

STEADY = 1050.0
"""Offers a second: some more than it is to settle, which the last of them comes after."""

WARM = 20_000
"""Notices before the first that is measured: a young broker takes a third of the processor."""

FLOOR = "9"
"""Names the bare consumer's group and table."""


@dataclass(frozen=True)
class Rate:
    """Notices settled, how fast, and what one cost the notify process in CPU time."""

    settled: int
    wanted: int
    seconds: float
    cpu: float

    def __str__(self) -> str:
        per_second = self.settled / self.seconds if self.seconds else 0.0
        cost = self.cpu / max(self.settled, 1) * 1000
        return f"{per_second:,.0f}/s ({self.settled:,} of {self.wanted:,}; {cost:.2f} ms CPU each)"


async def burst(made: Bench, count: int) -> Rate:
    """`count` offers at once, until the last of them is settled."""
    before = await made.settled()
    offers = offers_to([f"webhook-{number}" for number in range(OFFICERS)], count)
    cpu, began = made.cpu(), await made.database.fetchval("select clock_timestamp()")
    for one in offers:
        await made.put(one)
    settled = await made.until_settled(before + count, 60 + count / 100) - before
    last = await made.database.fetchval("select max(created_at) from notify.journal where topic = 'deliveries'")
    return Rate(settled, count, (last - began).total_seconds(), made.cpu() - cpu)


async def sustained(made: Bench, rate: float, seconds: float) -> tuple[Rate, list[float]]:
    """Offers at a steady rate: how many a second are settled, from the first to the last, and the seconds each took.

    The seconds are those from planned to delivered, sorted.
    """
    offers = offers_to([f"webhook-{number}" for number in range(OFFICERS)], int(rate * seconds))
    before, since = await made.settled(), now()
    cpu, mark = made.cpu(), await made.database.fetchval("select coalesce(max(id), 0) from notify.journal")
    await steady(made, rate, offers)
    settled = await made.until_settled(before + len(offers), 60) - before
    span = "select extract(epoch from max(created_at) - min(created_at))::float8 from notify.journal where id > $1"
    found = Rate(settled, len(offers), await made.database.fetchval(span, mark), made.cpu() - cpu)
    return found, (await waits(made, since))["webhook"]


async def floor(made: Bench, count: int) -> float:
    """Records a second: a bare consumer of the same topic commits a row for each and posts to the same receiver."""
    await begin_at_the_end(made.fleet.bootstrap, f"floor-{FLOOR}", ["referrals"])
    made.fleet.stop()  # notify would read the same records at the same time
    with ExitStack() as stack:
        _start_bare(made, stack)
        await _through(made, 100)
        return count / await _through(made, count)


def _start_bare(made: Bench, stack: ExitStack) -> None:
    hop = [FLOOR, "referrals", made.peers.addresses["webhook"], made.fleet.bootstrap, made.fleet.database_url]
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.floor", *hop])
    stack.callback(process.wait)
    stack.callback(process.kill)


async def _through(made: Bench, count: int) -> float:
    """Put so many offers on the topic; gives the seconds until the receiver has had as many more requests."""
    offers = offers_to([f"webhook-{number}" for number in range(OFFICERS)], count)
    async with aiohttp.ClientSession() as session:

        async def requests() -> int:
            async with session.get(made.peers.addresses["sink"]) as answer:
                had: int = (await answer.json())["requests"]
                return had

        before, began = await requests(), time.monotonic()
        for one in offers:
            await made.put(one)
        end = began + 60 + count / 100
        while await requests() < before + count and time.monotonic() < end:
            await asyncio.sleep(0.05)
    return time.monotonic() - began


async def rates(folder: Path, url: str, bootstrap: str, count: int) -> list[Row]:
    """The rows of `notices`: (what, ours, floor, to reach)."""
    async with bench(folder, url, bootstrap) as made:
        await burst(made, WARM)
        ours = await burst(made, count)
        steadily, waited = await sustained(made, STEADY, 15)
        bare = await floor(made, count)
    p50, p99 = (waited[int(len(waited) * part)] * 1000 for part in (0.5, 0.99))
    return [
        (f"webhook notices settled, {count:,} at once", str(ours), f"{bare:,.0f}/s", "1,000/s"),
        (f"the same, {STEADY:,.0f}/s offered", str(steadily), f"{bare:,.0f}/s", "1,000/s"),
        ("planned → delivered meanwhile", f"p50 {p50:,.0f} ms, p99 {p99:,.0f} ms", "", ""),
    ]

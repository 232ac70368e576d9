"""`make bench`: our figures, each beside its floor from the same run, with the load average."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from shared.contracts.topics import topic_names
from shared.embedded.native import NativeKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.topics import create_topics
from tests.benchmarks.figures import Floor, Latencies, accepted_to_notified, sustained_by_http, sustained_by_topic
from tests.benchmarks.lateness import AWAY, Measured
from tests.benchmarks.lateness import measure as lateness
from tests.benchmarks.notices.isolation import SECONDS, spells
from tests.benchmarks.notices.rates import rates
from tests.benchmarks.quality import figures as quality
from tests.benchmarks.quality.demand import Plan
from tests.benchmarks.quality.figures import START
from tests.benchmarks.reports import write_roster
from tests.benchmarks.sink import sink
from tests.fleet import fleet

PARTS = ("pipeline", "deadlines", "notices", "isolation", "quality")
MEASURED = ("figure", "measured", "floor", "to reach")

Row = tuple[str, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; again for another")
    parser.add_argument("--rate", type=float, default=20, help="reports a second in the open loop")
    parser.add_argument("--seconds", type=float, default=30, help="how long the open loop runs")
    parser.add_argument("--burst", type=int, default=6000, help="reports in the sustained figures")
    parser.add_argument("--deadlines", type=int, default=10_000, help="deadlines within one minute")
    parser.add_argument("--around-a-stop", type=int, default=1000, help="deadlines around the stop of 90 seconds")
    parser.add_argument("--notices", type=int, default=10_000, help="webhook notices at once")
    parser.add_argument("--long", action="store_true", help="a sick receiver answers 500 for ten minutes, not seconds")
    parser.add_argument("--days", type=int, default=365, help="how long the simulated year is")
    parser.add_argument("--demand", type=float, default=1, help="how many times as many referrals in that year")
    options = parser.parse_args()
    wanted = options.only or PARTS
    if "pipeline" in wanted:
        _show(pipeline(options), *MEASURED)
    if "deadlines" in wanted:
        _show(deadlines(options), *MEASURED)
    if "notices" in wanted:
        _show(notices(options), *MEASURED)
    if "isolation" in wanted:
        _show(isolation(options), "unwell", "p99 of the others", "with all well", "to reach")
    if "quality" in wanted:
        choosing(options)


def pipeline(options: argparse.Namespace) -> list[Row]:
    """Reports through the whole system, on real Kafka and PostgreSQL."""
    with _servers() as (folder, url, bootstrap):
        return asyncio.run(measure(folder, url, bootstrap, options))


def deadlines(options: argparse.Namespace) -> list[Row]:
    """Many deadlines within a minute, met by one routing process on real Kafka and PostgreSQL."""
    count = options.deadlines
    Console(stderr=True).print(f"{count:,} deadlines within one minute")
    with _servers() as (folder, url, bootstrap):

        async def work() -> Measured:
            await create_topics(bootstrap, topic_names(["herts", "beds", "cambs"]))
            return await lateness(folder, url, bootstrap, count, options.around_a_stop)

        found = asyncio.run(work())
    stop = f"routing away for {AWAY.total_seconds():.0f} s: lateness of {options.around_a_stop:,}, from its return"
    return [
        (f"lateness of {count:,} deadlines in a minute", str(found.ours), str(found.floor), "none early, p99 1 s"),
        (stop, str(found.stopped), "-", "none early, worst 10 s"),
    ]


def notices(options: argparse.Namespace) -> list[Row]:
    """Webhook notices through one notify process."""
    Console(stderr=True).print(f"{options.notices:,} webhook notices, at once and steadily")
    with _servers(quick=True) as (folder, url, bootstrap):
        return uvloop.run(rates(folder, url, bootstrap, options.notices))


def isolation(options: argparse.Namespace) -> list[Row]:
    """Notices over every means while one webhook receiver is unwell."""
    Console(stderr=True).print("one receiver after another is unwell")
    with _servers(quick=True) as (folder, url, bootstrap):
        return uvloop.run(spells(folder, url, bootstrap, 600 if options.long else SECONDS))


@contextmanager
def _servers(*, quick: bool = False) -> Iterator[tuple[Path, str, str]]:
    """A folder, a PostgreSQL and a Kafka of their own: (folder, database URL, bootstrap).

    A `quick` broker compiles itself less, and leaves the processor to what is measured.
    """
    with tempfile.TemporaryDirectory(prefix="liaison-bench-") as folder, ExitStack() as stack:
        postgres = EmbeddedPostgres(Path(folder))
        url = postgres.start()
        stack.callback(postgres.stop)
        kafka = NativeKafka(Path(folder), quick=quick)
        bootstrap = kafka.start()
        stack.callback(kafka.stop)
        yield Path(folder), url, bootstrap


def choosing(options: argparse.Namespace) -> None:
    """How fast and how well officers are chosen: pure rules, on one core."""
    say = Console(stderr=True).print
    plan, world = Plan(START, options.days, times=options.demand), quality.world()
    say("rankings of each size")
    _show(quality.times(world, plan), *MEASURED)
    say(f"{options.days} days of referrals, and looking back on them")
    ways = quality.compare(world, plan)
    _show(quality.qualities(ways), "figure", "chosen", "best in hindsight", "own best each", "floor: at random")
    Console(file=sys.stdout, width=120).print(quality.summary(ways, plan))


async def measure(folder: Path, url: str, bootstrap: str, options: argparse.Namespace) -> list[Row]:
    """All figures: (what, ours, floor, to reach)."""
    count = int(options.rate * options.seconds)
    say = Console(stderr=True).print
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(sink())
        await create_topics(bootstrap, topic_names(["herts", "beds", "cambs"]))
        await _plain_topics(bootstrap)
        found = await stack.enter_async_context(fleet(folder, url, bootstrap))
        write_roster(folder / "roster", receiver.url)
        found.command("roster", "load", str(folder / "roster"))
        await found.ready()
        say("floor: latency and throughput of the bare hops")
        floor_latency, floor_rate = await _floor(Floor(found, receiver), options, count)
        say("ours: warming up")
        await accepted_to_notified(found, receiver, 10, 50)
        say(f"ours: {count} reports at {options.rate:g} a second")
        latency = await accepted_to_notified(found, receiver, options.rate, count)
        say(f"ours: {options.burst} reports by the inbound topic, then by HTTP")
        by_topic = await sustained_by_topic(found, receiver, options.burst)
        by_http = await sustained_by_http(found, receiver, options.burst // 2)
    return [
        ("accepted → webhook, 20/s", _ms(latency), _ms(floor_latency), "p50 100 ms, p99 300 ms"),
        ("sustained by topic, end to end", _per_second(*by_topic), f"{floor_rate:,.0f}/s", "300/s"),
        ("sustained by HTTP, end to end", _per_second(*by_http), f"{floor_rate:,.0f}/s", "150/s"),
    ]


async def _plain_topics(bootstrap: str) -> None:
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(f"floor-{number}", 12, 1) for number in (1, 2, 3)])
    await admin.close()


async def _floor(floor: Floor, options: argparse.Namespace, count: int) -> tuple[Latencies, float]:
    with ExitStack() as stack:
        floor.start(stack)
        await floor.warm()
        latency = await floor.latencies(options.rate, count)
        return latency, await floor.sustained(options.burst)


def _ms(found: Latencies) -> str:
    return f"p50 {found.p50:.0f} ms, p99 {found.p99:.0f} ms (n={found.count})"


def _per_second(rate: float, arrived: int) -> str:
    return f"{rate:,.0f}/s ({arrived:,} notices)"


def _show(rows: list[Row], *columns: str) -> None:
    table = Table(*columns, title=f"load average {os.getloadavg()[0]:.1f}")
    for row in rows:
        table.add_row(*row)
    show: Callable[[object], None] = Console(file=sys.stdout, width=120).print
    show(table)


if __name__ == "__main__":
    main()

"""Runs services in one process: databases, broker clients, loops, HTTP; and stops them in the right order."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from aiokafka import TopicPartition

from shared.bells import Bells
from shared.consuming import Consuming
from shared.database import Database, engine_for, read_clock
from shared.fallback import Fallback
from shared.housekeeping import keep_house
from shared.identifiers import uuid7
from shared.kafka import Reader, consume
from shared.ledger import Ledger
from shared.metrics import metrics
from shared.migrate import at_head
from shared.policy_file import load_policy
from shared.relay import Relay
from shared.service import Loop, Platform, Service
from shared.settings import Settings
from shared.telemetry import get_logger

log = get_logger("runtime")

Build = Callable[[Platform], Service]


@dataclass
class Running:
    """One service at work in this process."""

    service: Service
    platform: Platform
    relay: Relay
    readers: list[Reader]
    loops: dict[str, Loop] = field(default_factory=dict)
    fallback: Fallback | None = None
    """The process's own, shared by its services."""

    def live(self) -> bool:
        """Whether nothing has ended that should still run. Kafka or PostgreSQL away is no reason to be restarted."""
        return not any(reader.stopped_by_poison for reader in self.readers)

    async def ready(self) -> dict[str, bool]:
        """Each condition of readiness, by name."""
        checks = {
            "schema_at_head": await at_head(self.platform.database.engine, self.service.name),
            "consuming": all(reader.alive() and not reader.stopped_by_poison for reader in self.readers),
        }
        for name, check in self.service.readiness.items():
            checks[name] = await check()
        return checks


@dataclass(frozen=True)
class Sources:
    """Where this process finds its databases and its broker."""

    settings: Settings
    database_urls: dict[str, str]
    bootstrap: str
    embedded_broker: bool = False
    drills: bool = False


def readers_of(service: Service, platform: Platform) -> list[Reader]:
    """A reader for each subscription of a service."""
    return [
        Reader(
            service=service.name,
            name=subscription.name,
            topics=subscription.topics,
            most=subscription.most,
            consuming=Consuming(
                subscription.name, platform.database, subscription.consumer, platform.keys, subscription.door
            ),
        )
        for subscription in service.subscriptions
    ]


async def platform_for(name: str, sources: Sources) -> Platform:
    """The platform of one service: its engine and its clock. The schema must have been migrated."""
    settings = sources.settings
    engine = engine_for(sources.database_urls[name])
    clock = await read_clock(engine, name, settings.clock_speed)
    database = Database(name, engine, clock)
    return Platform(settings, database, settings.keys(), instance=str(uuid7()), drills=sources.drills)


@asynccontextmanager
async def running(builds: dict[str, Build], sources: Sources) -> AsyncIterator[list[Running]]:
    """Services started and at work for the length of the block."""
    async with AsyncExitStack() as stack:
        started: list[Running] = []
        for name, build in builds.items():
            platform = await platform_for(name, sources)
            stack.push_async_callback(platform.database.close)
            started.append(_assemble(build(platform), platform, sources))
        if sources.embedded_broker:
            _keep_ledgers(started)
        for one in started:
            for step in one.service.on_start:
                await step()
        _prepare_fallback(started, sources.settings)
        tasks = _Tasks()
        stack.push_async_callback(tasks.stop)
        for one in started:
            for loop_name, loop in one.loops.items():
                tasks.start(f"{one.service.name}.{loop_name}", loop)
            for step in one.service.on_stop:
                stack.push_async_callback(step)
        _tune_collector()
        yield started


def _assemble(service: Service, platform: Platform, sources: Sources) -> Running:
    url = sources.database_urls[service.name]
    security = sources.settings.kafka_security()
    relay = Relay(service.name, url, sources.bootstrap, platform.bell("relay"), security)
    # Any replica may take any notice and tell any control room; the relay is one, and most often here.
    bells = Bells(
        platform,
        url,
        lambda name: name.startswith(("dispatcher", "control_room.")) or (name == "relay" and relay.owner),
    )
    platform.database.on_commit = bells.ring
    readers = readers_of(service, platform)
    platform.broker_reachable = lambda: relay.reachable
    platform.caught_up = lambda topic: any(topic in reader.caught_up for reader in readers)
    # An empty fetch of the embedded broker waits its whole time out, even when data arrives meanwhile.
    fetch_wait_ms = 10 if sources.embedded_broker else 200
    loops: dict[str, Loop] = {
        "bells": bells.run,
        "relay": relay.run,
        "housekeeping": lambda: keep_house(platform.database),
        **service.tasks,
    }
    for reader in readers:
        loops[f"consume.{reader.name}"] = _consuming(reader, sources, fetch_wait_ms)
    return Running(service, platform, relay, readers, loops)


def _consuming(reader: Reader, sources: Sources, fetch_wait_ms: int) -> Loop:
    async def run() -> None:
        await consume([reader], sources.bootstrap, sources.settings, fetch_wait_ms=fetch_wait_ms)

    return run


def _keep_ledgers(started: Sequence[Running]) -> None:
    readers: dict[str, set[str]] = {}
    for one in started:
        for reader in one.readers:
            for topic in reader.topics:
                readers.setdefault(topic, set()).add(reader.group)
    groups = {topic: frozenset(names) for topic, names in readers.items()}
    ledgers = []
    for one in started:
        one.relay.ledger = Ledger(one.platform.bell("relay"), groups)
        ledgers.append(one.relay.ledger)

    def handled(group: str, offsets: Mapping[TopicPartition, int]) -> None:
        for ledger in ledgers:
            ledger.handled(group, offsets)

    for one in started:
        for reader in one.readers:
            reader.handled = handled


def _prepare_fallback(started: Sequence[Running], settings: Settings) -> None:
    sheets = {one.service.name: one.service.sheet for one in started if one.service.sheet is not None}
    names = {code: force.name for code, force in load_policy(settings).forces.items()}
    fallback = Fallback(sheets, names, settings.data_dir / "fallback")
    for one in started:
        one.fallback = fallback
    for one in started[:1]:
        one.loops["fallback"] = fallback.run


class _Tasks:
    """Loops that must not end: each restarted with back-off, all cancelled together."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, loop: Loop) -> None:
        self._tasks.append(asyncio.create_task(_supervised(name, loop), name=name))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _supervised(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    patience = 0.2
    while True:
        began = monotonic()
        try:
            await loop()
            log.error("loop_ended", task=name)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.error("loop_cancelled_from_inside", task=name)
        except Exception:
            log.exception("loop_failed", task=name)
        metrics().task_restarts.labels(*name.split(".", 1)).inc()
        patience = 0.2 if monotonic() - began > 30 else min(patience * 2, 5.0)
        await asyncio.sleep(patience)


def _tune_collector() -> None:
    """Batches of events live just long enough to be promoted; collecting less often doubles what a process handles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

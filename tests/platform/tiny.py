"""A tiny service on the kernel: it writes down each event it is given. What the kernel promises shows in that table."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.consuming import Consuming
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.referrals import ReferralViewed
from shared.database import Database, Unit, engine_for
from shared.identifiers import new_reference, uuid7
from shared.inbox import Received
from shared.kafka import Reader, consume
from shared.sealing import MasterKeys, new_key
from shared.settings import Settings, load_settings
from shared.tables import service_metadata
from tests.offsets import begin_at_the_end

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
SCHEMA = "routing"
TOPIC = "referrals"


def viewed(referral: UUID, sequence: int, officer: str = "H1042") -> ReferralViewed:
    """The event of these tests: an officer has opened a task."""
    return ReferralViewed(
        referral_id=referral,
        reference=_references.setdefault(referral, new_reference()),
        sequence=sequence,
        at=NOON,
        force="herts",
        state="offered",
        holder=None,
        next_due=NOON,
        officer=officer,
    )


_references: dict[UUID, str] = {}


def headers_of(
    event: ReferralViewed, *, event_id: str | None = None, source: str = "liaison/elsewhere"
) -> list[tuple[str, bytes]]:
    """CloudEvents headers of a test event."""
    return to_headers(Envelope(event_id or str(uuid7()), source, event.ce_type(), NOON, str(event.referral_id)))


@dataclass
class Recorder:
    """Writes each event into `effects`. Officer `POISON` breaks its rule; `faults` break the whole batch once each."""

    faults: list[BaseException] = field(default_factory=list)
    forgiving: bool = False

    async def load(self, unit: Unit, events: Sequence[Received]) -> list[Received]:
        if self.faults:
            raise self.faults.pop()
        return []

    def apply(self, state: list[Received], received: Received, now: datetime) -> None:
        event = received.event
        assert isinstance(event, ReferralViewed)
        if event.officer == "POISON" and not self.forgiving:
            raise KeyError("nobody")
        state.append(received)

    async def save(self, unit: Unit, state: list[Received]) -> None:
        for received in state:
            event = received.event
            assert isinstance(event, ReferralViewed)
            officer = "\x00" if event.officer == "NUL" else event.officer
            await unit.connection.execute(
                sa.text(f"insert into {SCHEMA}.effects (referral, sequence, officer) values (:r, :s, :o)"),
                {"r": event.referral_id, "s": event.sequence, "o": officer},
            )


@dataclass
class Tiny:
    """The tiny service: its database, its recorder, and a broker to send to."""

    database: Database
    keys: MasterKeys
    recorder: Recorder
    bootstrap: str
    group: str = field(default_factory=lambda: f"tiny-{uuid7()}")

    @property
    def consuming(self) -> Consuming:
        return Consuming("tiny", self.database, self.recorder, self.keys)

    @asynccontextmanager
    async def at_work(self, reader: Reader | None = None) -> AsyncIterator[Reader]:
        """Consuming for the length of the block."""
        reader = reader or Reader(SCHEMA, self.group, (TOPIC,), self.consuming)
        task = asyncio.create_task(consume([reader], self.bootstrap, settings()))
        try:
            yield reader
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def start_from_here(self) -> None:
        """Commit the topic's end for this service's group, so that it sees only what its own test sends."""
        await begin_at_the_end(self.bootstrap, f"liaison.{SCHEMA}.{self.group}", [TOPIC])

    async def send(self, *records: tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]) -> None:
        """Send raw records (key, value, headers) in order, onto one partition."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        try:
            for key, value, headers in records:
                await producer.send_and_wait(TOPIC, value, key=key, headers=headers, partition=3)
        finally:
            await producer.stop()

    async def effects(self) -> list[tuple[UUID, int, str]]:
        """What has had its effect, in the order it had it."""
        async with self.database.unit() as unit:
            rows = await unit.connection.execute(
                sa.text(f"select referral, sequence, officer from {SCHEMA}.effects order by id")
            )
            return [tuple(row) for row in rows]

    async def settled(self, count: int, seconds: float = 30) -> list[tuple[UUID, int, str]]:
        """Wait until `count` effects are there, and then a moment for any that should not be."""
        async with asyncio.timeout(seconds):
            while len(await self.effects()) < count:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        return await self.effects()


def record_of(event: ReferralViewed, **named: str) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """A well-formed record of an event."""
    return str(event.referral_id).encode(), event.to_json(), list(headers_of(event, **named))


def settings() -> Settings:
    """Settings of a test process."""
    return load_settings(env_file=None)


@asynccontextmanager
async def tiny(postgres_url: str, bootstrap: str, *, fresh: bool = True) -> AsyncIterator[Tiny]:
    """A tiny service, on an empty database unless it is to go on with the last one's."""
    engine = engine_for(postgres_url)
    if fresh:
        await _create(engine)
    database = Database(SCHEMA, engine, Clock(NOON))
    try:
        yield Tiny(database, MasterKeys({"test": new_key()}), Recorder(), bootstrap)
    finally:
        await database.close()


async def _create(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.text(f"drop schema if exists {SCHEMA} cascade"))
        await connection.execute(sa.text(f"create schema {SCHEMA}"))
        await connection.run_sync(service_metadata(SCHEMA).create_all)
        await connection.execute(
            sa.text(
                f"create table {SCHEMA}.effects (id bigint generated always as identity, "
                "referral uuid not null, sequence int not null, officer text not null)"
            )
        )

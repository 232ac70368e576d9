"""Dead letters: what could not be given its effect, sealed in the service's own table until a person decides.

The `dead-letters` topic gets coordinates, reason and field names alone. Replay goes to this consumer only,
followed by everything that was held behind it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from shared import packing
from shared.contracts.dead_letters import DeadLetterRecorded, FieldAndReason
from shared.database import Database, Unit
from shared.errors import NotFound
from shared.identifiers import uuid7
from shared.inbox import Received, Record
from shared.journal import Outgoing
from shared.metrics import metrics
from shared.sealing import MasterKeys

TOPIC = "dead-letters"


def code_of(error: Exception) -> str:
    """An exception's class as a code: `KeyError` → `key_error`. Never its message, which quotes data."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(error).__name__).lower()[:40]


@dataclass(frozen=True)
class Burial:
    """An event on its way to the dead letters, and why."""

    received: Received
    reason: str
    id: UUID = field(default_factory=uuid7)

    @property
    def fields(self) -> list[dict[str, str]]:
        """The fields at fault with their reasons, where known."""
        found = self.received.fault.errors if self.received.fault else ()
        return [{"field": error.field, "reason": error.reason} for error in found]

    @property
    def origin(self) -> str:
        """What makes it the same dead letter when it comes again: our event id, else its coordinates."""
        return "|".join(self.received.identity)


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as operations see it: never the content."""

    id: UUID
    topic: str
    partition: int
    offset: int
    reason: str
    fields: list[dict[str, str]]
    state: str
    recorded_at: datetime
    held_behind: int


async def bury(unit: Unit, keys: MasterKeys, burials: Sequence[Burial]) -> None:
    """Write dead letters and announce them, in the caller's transaction. The same origin again reopens it."""
    await unit.connection.execute(
        sa.text(
            f'insert into {unit.schema}.dead_letters (id, origin, topic, partition, "offset", stream, subject, '
            "sequence, reason, fields, record) values (:id, :origin, :topic, :partition, :offset, :stream, :subject, "
            ":sequence, :reason, cast(:fields as jsonb), :record) on conflict (origin) do update "
            "set id = excluded.id, reason = excluded.reason, fields = excluded.fields, record = excluded.record, "
            "state = 'open', settled_at = null"
        ),
        [_row(unit, keys, burial) for burial in burials],
    )
    now = await unit.now()
    await unit.append([_announcement(unit, burial, now) for burial in burials])
    for burial in burials:
        metrics().dead_letters.labels(unit.schema, burial.received.topic).inc()


def _row(unit: Unit, keys: MasterKeys, burial: Burial) -> dict[str, object]:
    received = burial.received
    stream = received.stream
    return {
        "id": burial.id,
        "origin": burial.origin.replace("\x00", ""),
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "stream": stream[0] if stream else None,
        "subject": stream[1] if stream else None,
        "sequence": received.sequence if stream else None,
        "reason": burial.reason,
        "fields": orjson.dumps(burial.fields).decode(),
        "record": packing.pack(received.record, keys, f"{unit.schema}|dead_letters|{burial.id}"),
    }


def _announcement(unit: Unit, burial: Burial, now: datetime) -> Outgoing:
    event = DeadLetterRecorded(
        service=unit.schema,
        topic=burial.received.topic,
        partition=burial.received.partition,
        offset=burial.received.offset,
        reason=burial.reason,
        fields=tuple(FieldAndReason(**field) for field in burial.fields),
        at=now,
    )
    return Outgoing(TOPIC, str(burial.id), event, now)


async def listing(database: Database, *, state: str = "open", limit: int = 200) -> list[DeadLetter]:
    """Dead letters of one service, oldest first."""
    return await _select(database, "d.state = :state", {"state": state}, limit)


async def show(database: Database, dead_letter: UUID) -> DeadLetter:
    """One dead letter; NotFound when there is none."""
    found = await _select(database, "d.id = :id", {"id": dead_letter}, 1)
    if not found:
        raise NotFound("no_such_dead_letter")
    return found[0]


async def _select(database: Database, condition: str, parameters: dict[str, object], limit: int) -> list[DeadLetter]:
    schema = database.name
    async with database.unit() as unit:
        rows = await unit.connection.execute(
            sa.text(
                f'select d.id, d.topic, d.partition, d."offset", d.reason, d.fields, d.state, d.recorded_at, '
                f"(select count(*) from {schema}.held_events h where h.stream = d.stream and h.subject = d.subject) "
                f"from {schema}.dead_letters d where {condition} order by d.recorded_at, d.id limit :limit"
            ),
            parameters | {"limit": limit},
        )
        return [DeadLetter(*row) for row in rows]


async def take_for_replay(database: Database, keys: MasterKeys, dead_letter: UUID) -> Record:
    """Unblock a dead letter's referral and give back its record, to be processed with `replayed=True`."""
    async with database.unit() as unit:
        row = await _settle(unit, dead_letter, "replayed")
        await _unblock(unit, dead_letter, skip_to=None)
        return packing.unpack(bytes(row.record), keys, f"{unit.schema}|dead_letters|{dead_letter}")


async def discard(database: Database, dead_letter: UUID) -> tuple[str, str] | None:
    """Give an event up: its bytes go, its referral moves on past it. Returns (stream, subject) to release."""
    async with database.unit() as unit:
        row = await _settle(unit, dead_letter, "discarded")
        await _unblock(unit, dead_letter, skip_to=row.sequence)
        await unit.connection.execute(
            sa.text(f"update {unit.schema}.dead_letters set record = null where id = :id"),
            {"id": dead_letter},
        )
        return (row.stream, row.subject) if row.stream else None


async def _settle(unit: Unit, dead_letter: UUID, state: str) -> sa.Row[tuple[object, ...]]:
    row = (
        await unit.connection.execute(
            sa.text(
                f"update {unit.schema}.dead_letters set state = :state, settled_at = clock_timestamp() "
                "where id = :id and state = 'open' returning record, stream, subject, sequence"
            ),
            {"id": dead_letter, "state": state},
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no_open_dead_letter")
    return row


async def _unblock(unit: Unit, dead_letter: UUID, *, skip_to: int | None) -> None:
    await unit.connection.execute(
        sa.text(
            f"update {unit.schema}.cursors set blocked_by = null, "
            "sequence = greatest(sequence, coalesce(cast(:skip_to as bigint), sequence)) where blocked_by = :id"
        ),
        {"id": dead_letter, "skip_to": skip_to},
    )

"""The journal: a service's own ordered record of what it publishes, and its only way out.

A handler appends inside its transaction; the relay (`shared/relay.py`) sends what has committed.
Size and topic are checked here, because a row the broker refuses would block every row behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.cloudevents import Envelope, header_texts
from shared.contracts.model import Event
from shared.contracts.topics import family
from shared.identifiers import uuid7
from shared.telemetry import current_traceparent

MAX_PAYLOAD = 512 * 1024
"""Bytes; half of the broker's record limit, so that headers and framing never tip a row over it."""


class JournalRefused(ValueError):
    """An entry the broker could never take: unknown topic, no key, or over `MAX_PAYLOAD`. Names no value."""


@dataclass(frozen=True)
class Outgoing:
    """One event to publish. `event` None is a tombstone (compacted topics); `at` becomes `ce_time`."""

    topic: str
    key: str
    event: Event | None
    at: datetime
    subject: str | None = None
    event_id: UUID = field(default_factory=uuid7)


class Row(NamedTuple):
    """An entry as the journal stores it."""

    topic: str
    key: str
    headers: str
    payload: bytes | None


def row_of(entry: Outgoing, source: str) -> Row:
    """The stored form of an entry; raises JournalRefused for what no broker would take."""
    topic = family(entry.topic)
    if topic is None:
        raise JournalRefused(f"unknown topic for {type(entry.event).__name__}")
    if not entry.key:
        raise JournalRefused(f"no key on {entry.topic}")
    payload = None if entry.event is None else entry.event.model_dump_json(by_alias=True).encode()
    if payload is not None and len(payload) > MAX_PAYLOAD:
        raise JournalRefused(f"{type(entry.event).__name__} is {len(payload)} bytes, over {MAX_PAYLOAD}")
    return Row(entry.topic, entry.key, _headers(entry, source), payload)


def _headers(entry: Outgoing, source: str) -> str:
    envelope = Envelope(
        id=str(entry.event_id),
        source=source,
        type=entry.event.ce_type() if entry.event is not None else "liaison.deleted.v1",
        time=entry.at,
        subject=entry.subject or entry.key,
        traceparent=current_traceparent(),
    )
    return orjson.dumps(header_texts(envelope)).decode()


async def append(connection: AsyncConnection, schema: str, entries: Sequence[Outgoing]) -> None:
    """Append entries in order, by one statement, inside the caller's transaction.

    The aggregates they belong to must be locked already: that lock is what makes id order their order.
    """
    if not entries:
        return
    rows = [row_of(entry, f"liaison/{schema}") for entry in entries]
    await connection.execute(
        sa.text(
            f"insert into {schema}.journal (topic, key, headers, payload) "
            "select topic, key, headers::jsonb, payload from unnest("
            "cast(:topics as text[]), cast(:keys as text[]), cast(:headers as text[]), cast(:payloads as bytea[])"
            ") with ordinality as entry(topic, key, headers, payload, position) order by position"
        ),
        {
            "topics": [row.topic for row in rows],
            "keys": [row.key for row in rows],
            "headers": [row.headers for row in rows],
            "payloads": [row.payload for row in rows],
        },
    )

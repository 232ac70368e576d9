"""Smaller things intake keeps: policies seen, who looked at what, and what the replicas agree on between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import SCHEMA, AccessRow, PolicyRow, table_of
from shared import rows
from shared.contracts.policy import PolicyDocument
from shared.identifiers import uuid7


@dataclass(frozen=True)
class Look:
    """That somebody looked at something; `what` names it, never what it said."""

    actor: str
    role: str
    force: str | None
    reference: str | None
    what: str
    at: datetime


async def log_looks(connection: AsyncConnection, looks: Sequence[Look]) -> None:
    """Write looks into the access log."""
    columns = ("actor", "role", "force", "reference", "what", "at")
    entries: list[dict[str, Any]] = [
        {"id": uuid7(), **{column: getattr(look, column) for column in columns}} for look in looks
    ]
    await rows.insert(connection, rows.Insert(table_of(AccessRow), entries))


async def keep_policies(connection: AsyncConnection, documents: Sequence[PolicyDocument]) -> None:
    """Keep policies that were published; a version once seen does not change."""
    unique = {document.version: document for document in reversed(documents)}
    published = [
        {
            "version": name,
            "effective_from": unique[name].effective_from,
            "document": unique[name].model_dump_json(by_alias=True),
        }
        for name in sorted(unique)
    ]
    await rows.insert(connection, rows.Insert(table_of(PolicyRow), published))


async def policies(connection: AsyncConnection) -> list[PolicyDocument]:
    """The policies seen so far, in the order in which they came."""
    found = await connection.execute(sa.text(f"select document from {SCHEMA}.policies order by seen_at, version"))
    return [PolicyDocument.model_validate(row.document) for row in found]


async def due(connection: AsyncConnection, name: str, every_seconds: float) -> bool:
    """Whether `name` was not done for `every_seconds` (real); if so it counts as done now, by this replica alone."""
    found = await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.beats as beat (name, at) values (:name, clock_timestamp()) "
            "on conflict (name) do update set at = excluded.at "
            "where beat.at <= clock_timestamp() - make_interval(secs => :seconds) returning name"
        ),
        {"name": name, "seconds": every_seconds},
    )
    return found.first() is not None


async def mark_degraded(connection: AsyncConnection, part: str, at: datetime, *, degraded: bool) -> bool:
    """Note that a part is away, or back. True where that is news."""
    statement = (
        f"insert into {SCHEMA}.degraded (part, since) values (:part, :at) on conflict do nothing returning part"
        if degraded
        else f"delete from {SCHEMA}.degraded where part = :part returning part"
    )
    parameters: dict[str, Any] = {"part": part, "at": at} if degraded else {"part": part}
    found = await connection.execute(sa.text(statement), parameters)
    return found.first() is not None

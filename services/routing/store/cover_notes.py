"""Which nights coordinators were told of: a row for each force and night, also where there was nothing to tell."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA

KIND = "cover_tonight"


async def looked_at(connection: AsyncConnection, evening: datetime) -> frozenset[str]:
    """The forces whose night from `evening` on somebody has looked at."""
    found = await connection.execute(
        sa.text(f"select subject from {SCHEMA}.roster_warnings where kind = :kind and due = :evening"),
        {"kind": KIND, "evening": evening},
    )
    return frozenset(row.subject for row in found)


async def looked(connection: AsyncConnection, force: str, evening: datetime, now: datetime, *, gaps: bool) -> bool:
    """Write down that a force's night was looked at; False where another replica was quicker."""
    found = await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.roster_warnings (kind, subject, due, force, at, ended_at) "
            "values (:kind, :force, :evening, :force, :now, cast(:ended as timestamptz)) "
            "on conflict do nothing returning 1"
        ),
        {"kind": KIND, "force": force, "evening": evening, "now": now, "ended": None if gaps else now},
    )
    return found.first() is not None


async def end_nights(connection: AsyncConnection, before: datetime, now: datetime) -> Iterable[str]:
    """End the notes of nights that began before this one; gives their forces, each to one replica."""
    found = await connection.execute(
        sa.text(
            f"update {SCHEMA}.roster_warnings set ended_at = :now "
            "where kind = :kind and ended_at is null and due < :before returning subject"
        ),
        {"kind": KIND, "before": before, "now": now},
    )
    return sorted(row.subject for row in found)

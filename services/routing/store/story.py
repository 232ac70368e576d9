"""What was said about referrals: timelines, and the feed that boards follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA


@dataclass(frozen=True)
class Told:
    """One event of a timeline."""

    sequence: int
    name: str
    at: datetime
    event: dict[str, Any]


@dataclass(frozen=True)
class Position:
    """How far a board has read: everything before this transaction, and of it what comes up to here."""

    xid: int

    @classmethod
    def read(cls, text: str | None) -> "Position | None":
        """A position as `Last-Event-ID` gives it back; None for anything else."""
        return cls(int(text)) if text and text.isdigit() and len(text) < 20 else None


async def timeline(connection: AsyncConnection, referral_id: UUID) -> list[Told]:
    """Everything said about a referral, in order."""
    found = await connection.execute(
        sa.text(
            f"select sequence, name, at, cast(event as text) as event from {SCHEMA}.timeline "
            "where referral_id = :id order by sequence"
        ),
        {"id": referral_id},
    )
    return [Told(row.sequence, row.name, row.at, orjson.loads(row.event)) for row in found]


async def position(connection: AsyncConnection) -> Position:
    """Where a board stands that has just read everything committed."""
    found = await connection.execute(sa.text("select pg_snapshot_xmin(pg_current_snapshot())::text"))
    return Position(int(found.scalar_one()))


async def changed_since(connection: AsyncConnection, since: Position, force: str) -> tuple[Sequence[UUID], Position]:
    """Referrals a force owns, holds or has given away of which something was said since, and the position after them.

    Only transactions that nothing older can still join are read, so that nothing committed late is missed.
    """
    until = await position(connection)
    found = await connection.execute(
        sa.text(
            f"select distinct t.referral_id from {SCHEMA}.timeline t join {SCHEMA}.referrals r on r.id = t.referral_id "
            "where t.xid >= cast(:since as xid8) and t.xid < cast(:until as xid8) "
            "and (:force in (r.force, r.holder_force) or :force in (t.event ->> 'force', t.event ->> 'from_force')) "
            "limit 1000"
        ),
        {"since": since.xid, "until": until.xid, "force": force},
    )
    return [row.referral_id for row in found], until


async def changed_for(connection: AsyncConnection, since: Position, officer: str) -> tuple[Sequence[UUID], Position]:
    """Referrals that an officer was asked about and of which something was said since; as `changed_since`."""
    until = await position(connection)
    found = await connection.execute(
        sa.text(
            f"select distinct t.referral_id from {SCHEMA}.timeline t join {SCHEMA}.referrals r on r.id = t.referral_id "
            "where t.xid >= cast(:since as xid8) and t.xid < cast(:until as xid8) "
            "and r.life -> 'offers' @> jsonb_build_array(jsonb_build_object('officer', cast(:officer as text))) "
            "limit 1000"
        ),
        {"since": since.xid, "until": until.xid, "officer": officer},
    )
    return [row.referral_id for row in found], until

"""Decisions as they were kept, those about one referral or all of them in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.matching.decision import Decision
from services.routing.store.tables import SCHEMA


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision: the `number`th of those that led to the event of this sequence of its referral."""

    referral_id: UUID
    reference: str
    sequence: int
    number: int
    at: datetime
    decision: Decision


@dataclass(frozen=True, slots=True)
class Choice:
    """Who chose an officer, `sergeant:herts`, and the code of their reason."""

    by: str
    reason: str


_COLUMNS = "d.referral_id, r.reference, d.sequence, d.number, d.at, cast(d.decision as text) as decision"
_FROM = f"{SCHEMA}.decisions d join {SCHEMA}.referrals r on r.id = d.referral_id"


async def about(
    connection: AsyncConnection, referral_id: UUID, after: tuple[int, int] = (0, 0), limit: int = 1000
) -> list[Kept]:
    """Decisions about a referral in order, those after a (sequence, number)."""
    found = await connection.execute(
        sa.text(
            f"select {_COLUMNS} from {_FROM} where d.referral_id = :id "
            "and (d.sequence, d.number) > (:sequence, :number) order by d.sequence, d.number limit :limit"
        ),
        {"id": referral_id, "sequence": after[0], "number": after[1], "limit": limit},
    )
    return _kept(found)


async def chosen_by(connection: AsyncConnection, kept: Kept) -> Choice | None:
    """Who took a decision in which a supervisor chose, as it was said at once; None where nothing was said."""
    found = await connection.execute(
        sa.text(
            f"select event ->> 'by' as by, event ->> 'reason' as reason from {SCHEMA}.timeline "
            "where referral_id = :id and name = :name and sequence >= :sequence order by sequence limit 1"
        ),
        {"id": kept.referral_id, "name": "referral.assigned_by_override", "sequence": kept.sequence},
    )
    row = found.first()
    return Choice(row.by, row.reason) if row else None


async def since(connection: AsyncConnection, at: datetime, after: Kept | None, limit: int) -> list[Kept]:
    """All decisions from `at` on in order of time, those that come after one."""
    place = (after.at, after.referral_id, after.sequence, after.number) if after else (at, UUID(int=0), 0, -1)
    found = await connection.execute(
        sa.text(
            f"select {_COLUMNS} from {_FROM} where (d.at, d.referral_id, d.sequence, d.number) "
            "> (:at, :referral_id, :sequence, :number) "
            "order by d.at, d.referral_id, d.sequence, d.number limit :limit"
        ),
        dict(zip(("at", "referral_id", "sequence", "number"), place, strict=True)) | {"limit": limit},
    )
    return _kept(found)


async def count(connection: AsyncConnection, at: datetime) -> int:
    """How many there are from `at` on."""
    found = await connection.execute(sa.text(f"select count(*) from {SCHEMA}.decisions where at >= :at"), {"at": at})
    return int(found.scalar_one())


def _kept(rows: Sequence[Any] | Any) -> list[Kept]:
    return [
        Kept(row.referral_id, row.reference, row.sequence, row.number, row.at, orjson.loads(row.decision))
        for row in rows
    ]

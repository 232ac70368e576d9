"""Reports that routing has not taken in, for the people who must."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import SCHEMA


@dataclass(frozen=True)
class Unrouted:
    """A report that waits for a person: the control room's names for it. Times are domain time."""

    reference: str
    system: str
    incident_ref: str | None
    incident_date: date | None
    response_class: str
    at: datetime
    unrouted_at: datetime
    exercise: bool


async def unrouted(connection: AsyncConnection, force: str, limit: int) -> list[Unrouted]:
    """The unrouted reports that a force raised or owns, the longest waiting first."""
    found = await connection.execute(
        sa.text(
            "select reference, system, incident_ref, incident_date, picture ->> 'class' as response_class, at, "
            f"unrouted_at, exercise from {SCHEMA}.reports where held_until is not null and unrouted_at is not null "
            "and (force = :force or source_force = :force) order by unrouted_at, referral_id limit :limit"
        ),
        {"force": force, "limit": limit},
    )
    return [Unrouted(**row) for row in found.mappings()]

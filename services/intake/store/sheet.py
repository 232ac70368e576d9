"""Open reports as the fallback sheet lists them."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import SCHEMA


@dataclass(frozen=True)
class Open:
    """A report that is not settled: the control room's own names for it, and who has it. `next_due` is domain time."""

    reference: str
    incident_ref: str | None
    incident_date: date | None
    state: str
    holder: str | None
    next_due: datetime | None
    unrouted: bool
    exercise: bool


async def still_open(connection: AsyncConnection, force: str, limit: int) -> list[Open]:
    """The open reports a force raised or owns, the longest open first."""
    found = await connection.execute(
        sa.text(
            "select reference, incident_ref, incident_date, state, holder ->> 'id' as holder, next_due, "
            f"held_until is not null and unrouted_at is not null as unrouted, exercise from {SCHEMA}.reports "
            "where (force = :force or source_force = :force) "
            "and state not in ('closed', 'withdrawn', 'handed_off') order by at, referral_id limit :limit"
        ),
        {"force": force, "limit": limit},
    )
    return [Open(**row) for row in found.mappings()]

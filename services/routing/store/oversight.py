"""What the watchdog asks of the referrals, apart from everything that decides about them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.referral.state import OPEN, Referral
from services.routing.store.tables import SCHEMA

_OPEN = ", ".join(f"'{state}'" for state in sorted(OPEN))
_FORGOTTEN = f"state in ({_OPEN}) and (due is null or wakes_at is null)"


@dataclass(frozen=True)
class Standing:
    """Open referrals nobody must act on, deadlines that have passed, and the age of the oldest of those (seconds)."""

    without_deadline: int
    overdue: int
    oldest: float


async def measure(connection: AsyncConnection, now: datetime) -> Standing:
    """How the referrals stand at `now` (domain time).

    What counts is what was promised as well as when the driver looks again: a referral whose decision keeps failing
    is put off again and again, and must show all the same.
    """
    found = await connection.execute(
        sa.text(
            f"select count(*) filter (where {_FORGOTTEN}) as without_deadline, "
            "count(*) filter (where least(due, wakes_at) <= :now) as overdue, coalesce(extract(epoch from :now - "
            "min(least(due, wakes_at)) filter (where least(due, wakes_at) <= :now)), 0) as oldest "
            f"from {SCHEMA}.referrals where state in ({_OPEN})"
        ),
        {"now": now},
    )
    row = found.one()
    return Standing(row.without_deadline, row.overdue, float(row.oldest))


async def lock_forgotten(connection: AsyncConnection, limit: int) -> list[Referral]:
    """Open referrals without a deadline, locked; those that somebody is at work on are left for the next time."""
    found = await connection.execute(
        sa.text(
            f"select cast(life as text) as life from {SCHEMA}.referrals where {_FORGOTTEN} "
            "order by id limit :limit for update skip locked"
        ),
        {"limit": limit},
    )
    return [Referral.model_validate_json(row.life) for row in found]

"""How the drills of a force have fared, in real time."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import SCHEMA


@dataclass(frozen=True)
class Drill:
    """The last drill of a force: seconds since it was sent, and whether it has come back."""

    reference: str
    age: float
    back: bool


async def last(connection: AsyncConnection, force: str) -> Drill | None:
    """The last drill sent for a force; None where there was none."""
    found = await connection.execute(
        sa.text(
            "select r.reference, r.state = 'closed' as back, "
            "extract(epoch from clock_timestamp() - k.created_at) as age "
            f"from {SCHEMA}.reports r join {SCHEMA}.subject_keys k using (referral_id) "
            "where r.system = 'drill' and r.source_force = :force and r.exercise order by r.at desc limit 1"
        ),
        {"force": force},
    )
    row = found.first()
    return None if row is None else Drill(row.reference, float(row.age), row.back)


async def came_back(connection: AsyncConnection, force: str) -> float | None:
    """Seconds since the last drill that came back was sent; None where none ever did."""
    found = await connection.execute(
        sa.text(
            f"select extract(epoch from clock_timestamp() - max(k.created_at)) from {SCHEMA}.reports r "
            f"join {SCHEMA}.subject_keys k using (referral_id) "
            "where r.system = 'drill' and r.source_force = :force and r.exercise and r.state = 'closed'"
        ),
        {"force": force},
    )
    age = found.scalar_one()
    return None if age is None else float(age)

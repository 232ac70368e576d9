"""The numbers at the top of a board."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open referrals a force owns or holds, by the board's views; one may count in several."""

    unowned: int
    due: int
    breached: int
    owned: int
    all: int


async def counts(connection: AsyncConnection, force: str, due_before: datetime) -> Counts:
    """The counts of one force; `due` are those with something due by `due_before`."""
    found = await connection.execute(
        sa.text(
            "select count(*) filter (where state in ('waiting', 'offered')) as unowned, "
            "count(*) filter (where due <= :due_before) as due, "
            "count(*) filter (where breached) as breached, "
            "count(*) filter (where state in ('accepted', 'contacted')) as owned, "
            f"count(*) as every from {SCHEMA}.referrals where (force = :force or holder_force = :force) "
            "and state in ('waiting', 'offered', 'accepted', 'contacted')"
        ),
        {"force": force, "due_before": due_before},
    )
    row = found.one()
    return Counts(row.unowned, row.due, row.breached, row.owned, row.every)

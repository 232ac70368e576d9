"""Codes that prove officers' own addresses: when each was sent and how often somebody got it wrong. No code is kept."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA


async def sent_since(connection: AsyncConnection, officer: str, since: datetime) -> int:
    """How many codes an officer was sent since then (real time)."""
    found = await connection.execute(
        sa.text(f"select count(*) from {SCHEMA}.proofs where officer = :officer and at > :since"),
        {"officer": officer, "since": since},
    )
    return int(found.scalar_one())


async def begin(connection: AsyncConnection, officer: str, means: Iterable[UUID], at: datetime) -> None:
    """Write down that a code goes to each of these rows of an officer's means (real time)."""
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.proofs (means_id, officer, at, wrong) "
            "select means_id, :officer, :at, 0 from unnest(cast(:means as uuid[])) as v(means_id)"
        ),
        {"officer": officer, "at": at, "means": list(means)},
    )


async def wrong_tries(connection: AsyncConnection, means: UUID) -> int:
    """How often somebody got the code of this row wrong."""
    found = await connection.execute(
        sa.text(f"select wrong from {SCHEMA}.proofs where means_id = :means"), {"means": means}
    )
    return int(found.scalar_one_or_none() or 0)


async def count_wrong(connection: AsyncConnection, officer: str, means: UUID, at: datetime) -> None:
    """Somebody got it wrong once more. `at` (real time) counts where the code was sent before codes were counted."""
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.proofs as known (means_id, officer, at, wrong) values (:means, :officer, :at, 1) "
            "on conflict (means_id) do update set wrong = known.wrong + 1"
        ),
        {"officer": officer, "at": at, "means": means},
    )


async def forget(connection: AsyncConnection, officer: str, before: datetime) -> None:
    """Drop an officer's codes sent before then (real time) whose address is not theirs any more, or proved."""
    await connection.execute(
        sa.text(
            f"delete from {SCHEMA}.proofs p where p.officer = :officer and p.at < :before and not exists "
            f"(select 1 from {SCHEMA}.own_means m where m.id = p.means_id and m.until_version is null "
            "and not m.verified)"
        ),
        {"officer": officer, "before": before},
    )

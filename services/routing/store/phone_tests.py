"""Tests that officers asked for within the hour: what keeps somebody's phone from being flooded."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA
from shared.identifiers import uuid7


async def lock(connection: AsyncConnection, officer: str) -> None:
    """One test of an officer's means at a time, until this transaction ends."""
    await connection.execute(
        sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"{SCHEMA}|phone-test|{officer}"}
    )


async def tested_since(connection: AsyncConnection, officer: str, since: datetime) -> int:
    """How many tests an officer asked for since then (real time); those before are dropped."""
    where = {"officer": officer, "since": since}
    await connection.execute(
        sa.text(f"delete from {SCHEMA}.test_notices where officer = :officer and at <= :since"), where
    )
    found = await connection.execute(
        sa.text(f"select count(*) from {SCHEMA}.test_notices where officer = :officer and at > :since"), where
    )
    return int(found.scalar_one())


async def begin(connection: AsyncConnection, officer: str, at: datetime) -> None:
    """Write down that one was asked for (real time)."""
    await connection.execute(
        sa.text(f"insert into {SCHEMA}.test_notices (id, officer, at) values (:id, :officer, :at)"),
        {"id": uuid7(), "officer": officer, "at": at},
    )

"""Warnings about the roster in the database: what was told, and what of it still holds."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.roster.warnings import TRAINING_AHEAD, Trained
from services.routing.store.tables import SCHEMA


class Given(NamedTuple):
    """A warning as it is kept."""

    kind: str
    subject: str
    due: datetime
    force: str


async def elected(connection: AsyncConnection) -> bool:
    """Whether this replica looks after the roster until its transaction ends; another's turn is not waited for."""
    found = await connection.execute(
        sa.text("select pg_try_advisory_xact_lock(hashtext(:name))"), {"name": f"{SCHEMA}|roster-warnings"}
    )
    return bool(found.scalar_one())


async def holding(connection: AsyncConnection, kinds: Sequence[str]) -> list[Given]:
    """The warnings of these kinds that were given and still hold."""
    found = await connection.execute(
        sa.text(
            f"select kind, subject, due, force from {SCHEMA}.roster_warnings "
            "where ended_at is null and kind = any(:kinds) order by 1, 2, 3"
        ),
        {"kinds": list(kinds)},
    )
    return [Given(row.kind, row.subject, row.due, row.force) for row in found]


async def give(connection: AsyncConnection, warnings: Iterable[Given], now: datetime) -> list[Given]:
    """Write down warnings; gives back those never given before. One that had ended holds again, and is not news."""
    given = sorted(warnings)
    if not given:
        return []
    found = await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.roster_warnings as known (kind, subject, due, force, at) "
            "select kind, subject, due, force, :now from unnest(cast(:kinds as text[]), cast(:subjects as text[]), "
            "cast(:dues as timestamptz[]), cast(:forces as text[])) as v(kind, subject, due, force) "
            "on conflict (kind, subject, due) do update set ended_at = null "
            "returning known.kind, known.subject, known.due, known.force, (known.xmax = 0) as is_new"
        ),
        {
            "kinds": [one.kind for one in given],
            "subjects": [one.subject for one in given],
            "dues": [one.due for one in given],
            "forces": [one.force for one in given],
            "now": now,
        },
    )
    return [Given(row.kind, row.subject, row.due, row.force) for row in found if row.is_new]


async def end(connection: AsyncConnection, warnings: Iterable[Given], now: datetime) -> None:
    """These do not hold any more."""
    over = sorted(warnings)
    if over:
        await connection.execute(
            sa.text(
                f"update {SCHEMA}.roster_warnings set ended_at = :now where (kind, subject, due) in (select * from "
                "unnest(cast(:kinds as text[]), cast(:subjects as text[]), cast(:dues as timestamptz[])))"
            ),
            {
                "kinds": [one.kind for one in over],
                "subjects": [one.subject for one in over],
                "dues": [one.due for one in over],
                "now": now,
            },
        )


async def ending_soon(connection: AsyncConnection, course: str, today: date) -> list[Trained]:
    """(officer, force, last day) of everybody on the roster whose latest training in a course ends about now."""
    found = await connection.execute(
        sa.text(
            f"select o.id, o.force, max(t.valid_until) as until from {SCHEMA}.training t "
            f"join {SCHEMA}.officers o on o.id = t.officer and o.until_version is null "
            "where t.until_version is null and t.course = :course group by o.id, o.force "
            "having max(t.valid_until) between :first and :last order by o.id"
        ),
        {"course": course, "first": today - timedelta(days=1), "last": today + TRAINING_AHEAD + timedelta(days=1)},
    )
    return [(row.id, row.force, row.until) for row in found]

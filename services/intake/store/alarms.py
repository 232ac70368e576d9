"""Alarms that must reach a person outside Liaison, until the break-glass webhook has taken them. Real time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.tables import SCHEMA, AlarmRow, table_of
from shared import rows
from shared.identifiers import uuid7

GIVE_UP_AFTER = "24 hours"


@dataclass(frozen=True)
class Alarm:
    """Something a person outside must know: what, whose, and about which reference, if about one."""

    kind: str
    force: str
    reference: str | None = None


@dataclass(frozen=True)
class Waiting:
    """An alarm on its way out. `tries` were made before this one."""

    id: UUID
    alarm: Alarm
    raised_at: datetime
    now: datetime
    tries: int


async def ring(connection: AsyncConnection, alarms: Iterable[Alarm]) -> None:
    """Raise alarms; they are sent from the table."""
    new = [{"id": uuid7(), "kind": one.kind, "force": one.force, "reference": one.reference} for one in alarms]
    await rows.insert(connection, rows.Insert(table_of(AlarmRow), new))


async def lease(connection: AsyncConnection, seconds: float, limit: int) -> list[Waiting]:
    """Alarms that are to be tried now, the oldest first; nobody else tries them for `seconds`."""
    found = await connection.execute(
        sa.text(
            f"update {SCHEMA}.alarms set tries = tries + 1, "
            "next_try_at = clock_timestamp() + make_interval(secs => :seconds) where id in ("
            f"select id from {SCHEMA}.alarms where next_try_at <= clock_timestamp() and taken_at is null "
            "order by id limit :limit for update skip locked) "
            "returning id, kind, force, reference, raised_at, clock_timestamp() as now, tries - 1 as tries"
        ),
        {"seconds": seconds, "limit": limit},
    )
    waiting = [
        Waiting(row.id, Alarm(row.kind, row.force, row.reference), row.raised_at, row.now, row.tries) for row in found
    ]
    return sorted(waiting, key=lambda one: one.id)


async def taken(connection: AsyncConnection, alarm: UUID) -> None:
    """The receiver has it."""
    await connection.execute(
        sa.text(f"update {SCHEMA}.alarms set taken_at = clock_timestamp(), next_try_at = null where id = :id"),
        {"id": alarm},
    )


async def try_again(connection: AsyncConnection, alarm: UUID, seconds: float) -> None:
    """The receiver did not take it: again in `seconds`, and no more a day after it was raised."""
    await connection.execute(
        sa.text(
            f"update {SCHEMA}.alarms set next_try_at = case when raised_at > clock_timestamp() - "
            f"interval '{GIVE_UP_AFTER}' then clock_timestamp() + make_interval(secs => :seconds) end where id = :id"
        ),
        {"id": alarm, "seconds": seconds},
    )


async def waiting(connection: AsyncConnection) -> int:
    """How many alarms of the last day nobody has taken, and what they are about is still so."""
    found = await connection.execute(
        sa.text(
            f"select count(*) from {SCHEMA}.alarms a where taken_at is null "
            f"and raised_at > clock_timestamp() - interval '{GIVE_UP_AFTER}' and not exists ("
            f"select 1 from {SCHEMA}.reports r where r.reference = a.reference and r.held_until is null)"
        )
    )
    return int(found.scalar_one())

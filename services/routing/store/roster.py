"""The roster in the database: every row from one version to another, so that any past version can be read again."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from services.routing.rules.matching.model import Officer, Roster
from services.routing.rules.roster.duty import Entry, fold
from services.routing.store.tables import SCHEMA, table_of
from shared import rows

BACK, AHEAD = timedelta(days=2), timedelta(days=15)
"""Duty this far before and after an instant decides about anybody's standing and rest at it."""

_END_OF_TIME = timedelta(days=3650)
_THEN = "since_version <= :version and (until_version is null or until_version > :version)"


async def version(connection: AsyncConnection) -> int:
    """The roster's version; 0 before anything was loaded."""
    found = await connection.execute(sa.text(f"select version from {SCHEMA}.roster_state"))
    return int(found.scalar_one_or_none() or 0)


async def lock_version(connection: AsyncConnection, now: datetime) -> int:
    """The version, locked until this transaction ends: one change of the roster at a time."""
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.roster_state (only_row, version, changed_at) values (true, 0, :now) "
            "on conflict do nothing"
        ),
        {"now": now},
    )
    found = await connection.execute(sa.text(f"select version from {SCHEMA}.roster_state for update"))
    return int(found.scalar_one())


async def set_version(connection: AsyncConnection, number: int, now: datetime) -> None:
    """The roster has changed."""
    await connection.execute(
        sa.text(f"update {SCHEMA}.roster_state set version = :number, changed_at = :now"),
        {"number": number, "now": now},
    )


async def read(connection: AsyncConnection, forces: Iterable[str], number: int, around: datetime) -> Roster:
    """The officers of these forces at one version, with their duty around an instant."""
    wanted = {"version": number, "forces": sorted(forces)}
    officers = await connection.execute(
        sa.text(
            f"select id, force, cast(details as text) as details from {SCHEMA}.officers "
            f"where {_THEN} and force = any(cast(:forces as text[])) order by id"
        ),
        wanted,
    )
    trained = await _trained(connection, number)
    duties = await _duties(connection, wanted | {"from": around - BACK, "until": around + AHEAD})
    found = (
        _officer(row.id, row.force, orjson.loads(row.details), trained.get(row.id, []), duties.get(row.id, []))
        for row in officers
    )
    return Roster(number, tuple(found))


async def members(connection: AsyncConnection, number: int, forces: Iterable[str] | None = None) -> dict[str, str]:
    """The force of each officer of these forces (None: of all) at one version, by id."""
    found = await connection.execute(
        sa.text(
            f"select id, force from {SCHEMA}.officers where {_THEN} "
            "and (cast(:forces as text[]) is null or force = any(cast(:forces as text[])))"
        ),
        {"version": number, "forces": None if forces is None else sorted(forces)},
    )
    return {row.id: row.force for row in found}


async def _trained(connection: AsyncConnection, number: int) -> dict[str, list[tuple[str, date]]]:
    found = await connection.execute(
        sa.text(f"select officer, course, valid_until from {SCHEMA}.training where {_THEN} order by id"),
        {"version": number},
    )
    trained: dict[str, list[tuple[str, date]]] = {}
    for row in found:
        trained.setdefault(row.officer, []).append((row.course, row.valid_until))
    return trained


async def _duties(connection: AsyncConnection, wanted: dict[str, Any]) -> dict[str, list[tuple[str, Entry]]]:
    found = await connection.execute(
        sa.text(
            f"select force, officer, kind, starts, ends, source from {SCHEMA}.duties where {_THEN} "
            "and force = any(cast(:forces as text[])) and starts < :until and (ends is null or ends > :from)"
        ),
        wanted,
    )
    duties: dict[str, list[tuple[str, Entry]]] = {}
    for row in found:
        entry = Entry(row.kind, row.starts, row.ends or row.starts + _END_OF_TIME, row.source)
        duties.setdefault(row.officer, []).append((row.force, entry))
    return duties


def _officer(
    id_: str,
    force: str,
    details: dict[str, Any],
    trained: Sequence[tuple[str, date]],
    duties: Sequence[tuple[str, Entry]],
) -> Officer:
    base_km = details.get("base_km")
    return Officer(
        id=id_,
        force=force,
        title=details["title"],
        districts=frozenset(details["districts"]),
        skills=frozenset(details["skills"]),
        languages=frozenset(details["languages"]),
        gender=details["gender"],
        cap=details["cap"],
        avoid=frozenset(details["avoid"]),
        base=details["base_postcode"],
        base_km=(base_km[0], base_km[1]) if base_km else None,
        trained=tuple(trained),
        # Ids of officers are unique in a pool; a feed of another force has no say about ours.
        duty=fold(entry for of, entry in duties if of == force),
    )


async def entries(connection: AsyncConnection, officers: Iterable[str], around: datetime) -> dict[str, list[Any]]:
    """Every entry about these officers near an instant as it stands now, by officer, in order of time.

    Rows have kind, starts, ends, source and entry; those of a force that an officer is not of are left out.
    """
    found = await connection.execute(
        sa.text(
            f"select d.officer, d.kind, d.starts, d.ends, d.source, d.entry from {SCHEMA}.duties d "
            f"join {SCHEMA}.officers o on o.id = d.officer and o.force = d.force and o.until_version is null "
            "where d.until_version is null and d.officer = any(cast(:officers as text[])) "
            "and d.starts < :until and (d.ends is null or d.ends > :from) order by d.officer, d.starts, d.kind"
        ),
        {"officers": sorted(set(officers)), "from": around - BACK, "until": around + AHEAD},
    )
    rows: dict[str, list[Any]] = {}
    for row in found:
        rows.setdefault(row.officer, []).append(row)
    return rows


async def current(
    connection: AsyncConnection, row: type[SQLModel], condition: str = "true", **wanted: Any
) -> list[Any]:
    """The rows of one of the roster's tables that hold now, JSON as text."""
    table = table_of(row)
    names = ", ".join(
        f'cast("{column.name}" as text) as "{column.name}"' if isinstance(column.type, sa.JSON) else f'"{column.name}"'
        for column in table.columns
    )
    found = await connection.execute(
        sa.text(f"select {names} from {table.fullname} where until_version is null and {condition}"), wanted
    )
    return list(found)


async def end(connection: AsyncConnection, row: type[SQLModel], ids: Iterable[UUID | str], number: int) -> None:
    """Rows that hold no longer from this version on."""
    table = table_of(row)
    kind = "uuid" if isinstance(table.c.id.type, sa.Uuid) else "text"
    if ids := sorted(ids, key=str):
        await connection.execute(
            sa.text(
                f"update {table.fullname} set until_version = :number "
                f"where id = any(cast(:ids as {kind}[])) and until_version is null"
            ),
            {"number": number, "ids": ids},
        )


async def begin(connection: AsyncConnection, row: type[SQLModel], new: Iterable[dict[str, Any]], number: int) -> None:
    """Rows that hold from this version on."""
    dated = [one | {"since_version": number, "until_version": None} for one in new]
    await rows.insert(connection, rows.Insert(table_of(row), dated))


def json_of(text: str) -> Any:
    """A JSON column as `current` gives it."""
    return orjson.loads(text)

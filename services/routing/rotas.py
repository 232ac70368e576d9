"""Who staffs a role: lines of the file, and what a supervisor sets, which beats the file for the time it speaks of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.routing.reaching import bound, publish_roles, turn
from services.routing.roster_change import RosterChange
from services.routing.rules.roster.rota import Turn, in_force
from services.routing.rules.roster.rows import CONTROL_ROOM, RoleRow
from services.routing.rules.roster.warnings import STAFFED, missing_between
from services.routing.sealed_means import seal_means
from services.routing.store import roster as store
from services.routing.store import tables
from shared.database import Unit
from shared.identifiers import uuid7

SHOWN_AHEAD = timedelta(days=7)
"""How far ahead a rota's gaps are looked for when somebody looks at it."""


@dataclass(frozen=True, slots=True)
class TurnShown:
    """Somebody's turn as it is shown: no address, only the kinds of ways to reach them; None: without a bound."""

    name: str
    kinds: tuple[str, ...]
    starts: datetime | None
    ends: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class GapShown:
    """When nobody staffs a role; `ends` None: nobody does for as far as is looked."""

    starts: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class RotaShown:
    """A role's rota from now on, and its gaps of the coming week."""

    role: str
    turns: tuple[TurnShown, ...]
    gaps: tuple[GapShown, ...]


async def rotas_of(unit: Unit, force: str, now: datetime) -> dict[str, RotaShown]:
    """Every role of a force with its rota from `now` on; roles that nobody ever staffed are there, too."""
    rows = await store.current(unit.connection, tables.RoleRow, "force = :force", force=force)
    roles = dict.fromkeys([*STAFFED, *sorted(row.role for row in rows if row.role != CONTROL_ROOM)])
    return {role: _shown(role, [row for row in rows if row.role == role], now) for role in roles}


async def rota_of(unit: Unit, force: str, role: str, now: datetime) -> RotaShown:
    """One role's rota from `now` on. A control room's webhook is no post: nobody is missing there."""
    where = {"force": force, "role": role}
    rows = await store.current(unit.connection, tables.RoleRow, "force = :force and role = :role", **where)
    shown = _shown(role, rows, now)
    return replace(shown, gaps=()) if role == CONTROL_ROOM else shown


async def turns(unit: Unit) -> dict[tuple[str, str], Sequence[Turn]]:
    """Who staffs each role in force, by (force, role), of all forces."""
    given: dict[tuple[str, str], list[Turn]] = {}
    for row in await store.current(unit.connection, tables.RoleRow):
        given.setdefault((row.force, row.role), []).append(turn(row))
    return {role: in_force(mine) for role, mine in given.items()}


def _shown(role: str, rows: Iterable[Any], now: datetime) -> RotaShown:
    given = {row.id: row for row in rows}
    mine = in_force(turn(row) for row in given.values())
    until = now + SHOWN_AHEAD
    missing = missing_between(mine, now, until)
    return RotaShown(
        role,
        tuple(_turn(one, given) for one in mine if one.ends > now),
        tuple(GapShown(gap.starts, None if gap.ends > until else gap.ends) for gap in missing),
    )


def _turn(one: Turn, given: Mapping[Any, Any]) -> TurnShown:
    row = given[one.row]
    kinds = tuple(way["kind"] for way in store.json_of(row.means))
    return TurnShown(row.name, kinds, bound(one.starts), bound(one.ends), one.source)


def role_line(change: RosterChange, row: RoleRow, digest: bytes, source: str) -> dict[str, Any]:
    """A line of a rota as it is stored, its means sealed. `source` is file or own."""
    means = seal_means(change.keys, f"{row.role}:{row.force}", row.means)
    words = {"name": row.name, "means": means, "starts": row.starts, "ends": row.ends, "digest": digest}
    return {"id": uuid7(), "force": row.force, "role": row.role, "source": source, **words}


async def set_rota(change: RosterChange, force: str, role: str, rows: Iterable[RoleRow]) -> None:
    """Make these lines all that supervisors say about a role; none: the file alone is in force again."""
    wanted = {change.digest((row, "own")): row for row in rows}
    current = await store.current(
        change.unit.connection,
        tables.RoleRow,
        "source = 'own' and force = :force and role = :role",
        force=force,
        role=role,
    )
    had = {bytes(row.digest): row.id for row in current}
    gone = [id_ for digest, id_ in had.items() if digest not in wanted]
    new = [role_line(change, row, digest, "own") for digest, row in wanted.items() if digest not in had]
    if await change.replace(tables.RoleRow, gone, new):
        await publish_roles(change, [f"{role}:{force}"])

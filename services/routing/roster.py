"""Loading a roster: read the folder, take all of it or none, change what differs, tell notify.

What a line says is remembered by a keyed digest, so that loading the same files again changes nothing although
every sealing of an address looks different.
"""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from services.routing.reaching import publish_officers, publish_roles
from services.routing.roster_change import RosterChange, changing
from services.routing.rotas import role_line
from services.routing.rules.roster.files import FILES, Known, read_roster
from services.routing.rules.roster.rows import DutyRow, OfficerRow, RoleRow, RosterRows, TrainingRow
from services.routing.rules.roster.table import LARGEST_FILE
from services.routing.sealed_means import seal_means
from services.routing.store import roster as store
from services.routing.store import tables
from shared.contracts.policy import PolicyDocument
from shared.contracts.postcode import parse_postcode
from shared.database import Database
from shared.gazetteer import PostcodeIndex, PostcodesMissing, open_index
from shared.identifiers import uuid7
from shared.sealing import MasterKeys
from shared.telemetry import get_logger

log = get_logger("roster")


@dataclass(frozen=True)
class Loaded:
    """What loading did: the roster's version after it, and whether that is a new one.

    `unplaced` officers have a base that the postcode directory does not know.
    """

    version: int
    changed: bool
    officers: int
    roles: int
    unplaced: int = 0


def known_to(policy: PolicyDocument) -> Known:
    """What a roster may speak of under a policy."""
    return Known(
        forces=frozenset(policy.forces),
        districts=frozenset(code for force in policy.forces.values() for code in force.districts),
        skills=frozenset(policy.codes.skills),
        default_course=policy.matching.course,
    )


def read_folder(folder: Path, policy: PolicyDocument) -> RosterRows:
    """The roster in a folder. Raises RosterRefused with every bad line, and OSError where the folder is none. Blocks.

    Bases are looked up in the postcode directory. One that it does not know, and every one where it is not
    installed, gives no distance: postcodes are younger than any directory, and no reason to refuse a roster.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    files = {name: _content(folder / name) for name in FILES if (folder / name).is_file()}
    return _placed(read_roster(files, known_to(policy)))


def _content(path: Path) -> bytes:
    """A file's bytes, or just enough of one that is too large to be refused for it."""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _placed(roster: RosterRows) -> RosterRows:
    if not any(row.base_postcode for row in roster.officers):
        return roster
    index = _directory()
    if index is None:
        return roster
    officers = tuple(replace(row, base_km=_kilometres(index, row.base_postcode)) for row in roster.officers)
    return replace(roster, officers=officers)


def _directory() -> PostcodeIndex | None:
    try:
        return open_index()
    except (PackageNotFoundError, PostcodesMissing, subprocess.CalledProcessError) as error:
        log.warning("no_postcode_directory", reason=type(error).__name__)
        return None


def _kilometres(index: PostcodeIndex, base: str | None) -> tuple[int, int] | None:
    postcode = parse_postcode(base) if base else None
    place = index.find(postcode) if postcode else None
    return (place.easting // 1000, place.northing // 1000) if place and place.easting else None


async def load_roster(database: Database, keys: MasterKeys, roster: RosterRows) -> Loaded:
    """Make `roster` the roster: in one transaction, published with it, nothing at all where it is that already."""
    async with database.unit() as unit, changing(unit, keys) as change:
        await _officers(change, roster.officers)
        await _training(change, roster.training)
        await _duties(change, roster)
        await _roles(change, roster.roles)
        version = change.version if change.changed else change.before
        return Loaded(version, change.changed, len(roster.officers), len(roster.roles), _unplaced(roster.officers))


def _unplaced(officers: Iterable[OfficerRow]) -> int:
    return sum(row.base_postcode is not None and row.base_km is None for row in officers)


async def _officers(change: RosterChange, rows: Iterable[OfficerRow]) -> None:
    had = {row.id: bytes(row.digest) for row in await store.current(change.unit.connection, tables.OfficerRow)}
    digests = {row.id: change.digest(row) for row in rows}
    new = [_officer(change, row, digests[row.id]) for row in rows if had.get(row.id) != digests[row.id]]
    gone = [id_ for id_ in had if digests.get(id_) != had[id_]]
    await change.replace(tables.OfficerRow, gone, new)
    await publish_officers(change, [*gone, *(row["id"] for row in new)])


def _officer(change: RosterChange, row: OfficerRow, digest: bytes) -> dict[str, Any]:
    lists = ("districts", "skills", "languages", "avoid")
    details = {name: list(getattr(row, name)) for name in lists}
    details |= {name: getattr(row, name) for name in ("title", "gender", "cap", "base_postcode", "base_km")}
    means = seal_means(change.keys, row.id, row.means)
    return {"id": row.id, "force": row.force, "details": details, "means": means, "digest": digest}


async def _training(change: RosterChange, rows: Iterable[TrainingRow]) -> None:
    current = await store.current(change.unit.connection, tables.TrainingRow)
    had = {TrainingRow(row.officer, row.course, row.attended, row.valid_until): row.id for row in current}
    wanted = set(rows)
    new = [
        {"id": uuid7(), "officer": r.officer, "course": r.course, "attended": r.attended, "valid_until": r.valid_until}
        for r in sorted(wanted - had.keys(), key=lambda r: (r.officer, r.course, r.valid_until))
    ]
    await change.replace(tables.TrainingRow, [had[row] for row in had.keys() - wanted], new)


async def _duties(change: RosterChange, roster: RosterRows) -> None:
    current = await store.current(change.unit.connection, tables.DutyRow, "source = 'file'")
    had = {(row.force, DutyRow(row.officer, row.kind, row.starts, row.ends)): row.id for row in current}
    forces = {officer.id: officer.force for officer in roster.officers}
    wanted = {(forces[row.officer], row) for row in roster.duties}
    added = sorted(wanted - had.keys(), key=lambda pair: (pair[1].officer, pair[1].starts))
    new = [_duty(force, row) for force, row in added]
    await change.replace(tables.DutyRow, [had[pair] for pair in had.keys() - wanted], new)


def _duty(force: str, row: DutyRow) -> dict[str, Any]:
    words = {"kind": row.kind, "starts": row.starts, "ends": row.ends, "source": "file", "entry": None}
    return {"id": uuid7(), "force": force, "officer": row.officer, **words}


async def _roles(change: RosterChange, rows: Iterable[RoleRow]) -> None:
    current = await store.current(change.unit.connection, tables.RoleRow, "source = 'file'")
    had = {bytes(row.digest): row for row in current}
    wanted = {change.digest(row): row for row in rows}
    gone = [row for digest, row in had.items() if digest not in wanted]
    new = [role_line(change, row, digest, "file") for digest, row in wanted.items() if digest not in had]
    await change.replace(tables.RoleRow, [row.id for row in gone], new)
    touched = {f"{row.role}:{row.force}" for row in gone} | {f"{row['role']}:{row['force']}" for row in new}
    if touched:
        await publish_roles(change, touched)

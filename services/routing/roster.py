"""Loading a roster: read the folder, take all of it or none, change what differs, tell notify.

What a line says is remembered by a keyed digest, so that loading the same files again changes nothing although
every sealing of an address looks different.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.routing.rules.roster.files import FILES, Known, read_roster
from services.routing.rules.roster.rows import DutyRow, OfficerRow, RoleRow, RosterRows, TrainingRow
from services.routing.sealed_means import seal_means
from services.routing.store import roster as store
from services.routing.store import tables
from shared.contracts.officers import OfficerPublished, SealedMeans
from shared.contracts.policy import PolicyDocument
from shared.database import Database, Unit
from shared.identifiers import uuid7
from shared.journal import Outgoing
from shared.sealing import MasterKeys

TOPIC = "officers"
MOST_MEANS = 1500
"""Of one role on the topic: about four months of three shifts a day with four ways to reach each person."""


@dataclass(frozen=True)
class Loaded:
    """What loading did: the roster's version after it, and whether that is a new one."""

    version: int
    changed: bool
    officers: int
    roles: int


def known_to(policy: PolicyDocument) -> Known:
    """What a roster may speak of under a policy."""
    return Known(
        forces=frozenset(policy.forces),
        districts=frozenset(code for force in policy.forces.values() for code in force.districts),
        skills=frozenset(policy.codes.skills),
        default_course=policy.matching.course,
    )


def read_folder(folder: Path, policy: PolicyDocument) -> RosterRows:
    """The roster in a folder. Raises RosterRefused with every bad line, and OSError where the folder is none."""
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    files = {name: (folder / name).read_bytes() for name in FILES if (folder / name).is_file()}
    return read_roster(files, known_to(policy))


@dataclass
class _Change:
    """One loading in one transaction."""

    unit: Unit
    keys: MasterKeys
    version: int
    now: datetime
    changed: bool = False

    def digest(self, value: object) -> bytes:
        """A keyed digest of what a line says; nobody without the keys can guess an address from it."""
        return hmac.new(self.keys.derive("roster")[0], repr(value).encode(), hashlib.sha256).digest()

    async def replace(self, row: type[Any], gone: Iterable[Any], new: Iterable[dict[str, Any]]) -> None:
        """End some rows of a table with this version and begin others."""
        gone, new = list(gone), list(new)
        await store.end(self.unit.connection, row, gone, self.version)
        await store.begin(self.unit.connection, row, new, self.version)
        self.changed = self.changed or bool(gone or new)

    async def publish(self, events: Iterable[tuple[str, OfficerPublished | None]]) -> None:
        """Tell notify; no event means that the officer or role is gone."""
        await self.unit.append([Outgoing(TOPIC, key, event, self.now) for key, event in events])


async def load_roster(database: Database, keys: MasterKeys, roster: RosterRows) -> Loaded:
    """Make `roster` the roster: in one transaction, published with it, nothing at all where it is that already."""
    async with database.unit() as unit:
        now = await unit.now()
        before = await store.lock_version(unit.connection, now)
        change = _Change(unit, keys, before + 1, now)
        await _officers(change, roster.officers)
        await _training(change, roster.training)
        await _duties(change, roster)
        await _roles(change, roster.roles)
        if change.changed:
            await store.set_version(unit.connection, change.version, now)
            unit.wake("driver")
        version = change.version if change.changed else before
        return Loaded(version, change.changed, len(roster.officers), len(roster.roles))


async def _officers(change: _Change, rows: Iterable[OfficerRow]) -> None:
    had = {row.id: bytes(row.digest) for row in await store.current(change.unit.connection, tables.OfficerRow)}
    digests = {row.id: change.digest(row) for row in rows}
    new = {row.id: _officer(change, row, digests[row.id]) for row in rows if had.get(row.id) != digests[row.id]}
    gone = [id_ for id_ in had if digests.get(id_) != had[id_]]
    await change.replace(tables.OfficerRow, gone, new.values())
    left: list[tuple[str, OfficerPublished | None]] = [(id_, None) for id_ in gone if id_ not in digests]
    await change.publish([*left, *((id_, _published(change, row)) for id_, row in new.items())])


def _officer(change: _Change, row: OfficerRow, digest: bytes) -> dict[str, Any]:
    lists = ("districts", "skills", "languages", "avoid")
    details = {name: list(getattr(row, name)) for name in lists}
    details |= {name: getattr(row, name) for name in ("title", "gender", "cap", "base_postcode")}
    means = seal_means(change.keys, row.id, row.means)
    return {"id": row.id, "force": row.force, "details": details, "means": means, "digest": digest}


def _published(change: _Change, row: Mapping[str, Any]) -> OfficerPublished:
    return OfficerPublished(
        id=row["id"],
        kind="officer",
        force=row["force"],
        title=row["details"]["title"] or None,
        means=tuple(SealedMeans.model_validate(one) for one in row["means"]),
        version=change.version,
    )


async def _training(change: _Change, rows: Iterable[TrainingRow]) -> None:
    current = await store.current(change.unit.connection, tables.TrainingRow)
    had = {TrainingRow(row.officer, row.course, row.attended, row.valid_until): row.id for row in current}
    wanted = set(rows)
    new = [
        {"id": uuid7(), "officer": r.officer, "course": r.course, "attended": r.attended, "valid_until": r.valid_until}
        for r in sorted(wanted - had.keys(), key=lambda r: (r.officer, r.course, r.valid_until))
    ]
    await change.replace(tables.TrainingRow, [had[row] for row in had.keys() - wanted], new)


async def _duties(change: _Change, roster: RosterRows) -> None:
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


async def _roles(change: _Change, rows: Iterable[RoleRow]) -> None:
    current = await store.current(change.unit.connection, tables.RoleRow)
    had = {bytes(row.digest): row for row in current}
    wanted = {change.digest(row): row for row in rows}
    gone = [row for digest, row in had.items() if digest not in wanted]
    new = [_role(change, row, digest) for digest, row in wanted.items() if digest not in had]
    await change.replace(tables.RoleRow, [row.id for row in gone], new)
    touched = {f"{row.role}:{row.force}" for row in gone} | {f"{row['role']}:{row['force']}" for row in new}
    if touched:
        await change.publish(await _rotas(change, touched))


def _role(change: _Change, row: RoleRow, digest: bytes) -> dict[str, Any]:
    means = seal_means(change.keys, f"{row.role}:{row.force}", row.means)
    words = {"name": row.name, "means": means, "starts": row.starts, "ends": row.ends, "digest": digest}
    return {"id": uuid7(), "force": row.force, "role": row.role, **words}


async def _rotas(change: _Change, touched: Iterable[str]) -> list[tuple[str, OfficerPublished | None]]:
    """Each role with the means of everybody who staffs it, and when they do."""
    rows = await store.current(change.unit.connection, tables.RoleRow)
    found: list[tuple[str, OfficerPublished | None]] = []
    for address in sorted(touched):
        role, _, force = address.partition(":")
        mine = sorted((row for row in rows if (row.role, row.force) == (role, force)), key=lambda row: str(row.starts))
        # What is over reaches nobody, and what is furthest off (months) is told when the next roster is loaded.
        means = tuple(one for row in mine if not _over(row, change.now) for one in _rostered(row))[:MOST_MEANS]
        event = OfficerPublished(id=address, kind="role", force=force, title=role, means=means, version=change.version)
        found.append((address, event if mine else None))
    return found


def _over(row: Any, now: datetime) -> bool:
    return row.ends is not None and row.ends <= now


def _rostered(row: Any) -> list[SealedMeans]:
    given = store.json_of(row.means)
    return [SealedMeans.model_validate(one | {"from": row.starts, "until": row.ends}) for one in given]

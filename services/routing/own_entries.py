"""What officers say about themselves: their time, and how they want to be reached."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from services.routing.proving import ask_to_prove
from services.routing.reaching import publish_officers
from services.routing.roster_change import RosterChange
from services.routing.rules.roster.rows import Means
from services.routing.store import roster as store
from services.routing.store.roster_tables import OwnMeansRow
from services.routing.store.tables import DutyRow, OfficerRow
from shared.addressees import seal_address
from shared.database import Unit
from shared.identifiers import uuid7

PUSH = "push"
"""The kind of an officer's own browsers."""


class OwnTime(NamedTuple):
    """A stretch of an officer's time in their own word; no `until`: until further notice."""

    kind: str
    start: datetime
    until: datetime | None


async def force_of(unit: Unit, officer: str) -> str | None:
    """The force on whose roster an officer is; None for nobody's."""
    rows = await store.current(unit.connection, OfficerRow, "id = :officer", officer=officer)
    return str(rows[0].force) if rows else None


async def own_time(unit: Unit, officer: str) -> list[OwnTime]:
    """All that an officer says about their time, in order."""
    rows = await _time_rows(unit, officer)
    found = (OwnTime(row.kind, row.starts, row.ends) for row in rows)
    return sorted(found, key=lambda one: (one.start, one.kind))


async def set_time(change: RosterChange, force: str, officer: str, entries: Iterable[OwnTime]) -> None:
    """Make these entries all that an officer says about their time; they beat the feed and the file from now on."""
    had = {OwnTime(row.kind, row.starts, row.ends): row.id for row in await _time_rows(change.unit, officer)}
    wanted = set(entries)
    new = [_time_row(force, officer, one) for one in sorted(wanted - had.keys(), key=lambda one: one.start)]
    await change.replace(DutyRow, [had[one] for one in had.keys() - wanted], new)


async def set_means(change: RosterChange, officer: str, means: Iterable[Means], kinds: Collection[str]) -> None:
    """Make these all the addresses of these kinds that an officer gives; one that stays keeps what it was.

    A new one is not verified, but for a browser: nobody but whoever signed in there can have it subscribe.
    """
    wanted = {change.digest((officer, one)): one for one in means}
    had = {bytes(row.digest): row.id for row in await own_means(change.unit, officer) if row.kind in kinds}
    gone = [id_ for digest, id_ in had.items() if digest not in wanted]
    new = [_means_row(change, officer, one, digest) for digest, one in wanted.items() if digest not in had]
    await ask_to_prove(change, officer, [row for row in new if not row["verified"]])
    if await change.replace(OwnMeansRow, gone, new):
        await publish_officers(change, [officer])


async def own_means(unit: Unit, officer: str) -> list[Any]:
    """The rows of an officer's own means."""
    return await store.current(unit.connection, OwnMeansRow, "officer = :officer", officer=officer)


async def _time_rows(unit: Unit, officer: str) -> list[Any]:
    return await store.current(unit.connection, DutyRow, "source = 'own' and officer = :officer", officer=officer)


def _time_row(force: str, officer: str, one: OwnTime) -> dict[str, Any]:
    words = {"kind": one.kind, "starts": one.start, "ends": one.until, "source": "own", "entry": None}
    return {"id": uuid7(), "force": force, "officer": officer, **words}


def _means_row(change: RosterChange, officer: str, means: Means, digest: bytes) -> dict[str, Any]:
    sealed = seal_address(change.keys, officer, means.kind, means.address)
    words = {"kind": means.kind, "sealed": sealed, "digest": digest, "verified": means.kind == PUSH}
    return {"id": uuid7(), "officer": officer, **words}

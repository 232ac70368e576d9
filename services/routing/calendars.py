"""Importing a calendar as the duty feed of one force: all of it or none, and the same calendar again changes nothing.

A calendar stands for all that its officers' calendars say: what it does not hold any more does not stand any more.
Officers it does not speak of are left alone, and so is what is over.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.routing.calendar_file import MARK, Asked, Occurrence, Read, read_calendar
from services.routing.roster_change import RosterChange, changing
from services.routing.store import roster as store
from services.routing.store.tables import DutyRow, OfficerRow
from shared.database import Database
from shared.identifiers import uuid7
from shared.sealing import MasterKeys

BACK, AHEAD = timedelta(days=7), timedelta(days=92)
"""A recurrence is written out this far around now; importing the calendar again every month keeps ahead of it."""


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    version: int
    changed: bool
    officers: int
    entries: int


@dataclass(frozen=True)
class Whose:
    """The force a calendar speaks for, and the one officer it is about; None: each event says whom it is about."""

    force: str
    officer: str | None = None


async def import_calendar(database: Database, keys: MasterKeys, content: bytes, whose: Whose) -> Imported:
    """Take in a calendar. Raises CalendarRefused; then nothing has changed."""
    async with database.unit() as unit:
        now = await unit.now()
        rows = await store.current(unit.connection, OfficerRow, "force = :force", force=whose.force)
    known = frozenset(row.id for row in rows)
    asked = Asked(whose.officer, known, now - BACK, now + AHEAD)
    read = read_calendar(content, asked)
    async with database.unit() as unit, changing(unit, keys) as change:
        await _replace(change, whose.force, read, asked)
        version = change.version if change.changed else change.before
        return Imported(version, change.changed, len(read.officers), len(read.occurrences))


async def _replace(change: RosterChange, force: str, read: Read, asked: Asked) -> None:
    rows = await store.current(
        change.unit.connection,
        DutyRow,
        "source = 'feed' and force = :force and officer = any(cast(:officers as text[])) "
        "and starts_with(entry, :mark) and ends > :since",
        force=force,
        officers=sorted(read.officers),
        mark=MARK,
        since=asked.since,
    )
    had = {Occurrence(row.officer, row.entry, row.kind, row.starts, row.ends): row.id for row in rows}
    wanted = set(read.occurrences)
    new = sorted(wanted - had.keys(), key=lambda one: (one.officer, one.starts, one.entry))
    gone = [had[one] for one in had.keys() - wanted]
    await change.replace(DutyRow, gone, [_row(force, one) for one in new])


def _row(force: str, one: Occurrence) -> dict[str, Any]:
    words = {"kind": one.kind, "starts": one.starts, "ends": one.ends, "source": "feed", "entry": one.entry}
    return {"id": uuid7(), "force": force, "officer": one.officer, **words}

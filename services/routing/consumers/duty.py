"""Duty from the forces' duty systems, an entry at a time. A force speaks for its own officers alone.

The feed may know officers who are not on our roster; their entries wait here in case they join. What cannot be
read has nobody to be answered, so it is kept sealed with the dead letters, and never stops the feed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from services.routing.store import roster as store
from services.routing.store.tables import DutyRow
from shared import deadletters
from shared.contracts.duty import DutyCancelled, DutyRecorded
from shared.database import Unit
from shared.deadletters import Burial
from shared.identifiers import uuid7
from shared.inbox import Received
from shared.sealing import MasterKeys


class Key(NamedTuple):
    """What an entry is known by."""

    force: str
    officer: str
    entry: str


@dataclass
class Rota:
    """One batch: the entries as they stand, those that end and those that begin, and what could not be read."""

    current: dict[Key, Any]
    ended: list[Any] = field(default_factory=list)
    begun: dict[Key, DutyRecorded] = field(default_factory=dict)
    unreadable: list[Burial] = field(default_factory=list)

    def end(self, key: Key) -> None:
        """The entry as it stood does not stand any more."""
        self.begun.pop(key, None)
        row = self.current.pop(key, None)
        if row is not None:
            self.ended.append(row.id)


@dataclass(frozen=True)
class DutyFeed:
    """The consumer of `duty.<force>`."""

    keys: MasterKeys

    async def load(self, unit: Unit, events: Sequence[Received]) -> Rota:
        """The entries these events speak of, with the roster locked."""
        await store.lock_version(unit.connection, await unit.now())
        officers = sorted(
            {item.event.officer for item in events if isinstance(item.event, DutyRecorded | DutyCancelled)}
        )
        rows = await store.current(
            unit.connection,
            DutyRow,
            "source = 'feed' and officer = any(cast(:officers as text[]))",
            officers=officers,
        )
        return Rota({Key(row.force, row.officer, row.entry): row for row in rows})

    def apply(self, state: Rota, received: Received, now: datetime) -> None:
        """Fold one event; the same entry again replaces what it said, and said again the same it changes nothing."""
        event, force = received.event, received.force
        if force is None or not isinstance(event, DutyRecorded | DutyCancelled):
            reason = received.fault.code if received.fault else "unknown_event"
            state.unreadable.append(Burial(received, reason))
            return
        key = Key(force, event.officer, event.entry)
        if isinstance(event, DutyRecorded):
            row = state.current.get(key)
            if row is not None and (row.kind, row.starts, row.ends) == (event.kind, event.start, event.until):
                return
            state.end(key)
            state.begun[key] = event
        else:
            state.end(key)

    async def save(self, unit: Unit, state: Rota) -> None:
        """Write what changed as one new version of the roster, and wake the driver for whoever came on duty."""
        if state.unreadable:
            await deadletters.bury(unit, self.keys, state.unreadable)
        if not state.ended and not state.begun:
            return
        now = await unit.now()
        number = await store.lock_version(unit.connection, now) + 1
        await store.end(unit.connection, DutyRow, state.ended, number)
        new = [_row(key, event) for key, event in state.begun.items()]
        await store.begin(unit.connection, DutyRow, new, number)
        await store.set_version(unit.connection, number, now)
        unit.wake("driver")


def _row(key: Key, event: DutyRecorded) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "force": key.force,
        "officer": key.officer,
        "kind": event.kind,
        "starts": event.start,
        "ends": event.until,
        "source": "feed",
        "entry": key.entry,
    }

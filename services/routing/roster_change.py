"""One change of the roster in one transaction: rows end and begin with a new version, and notify is told with it."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.routing.store import roster as store
from shared.contracts.officers import OfficerPublished
from shared.database import Unit
from shared.journal import Outgoing
from shared.sealing import MasterKeys

TOPIC = "officers"


@dataclass
class RosterChange:
    """What is being changed, with the roster locked. `before` is the version as it stands, `version` the next one."""

    unit: Unit
    keys: MasterKeys
    before: int
    now: datetime
    changed: bool = False

    @property
    def version(self) -> int:
        """The version that what changes belongs to."""
        return self.before + 1

    def digest(self, value: object) -> bytes:
        """A keyed digest of what a line says; nobody without the keys can guess an address from it."""
        return hmac.new(self.keys.derive("roster")[0], repr(value).encode(), hashlib.sha256).digest()

    async def replace(self, row: type[Any], gone: Iterable[Any], new: Iterable[dict[str, Any]]) -> bool:
        """End some rows of a table with this version and begin others; whether there were any."""
        gone, new = list(gone), list(new)
        await store.end(self.unit.connection, row, gone, self.version)
        await store.begin(self.unit.connection, row, new, self.version)
        self.changed = self.changed or bool(gone or new)
        return bool(gone or new)

    async def publish(self, events: Iterable[tuple[str, OfficerPublished | None]]) -> None:
        """Tell notify; no event means that the officer or role is gone."""
        await self.unit.append([Outgoing(TOPIC, key, event, self.now) for key, event in events])


@asynccontextmanager
async def changing(unit: Unit, keys: MasterKeys) -> AsyncIterator[RosterChange]:
    """Change the roster within the block. Where nothing differed, nothing is a new version and nobody is woken."""
    before = await store.lock_version(unit.connection, await unit.now())
    change = RosterChange(unit, keys, before, await unit.now())
    yield change
    if change.changed:
        await store.set_version(unit.connection, change.version, change.now)
        unit.wake("driver")
        unit.wake("roster")

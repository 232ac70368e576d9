"""Browsers whose push service says that nobody is there any more: written down, so that they are not tried again."""

from dataclasses import dataclass

from services.notify.store.recipients import mark_gone, recipients
from shared.addressees import open_address
from shared.database import Database, is_transient
from shared.sealing import MasterKeys, SealBroken
from shared.telemetry import get_logger

log = get_logger("devices")

PUSH = "push"


@dataclass(frozen=True)
class Devices:
    """Finds a browser again by its address, which stands sealed in the roster."""

    database: Database
    keys: MasterKeys

    async def gone(self, recipient: str, address: str) -> None:
        """Take a browser as gone. With the database away it is told so once more by the next message."""
        try:
            async with self.database.unit() as unit:
                known = (await recipients(unit, [recipient])).get(recipient)
                for way in known.ways if known is not None else ():
                    if way.kind == PUSH and self._opens_to(recipient, way.sealed, address):
                        await mark_gone(unit, recipient, way.sealed)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database_away", service=self.database.name, reason=type(error).__name__)

    def _opens_to(self, recipient: str, sealed: str, address: str) -> bool:
        try:
            return open_address(self.keys, recipient, PUSH, sealed) == address
        except SealBroken:
            return False

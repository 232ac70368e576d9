"""Says when notify has fallen silent and when it is back: once each, by one replica, whatever restarts.

Boards ask for themselves; this is for control rooms, whom intake tells what routing puts on `referrals`.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic

from services.routing.store import health
from shared.contracts.referrals import ServiceDegraded, ServiceRestored
from shared.database import is_transient
from shared.journal import Outgoing
from shared.service import Platform
from shared.telemetry import get_logger

log = get_logger("hearing")

LOOK_SECONDS = 1.0
KEY = "service:notify"
PART = "notify"


@dataclass
class Hearing:
    """A loop that listens for notify. Only what was listened for, over a whole wire, can have been missed."""

    platform: Platform
    listening_since: float | None = None
    """Of `monotonic()`; None while the broker is out of reach."""

    async def run(self) -> None:
        """Listen until cancelled; the database being away is waited out."""
        while True:
            try:
                await self.look(self._listened())
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    def _listened(self) -> float:
        """For how many seconds this process could have heard notify."""
        if not self.platform.broker_reachable():
            self.listening_since = None
            return 0.0
        if self.listening_since is None:
            self.listening_since = monotonic()
        return monotonic() - self.listening_since

    async def look(self, listened: float) -> None:
        """Say what has changed, having listened for so many seconds."""
        async with self.platform.database.unit() as unit:
            away = await health.notify_is_away(unit.connection)
            if away and listened < health.SILENCE_SECONDS:
                return
            now = await unit.now()
            if not await health.is_news(unit.connection, PART, now, away=away):
                return
            event = (ServiceDegraded if away else ServiceRestored)(part=PART, at=now)
            await unit.append([Outgoing("referrals", KEY, event, now)])
        if away:
            log.warning("notify_away")
        else:
            log.warning("notify_back")

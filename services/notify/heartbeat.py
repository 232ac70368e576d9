"""Says every ten seconds that notify is there, and which means are failing.

Without it routing and the boards know within half a minute.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.notify.lanes import Lanes
from shared.contracts.deliveries import Means, NotifyHeartbeat
from shared.database import Database, is_transient
from shared.journal import Outgoing
from shared.telemetry import get_logger

log = get_logger("heartbeat")

PERIOD = 10.0
"""Seconds of real time."""


@dataclass(frozen=True)
class Health:
    """How the providers are, by the lanes that their messages take; `providers` gives a means its lane."""

    lanes: Lanes
    providers: Mapping[Means, str]

    def failing(self) -> tuple[Means, ...]:
        """Means whose provider takes nothing just now."""
        return tuple(means for means, lane in self.providers.items() if self.lanes.troubled(lane))


@dataclass(frozen=True)
class Heartbeat:
    """A loop: one `notify.heartbeat` from this instance, then a pause."""

    database: Database
    instance: str
    failing: Callable[[], tuple[Means, ...]] = tuple

    async def run(self) -> None:
        """Beat until cancelled; a beat the database cannot take is left out."""
        while True:
            try:
                await self.beat()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
            await asyncio.sleep(PERIOD)

    async def beat(self) -> None:
        """One beat, through the journal as everything else, so that a stuck relay is noticed too."""
        async with self.database.unit() as unit:
            now = await unit.now()
            beat = NotifyHeartbeat(at=now, instance=self.instance, failing=self.failing())
            await unit.append([Outgoing("deliveries", self.instance, beat, now)])

"""The promises as gauges: nothing open without a deadline, nothing overdue."""

import asyncio
from dataclasses import dataclass

from services.routing.store import referrals as store
from shared.database import Database, is_transient
from shared.metrics import metrics

EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Watch:
    """A loop that measures."""

    database: Database

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            try:
                await self.measure()
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(EVERY_SECONDS)

    async def measure(self) -> None:
        """Bring the gauges up to date once."""
        async with self.database.unit() as unit:
            without, overdue, seconds = await store.measure(unit.connection, await unit.now())
        figures, name = metrics(), self.database.name
        figures.open_without_deadline.labels(name).set(without)
        figures.overdue.labels(name).set(overdue)
        figures.overdue_seconds.labels(name).set(seconds)

"""The watchdog, apart from the driver it watches: nothing open without a deadline, nothing overdue for long.

It counts, exports, mends what it safely can, and leaves alarms to whoever reads the figures (deploy/alerts.yml):
Liaison does not report its own failure through itself.
"""

import asyncio
from dataclasses import dataclass

from services.routing.rules.referral.mending import mend
from services.routing.store import oversight
from services.routing.store.work import Work, save
from shared.database import Database, is_transient
from shared.metrics import metrics
from shared.telemetry import get_logger

log = get_logger("watchdog")

EVERY_SECONDS = 5.0
STUCK_SECONDS = 30.0
"""Something overdue for longer than this (domain time) wakes the driver, in case its bell was lost."""
_AT_ONCE = 100


@dataclass(frozen=True)
class Watch:
    """A loop that measures and mends."""

    database: Database

    async def run(self) -> None:
        """Watch until cancelled; the database being away is waited out."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Bring the gauges up to date once, and mend what was found."""
        async with self.database.unit() as unit:
            standing = await oversight.measure(unit.connection, await unit.now())
            if standing.oldest > STUCK_SECONDS:
                unit.wake("driver")
        figures, name = metrics(), self.database.name
        figures.open_without_deadline.labels(name).set(standing.without_deadline)
        figures.overdue.labels(name).set(standing.overdue)
        figures.overdue_seconds.labels(name).set(standing.oldest)
        if standing.without_deadline:
            await self.mend()

    async def mend(self) -> int:
        """Give open referrals without a deadline one; gives how many those were."""
        async with self.database.unit() as unit:
            forgotten = await oversight.lock_forgotten(unit.connection, _AT_ONCE)
            work = Work.on(forgotten)
            for referral in forgotten:
                work.put(mend(referral, await unit.now(referral.changed_at)))
            await save(unit, work, {})
            unit.wake("driver")
        for referral in forgotten:
            log.error("deadline_mended", referral_id=str(referral.id))
        return len(forgotten)

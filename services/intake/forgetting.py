"""Pseudonyms are kept as long as the policy says, and then nothing links a report to whoever made it any more.

Contact details that no report has claimed in their time are not kept at all.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from services.intake.policies import Policies
from services.intake.store import people, sealed
from shared.database import Database
from shared.telemetry import get_logger

log = get_logger("intake")

_EVERY_SECONDS = 3600.0
_AT_ONCE = 500
"""Reports in one transaction."""


@dataclass(frozen=True)
class Forgetting:
    """A loop that unlinks what is old enough; several replicas do no harm to each other."""

    database: Database
    policies: Policies

    async def run(self) -> None:
        """Forget every hour, until cancelled."""
        while True:
            await self.forget()
            await self.drop_unclaimed()
            await asyncio.sleep(_EVERY_SECONDS)

    async def forget(self) -> int:
        """Unlink reports whose marks were given longer ago than the policy keeps pseudonyms. Returns how many."""
        count = 0
        while (gone := await self._some()) > 0:
            count += gone
        if count:
            log.info("pseudonyms_forgotten", count=count)
        return count

    async def drop_unclaimed(self) -> int:
        """Drop contact details that can be claimed no more. Returns how many."""
        count = 0
        while (gone := await self._drop_some()) > 0:
            count += gone
        if count:
            log.info("contacts_dropped", count=count)
        return count

    async def _drop_some(self) -> int:
        async with self.database.unit() as unit:
            return await sealed.drop_stale_contacts(unit.connection, _AT_ONCE)

    async def _some(self) -> int:
        async with self.database.unit() as unit:
            kept = timedelta(days=self.policies.current.retention.person_pseudonym_days)
            old = await people.forgettable(unit.connection, await unit.now() - kept, _AT_ONCE)
            if old:
                await people.forget(unit.connection, old)
        return len(old)

"""Pseudonyms are kept as long as the policy says, here as at intake; after that nothing says who was one person."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from services.routing.policies import Policies
from services.routing.store.forgetting import forget_people
from shared.database import Database, is_transient
from shared.telemetry import get_logger

log = get_logger("routing")

EVERY_SECONDS = 3600.0
_AT_ONCE = 500
"""Referrals in one transaction."""


@dataclass(frozen=True)
class Forgetting:
    """A loop that unlinks what is old enough; several replicas do no harm to each other."""

    database: Database
    policies: Policies

    async def run(self) -> None:
        """Forget every hour, until cancelled; the database being away is waited out."""
        while True:
            try:
                await self.forget()
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(EVERY_SECONDS)

    async def forget(self) -> int:
        """Unlink referrals opened longer ago than the policy keeps pseudonyms. Returns how many."""
        count = 0
        while (gone := await self._some()) > 0:
            count += gone
        if count:
            log.info("pseudonyms_forgotten", count=count)
        return count

    async def _some(self) -> int:
        async with self.database.unit() as unit:
            await self.policies.refresh(unit.connection)
            now = await unit.now()
            kept = timedelta(days=self.policies.at(now).retention.person_pseudonym_days)
            return await forget_people(unit.connection, now - kept, _AT_ONCE)

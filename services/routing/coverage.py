"""Coverage of a force as anybody asks for it: read from the tables, reckoned in a thread, kept for the hour."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.routing.policies import Policies
from services.routing.rules.coverage.model import Survey
from services.routing.rules.coverage.survey import ask, survey
from services.routing.store import demand
from services.routing.store import roster as rosters
from shared.contracts.policy import PolicyDocument
from shared.database import Database

MOST_DAYS = 14
"""Duty is read so far ahead."""
FURTHEST = timedelta(days=60)
_KEPT = 9


@dataclass(frozen=True)
class Coverage:
    """A survey and what it was made of."""

    survey: Survey
    as_of: datetime
    roster_version: int
    policy: PolicyDocument


Key = tuple[str, datetime, int, int, str, datetime]
"""Force, first hour, days, roster version, policy version, and the hour in which it was asked for."""


@dataclass
class Coverages:
    """Surveys, the latest kept until the roster or the policy changes or the hour is over."""

    database: Database
    policies: Policies
    _kept: OrderedDict[Key, Coverage] = field(default_factory=OrderedDict)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, force: str, start: datetime | None = None, days: int = 7) -> Coverage:
        """The coverage of a force of the policy for `days` days from the hour of `start`; from now, where None."""
        async with self._one_at_a_time:
            return await self._of(force, start, days)

    async def now(self) -> datetime:
        """The domain's time."""
        async with self.database.unit() as unit:
            return await unit.now()

    def pool_of(self, force: str, at: datetime) -> tuple[str, ...]:
        """The forces that share officers with a force, itself among them; none for a force the policy does not have."""
        policy = self.policies.at(at)
        pool = policy.pool_of(force)
        return policy.pools[pool].forces if pool is not None else ()

    async def _of(self, force: str, start: datetime | None, days: int) -> Coverage:
        async with self.database.unit() as unit:
            await self.policies.refresh(unit.connection)
            now = await unit.now()
            begins = start or now
            policy = self.policies.at(begins)
            version = await rosters.version(unit.connection)
            key = (force, _hour(begins), days, version, policy.version, _hour(now))
            if key in self._kept:
                return self._kept[key]
            pool = policy.pool_of(force) or min(policy.pools)
            seen = await demand.history(unit.connection, pool, policy.calendar.timezone, now)
            roster = await rosters.read(unit.connection, policy.pools[pool].forces, version, begins)
        question = ask(policy, force, begins, days, seen)
        # About a second of reckoning for three hundred officers, which must hold up nobody else.
        found = await asyncio.to_thread(survey, question, roster, policy, seen)
        return self._keep(key, Coverage(found, now, version, policy))

    def _keep(self, key: Key, coverage: Coverage) -> Coverage:
        self._kept[key] = coverage
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return coverage


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)

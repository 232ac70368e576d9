"""The roster in memory: read once a version, judged once until somebody's duty changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.matching.model import Officer, Roster
from services.routing.rules.matching.muster import Muster, Standing, stand
from services.routing.store import loads
from services.routing.store import roster as store
from shared.contracts.policy import PolicyDocument

STALE = timedelta(days=7)
"""A roster read this long ago (domain time) no longer reaches far enough ahead."""


@dataclass
class _Known:
    """One pool's roster as read at an instant, and how it stands."""

    roster: Roster
    read_at: datetime
    forces: tuple[str, ...]
    standing: Standing | None = None

    def stale(self, now: datetime) -> bool:
        """Whether it no longer reaches far enough ahead, or was read by another clock."""
        return not self.read_at <= now < self.read_at + STALE


@dataclass
class Officers:
    """The officers of each pool."""

    _pools: dict[str, _Known] = field(default_factory=dict)

    async def roster(self, connection: AsyncConnection, pool: str, policy: PolicyDocument, now: datetime) -> Roster:
        """The roster of a pool as it is now."""
        version = await store.version(connection)
        known = self._pools.get(pool)
        forces = policy.pools[pool].forces if pool in policy.pools else ()
        if known is None or (known.roster.version, known.forces) != (version, forces) or known.stale(now):
            known = _Known(await store.read(connection, forces, version, now), now, forces)
            self._pools[pool] = known
        return known.roster

    async def muster(self, connection: AsyncConnection, pool: str, policy: PolicyDocument, now: datetime) -> Muster:
        """Every officer of a pool as they stand at `now`, with a working copy of everybody's load."""
        standing = await self.standing(connection, pool, policy, now)
        return Muster(standing, now, await loads.of_officers(connection))

    async def standing(self, connection: AsyncConnection, pool: str, policy: PolicyDocument, now: datetime) -> Standing:
        """How the officers of a pool stand at `now`, and until when."""
        roster = await self.roster(connection, pool, policy, now)
        known = self._pools[pool]
        standing = known.standing
        if standing is None or not standing.holds(now) or standing.policy_version != policy.version:
            standing = known.standing = stand(roster, policy, now)
        return standing


def caps(officers: Iterable[Officer], policy: PolicyDocument) -> dict[str, int]:
    """Each officer's cap, the policy's where the roster gives none; none at all where the policy leaves caps out."""
    if "cap" not in policy.matching.filters:
        return {}
    return {officer.id: officer.cap or policy.matching.cap for officer in officers}

"""Every decision taken once more from what was kept of it, in order of time: nothing may come out otherwise.

What a decision stood on is read as it was: the roster at its version, the policy by its name. Both are read once for
a stretch of time, and how everybody stood is worked out once until somebody's duty changes, as the driver does.
Rules look no further back and ahead than a roster that was read up to STALE before reaches, so that it makes no
difference when the driver had read its own (`travel.LONGEST`, `muster.SOONEST`, `muster.LOOKS_BACK`).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.routing.officers import STALE
from services.routing.policies import Policies
from services.routing.rules.matching.decision import FORMAT, Decision, holds, moment
from services.routing.rules.matching.model import Roster
from services.routing.rules.matching.muster import Standing, stand
from services.routing.store import decisions as store
from services.routing.store import roster
from services.routing.store.decisions import Kept
from shared.database import Database

AT_ONCE = 200
"""Decisions in memory."""
MOST_ROSTERS = 4
"""In memory; in order of time there are seldom two."""

Verdict = Literal["same", "differs", "earlier_rules", "policy_unknown"]


@dataclass
class _Read:
    """A roster as it was at one version, read round an instant, and how it stood last."""

    roster: Roster
    read_at: datetime
    standing: Standing | None = None

    def covers(self, at: datetime) -> bool:
        return self.read_at <= at < self.read_at + STALE


@dataclass
class Repeating:
    """What decisions stood on, read again."""

    database: Database
    policies: Policies
    _read: dict[tuple[int, tuple[str, ...]], _Read] = field(default_factory=dict)

    async def verdict(self, decision: Decision) -> Verdict:
        """Whether a decision comes out as it was kept; one of earlier rules cannot be repeated by these."""
        if decision["v"] != FORMAT:
            return "earlier_rules"
        standing = await self.standing(decision)
        if standing is None:
            return "policy_unknown"
        return "same" if holds(decision, standing) else "differs"

    async def standing(self, decision: Decision) -> Standing | None:
        """How everybody stood when it was taken; None where its policy is not known."""
        policy = self.policies.version(decision["policy"])
        if policy is None:
            return None
        at = moment(decision)
        read = await self._roster(decision, at)
        standing = read.standing
        if standing is None or not standing.holds(at) or standing.policy_version != policy.version:
            standing = read.standing = stand(read.roster, policy, at)
        return standing

    async def _roster(self, decision: Decision, at: datetime) -> _Read:
        key = (decision["roster"], tuple(decision["forces"]))
        read = self._read.pop(key, None)
        if read is None or not read.covers(at):
            async with self.database.unit() as unit:
                read = _Read(await roster.read(unit.connection, key[1], key[0], at), at)
        self._read[key] = read
        while len(self._read) > MOST_ROSTERS:
            self._read.pop(next(iter(self._read)))
        return read


async def repeat_all(database: Database, since: datetime) -> AsyncIterator[tuple[Kept, Verdict]]:
    """Every decision from `since` on with what became of repeating it, in order of time, a few in memory at once."""
    policies = Policies(database)
    repeating = Repeating(database, policies)
    last: Kept | None = None
    while True:
        async with database.unit() as unit:
            await policies.refresh(unit.connection)
            chunk = await store.since(unit.connection, since, last, AT_ONCE)
        for kept in chunk:
            yield kept, await repeating.verdict(kept.decision)
        if len(chunk) < AT_ONCE:
            return
        last = chunk[-1]

"""Follows the roster for what is under way: who leaves it or falls sick is asked no more, whoever holds is followed.

How far a pool has followed the roster is a column beside its lock, so that a version is followed once, by whichever
replica has the pool. Leave that begins by the clock is no new version: that is noticed when somebody's standing
changes.
"""

from dataclasses import dataclass, field
from datetime import datetime

from services.routing.officers import Officers, caps
from services.routing.rules.referral.duty_end import LONG_AWAY
from services.routing.rules.referral.minding import mind_roster
from services.routing.rules.referral.wanted import Facts
from services.routing.store import engaged as store
from services.routing.store import referrals
from services.routing.store.work import Work, save
from shared.contracts.policy import PolicyDocument
from shared.database import Unit
from shared.telemetry import get_logger

log = get_logger("minding")

Mark = tuple[int, datetime, str]
"""Version of the roster, since when everybody stands as they do, and the version of the policy."""


@dataclass
class Minding:
    """What this process has followed, by pool."""

    officers: Officers
    _marks: dict[str, Mark] = field(default_factory=dict)

    async def follow(self, unit: Unit, pool: str, policy: PolicyDocument) -> None:
        """Bring what is under way in a pool, whose lock is held, up to the roster. Raises LoadsMoved."""
        now = await unit.now()
        standing = await self.officers.standing(unit.connection, pool, policy, now)
        mark = (standing.version, standing.since, standing.policy_version)
        if self._marks.get(pool) == mark:
            return
        away = [officer for code in LONG_AWAY for officer in standing.absent.get(code, ())]
        wanted = store.Wanted(pool, standing.version, tuple(standing.forces), tuple(away))
        engaged = await store.take_engaged(unit.connection, wanted)
        if not engaged:
            # Remembered once there is nothing left to do: this transaction may still be decided anew.
            self._marks[pool] = mark
            return
        now = await unit.now()
        muster = await self.officers.muster(unit.connection, pool, policy, now)
        facts = Facts(muster, policy, await referrals.bars(unit.connection, engaged))
        work = Work.on(engaged)
        for referral in engaged:
            try:
                work.put(mind_roster(referral, facts, now))
            except Exception as error:
                log.error("decision_failed", referral_id=str(referral.id), reason=type(error).__name__)
        roster = await self.officers.roster(unit.connection, pool, policy, now)
        await save(unit, work, caps(roster.officers, policy))
        if not work.events:
            self._marks[pool] = mark

"""The one driver for time and matching: a loop for each pool takes what is due and decides.

The pool's row lock elects the replica for one transaction. Asked-for loads are a working copy, so that fifty
referrals in a row do not all go to the same officer; what another transaction added meanwhile is noticed when
the loads are written, and everything is decided again.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.routing.minding import Minding
from services.routing.officers import Officers, caps
from services.routing.policies import Policies
from services.routing.rules.matching.muster import Muster
from services.routing.rules.referral.advance import advance, look_again
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from services.routing.store import referrals as store
from services.routing.store.loads import LoadsMoved
from services.routing.store.policies import take_up
from services.routing.store.work import Work, save
from shared.contracts.referrals import ReferralOffered
from shared.database import Database, Unit, is_transient
from shared.metrics import metrics
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("driver")

AT_ONCE = 50
"""Referrals in one transaction."""
LONGEST_SLEEP = 1.0
"""Real seconds; a bell that was lost costs no more than this."""
PUT_OFF = timedelta(seconds=30)
"""A referral whose decision fails is tried again after this, so that it never holds up the others."""


@dataclass(frozen=True)
class Turn:
    """What one transaction did: how many referrals, and how long to sleep after it (real seconds)."""

    handled: int
    sleep: float


@dataclass
class Driver:
    """Decides whatever is due in this service's pools."""

    database: Database
    policies: Policies
    bell: Wake
    officers: Officers = field(default_factory=Officers)
    _decided_by: dict[str, str] = field(default_factory=dict)
    """By pool, the version of the policy this process last decided by."""
    _minding: Minding = field(init=False)

    def __post_init__(self) -> None:
        self._minding = Minding(self.officers)

    async def run(self) -> None:
        """Decide until cancelled; bad weather is waited out."""
        while True:
            try:
                sleep = await self.turn_all()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
                sleep = LONGEST_SLEEP
            if sleep > 0:
                await self.bell.sleep(sleep)
            else:
                await asyncio.sleep(0)

    async def turn_all(self) -> float:
        """One transaction for each pool; how long to sleep after them (real seconds, 0: there is more to do)."""
        sleeps = [(await self.turn(pool)).sleep for pool in self.policies.pools()]
        return min(sleeps, default=LONGEST_SLEEP)

    async def turn(self, pool: str) -> Turn:
        """Take what is due in a pool, in order, and decide; nothing where another replica has the pool."""
        try:
            async with self.database.unit() as unit:
                if not await store.lock_pool(unit.connection, pool):
                    return Turn(0, LONGEST_SLEEP)
                await self.policies.refresh(unit.connection)
                await self._take_up(unit, pool)
                await self._minding.follow(unit, pool, self.policies.at(await unit.now()))
                handled = await self._decide(unit, pool)
                if handled >= AT_ONCE:
                    return Turn(handled, 0)
                return Turn(handled, await self._until_next(unit, pool))
        except LoadsMoved:
            return Turn(0, 0)

    async def _take_up(self, unit: Unit, pool: str) -> None:
        """A policy that has come into force may know somebody for those who have nobody."""
        version = self.policies.at(await unit.now()).version
        # Remembered once it is seen committed: this transaction may still be decided anew.
        if self._decided_by.get(pool) != version and not await take_up(unit.connection, pool, version):
            self._decided_by[pool] = version

    async def _decide(self, unit: Unit, pool: str) -> int:
        before = await unit.now()
        policy = self.policies.at(before)
        roster = await self.officers.roster(unit.connection, pool, policy, before)
        due = await self._take(unit, pool, before, roster.version)
        if not due:
            return 0
        now = await unit.now()
        muster = await self.officers.muster(unit.connection, pool, policy, now)
        facts = Facts(muster, policy, await store.bars(unit.connection, due))
        work = Work.on(due)
        await self._fold(unit, work, facts, now)
        await save(unit, work, caps(roster.officers, policy), looked=roster.version)
        return len(due)

    async def _take(self, unit: Unit, pool: str, now: datetime, version: int) -> list[Referral]:
        taken = await store.lock_due(unit.connection, pool, now, AT_ONCE)
        for id_ in taken.unreadable:
            log.error("referral_unreadable", referral_id=str(id_))
        await store.put_off(unit.connection, taken.unreadable, now + PUT_OFF)
        due = taken.referrals
        if len(due) < AT_ONCE:
            looking = await store.lock_looking(unit.connection, pool, version, AT_ONCE - len(due))
            known = {referral.id for referral in due}
            due += [look_again(referral, now) for referral in looking if referral.id not in known]
        return due

    async def _fold(self, unit: Unit, work: Work, facts: Facts, now: datetime) -> None:
        failed = []
        for number, referral in enumerate(list(work.referrals.values())):
            try:
                transition = advance(referral, facts, now)
            except Exception as error:
                log.error("decision_failed", referral_id=str(referral.id), reason=type(error).__name__)
                failed.append(referral.id)
                continue
            _charge(facts.muster, transition)
            work.put(transition)
            self._observe(referral, now)
            if number % 10 == 9:
                await asyncio.sleep(0)
        await store.put_off(unit.connection, failed, now + PUT_OFF)

    def _observe(self, referral: Referral, now: datetime) -> None:
        if referral.wakes_at is not None:
            late = self.database.clock.real_seconds(now - referral.wakes_at)
            metrics().lateness_seconds.labels(self.database.name).observe(max(late, 0.0))

    async def _until_next(self, unit: Unit, pool: str) -> float:
        wakes_at = await store.next_wake(unit.connection, pool)
        if wakes_at is None:
            return LONGEST_SLEEP
        left = self.database.clock.real_seconds(wakes_at - await unit.now())
        return min(max(left, 0.001), LONGEST_SLEEP)


def _charge(muster: Muster, transition: Transition) -> None:
    """What was offered just now counts for the referrals that are decided after it."""
    counted = 0 if transition.referral.terms.broadcast else 1
    for event in transition.events:
        if isinstance(event, ReferralOffered):
            for officer in event.officers:
                muster.charge(officer, counted)

"""Deliveries from notify: who cannot be reached, who answered by text message, and that notify is there at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.routing.officers import Officers, caps
from services.routing.policies import Policies
from services.routing.rules.matching.model import Load, Roster
from services.routing.rules.matching.muster import muster
from services.routing.rules.referral.answers import Refused, Tap, accept, decline, notice_failed
from services.routing.rules.referral.drills import drilled
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from services.routing.store import health, loads
from services.routing.store import referrals as store
from services.routing.store.work import Work, save
from shared.contracts.deliveries import NoticeDelivered, NoticeEvent, NoticeFailed, NoticeReplied, NotifyHeartbeat
from shared.contracts.policy import PolicyDocument
from shared.database import Unit
from shared.inbox import Received

CALLS = (None, "task.offered", "role.alert")
"""Notices whose failure means that nobody was asked or told."""


@dataclass
class Heard:
    """One batch: referrals under change, and what is known of those who answered."""

    work: Work
    rosters: Mapping[str, Roster]
    loads: Mapping[str, Load]
    barred: Mapping[str, frozenset[str]]
    policy: PolicyDocument
    instances: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of notify: which were heard of, and the means each finds failing."""

    def facts(self, referral: Referral, officer: str, now: datetime) -> Facts:
        """The world as one officer's answer needs it."""
        roster = self.rosters[referral.pool]
        just = tuple(one for one in roster.officers if one.id == officer)
        alone = muster(Roster(roster.version, just), self.policy, now, self.loads)
        return Facts(alone, self.policy, self.barred)


@dataclass(frozen=True)
class Deliveries:
    """The consumer of `deliveries`."""

    policies: Policies
    officers: Officers

    async def load(self, unit: Unit, events: Sequence[Received]) -> Heard:
        """The referrals these notices were about, locked, and the load of officers who answered."""
        await self.policies.refresh(unit.connection)
        now = await unit.now()
        policy = self.policies.at(now)
        replied = {item.event.officer for item in events if isinstance(item.event, NoticeReplied)}
        referrals = await store.lock(unit.connection, _touched(events))
        pools = {referral.pool for referral in referrals} if replied else set()
        return Heard(
            work=Work.on(referrals),
            rosters={pool: await self.officers.roster(unit.connection, pool, policy, now) for pool in sorted(pools)},
            loads=await loads.of_officers(unit.connection, replied),
            barred=await store.bars(unit.connection, referrals),
            policy=policy,
        )

    def apply(self, state: Heard, received: Received, now: datetime) -> None:
        """Fold one event. An answer that does not apply changes nothing: the officer sees why when signing in."""
        event = received.event
        if isinstance(event, NotifyHeartbeat):
            state.instances[event.instance] = event.failing
        referral = _referral(state, event)
        if referral is None:
            return
        if isinstance(event, NoticeFailed) and event.last_means and event.type in CALLS:
            state.work.put(notice_failed(referral, event.to, now))
        elif isinstance(event, NoticeDelivered):
            state.work.put(drilled(referral, now))
        elif isinstance(event, NoticeReplied):
            self._answer(state, referral, event, now)

    def _answer(self, state: Heard, referral: Referral, event: NoticeReplied, now: datetime) -> None:
        facts = state.facts(referral, event.officer, now)
        force = facts.muster.standing.forces.get(event.officer)
        try:
            if event.answer == "no":
                state.work.put(decline(referral, event.officer, "busy", now))
            elif force is not None:
                state.work.put(accept(referral, Tap(event.officer, force, event.at), facts, now))
        except Refused:
            return

    async def save(self, unit: Unit, state: Heard) -> None:
        """Write the referrals and that notify was heard of; what is due anew wakes the driver."""
        everybody = [officer for roster in state.rosters.values() for officer in roster.officers]
        await save(unit, state.work, caps(everybody, state.policy))
        await health.heard_of(unit.connection, state.instances)
        unit.wake("driver")


def _touched(events: Sequence[Received]) -> list[UUID]:
    return [
        item.event.referral_id
        for item in events
        if isinstance(item.event, NoticeEvent) and _matters(item.event) and item.event.referral_id is not None
    ]


def _matters(event: NoticeEvent) -> bool:
    """Whether a referral may change by it. That something was delivered changes drills alone."""
    return isinstance(event, NoticeFailed | NoticeReplied) or (isinstance(event, NoticeDelivered) and event.exercise)


def _referral(state: Heard, event: object) -> Referral | None:
    if not isinstance(event, NoticeEvent) or event.referral_id is None:
        return None
    return state.work.referrals.get(event.referral_id)

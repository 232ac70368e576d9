"""Reports from intake: a referral opens, changes with its report, and ends with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.policies import Policies
from services.routing.rules.referral.changes import amend, erase, withdraw
from services.routing.rules.referral.opening import open_referral
from services.routing.rules.referral.state import Referral
from services.routing.store import referrals as store
from services.routing.store.work import Work, save
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import (
    ReportAmended,
    ReportErased,
    ReportEvent,
    ReportPicture,
    ReportReceived,
    ReportWithdrawn,
)
from shared.database import Unit
from shared.inbox import Received


@dataclass(frozen=True)
class Reports:
    """The consumer of `reports`."""

    policies: Policies

    async def load(self, unit: Unit, events: Sequence[Received]) -> Work:
        """The referrals of these reports, locked; those not opened yet are not there."""
        await self.policies.refresh(unit.connection)
        ids = [item.event.referral_id for item in events if isinstance(item.event, ReportEvent)]
        return Work.on(await store.lock(unit.connection, ids))

    def apply(self, state: Work, received: Received, now: datetime) -> None:
        """Fold one event: what is open already does not open again, what is not there does not change."""
        event = received.event
        if isinstance(event, ReportReceived):
            if event.referral_id not in state.referrals:
                state.put(open_referral(event, self._judging(event, self.policies.at(now)), now))
            return
        referral = state.referrals.get(event.referral_id) if isinstance(event, ReportEvent) else None
        if referral is not None:
            self._change(state, referral, event, now)

    def _change(self, state: Work, referral: Referral, event: object, now: datetime) -> None:
        match event:
            case ReportAmended():
                opened_by = self.policies.version(referral.policy_version) or self.policies.at(now)
                state.put(amend(referral, event, self._judging(event, opened_by), now))
            case ReportWithdrawn():
                state.put(withdraw(referral, event.reason, now))
            case ReportErased():
                state.put(erase(referral, event.why, now))

    def _judging(self, event: ReportPicture, first: PolicyDocument) -> PolicyDocument:
        """The policy whose clocks and ladder hold: the one named first, unless it has done away with the class.

        Then it is the one by which intake gave that class.
        """
        judged_by = self.policies.version(event.policy_version)
        return self.policies.with_class(event.response_class, first, judged_by)

    async def save(self, unit: Unit, state: Work) -> None:
        """Write the referrals and wake the driver for those that are new or due anew."""
        await save(unit, state, {})
        if state.events:
            unit.wake("driver")

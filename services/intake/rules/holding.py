"""How long an accepted report may wait for routing before a person must look (design §1.2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.contracts.policy import PolicyDocument


def hold(policy: PolicyDocument, risks: Iterable[str]) -> timedelta:
    """Real time that intake holds a report until `referral.opened` comes back: 5 s for the four risks, else 30 s."""
    raised = bool(set(risks) & set(policy.raising.risks))
    deadlines = policy.deadlines
    return timedelta(seconds=deadlines.hold_seconds_raised if raised else deadlines.hold_seconds)


def overdue(held_until: datetime | None, real_now: datetime) -> bool:
    """Whether a held report has waited too long. An opened one (`held_until` None) never has."""
    return held_until is not None and held_until <= real_now

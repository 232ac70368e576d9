"""Reports and referrals for the tests, and what a referral's story says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.routing.rules.matching.model import Officer
from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.opening import open_referral
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralEscalated, ReferralOffered, ReferralRoleAlerted, ReferralWaiting
from shared.contracts.reports import ReportAmended, ReportReceived
from tests.rules.routing.people import NOON, NORTH_HERTS, mustered
from tests.rules.routing.policies import default

ID = UUID("0197d2a0-0000-7000-8000-000000000001")


def words(**changes: Any) -> dict[str, Any]:
    """A priority request for support in Hertfordshire, as intake describes it."""
    plain: dict[str, Any] = {
        "referral_id": ID,
        "reference": "K7QM-4T9P",
        "sequence": 1,
        "at": NOON,
        "force": "herts",
        "district": NORTH_HERTS,
        "location_confidence": "high",
        "need": "support",
        "channel": "101",
        "requester_role": "victim",
        "grade": "priority",
        "contact_route": "person",
        "class": "priority",
        "policy_version": "default-1",
    }
    return plain | changes


def received(**changes: Any) -> ReportReceived:
    """That report."""
    return ReportReceived.model_validate(words(**changes))


def amended(changed: Sequence[str] = (), **changes: Any) -> ReportAmended:
    """That report after an amendment."""
    return ReportAmended.model_validate(words(sequence=2, changed=tuple(changed), **changes))


def opened(now: datetime = NOON, policy: PolicyDocument | None = None, /, **changes: Any) -> Transition:
    """A referral as it opens."""
    return open_referral(received(**changes), policy or default(), now)


def facts(now: datetime, *officers: Officer, policy: PolicyDocument | None = None, **more: Any) -> Facts:
    """The world at `now`, with those officers in it."""
    return Facts(mustered(*officers, now=now, policy=policy), policy or default(), **more)


def passing(referral: Referral, now: datetime, *officers: Officer) -> Transition:
    """What time makes of a referral at `now`."""
    return advance(referral, facts(now, *officers), now)


def story(events: Sequence[ReferralEvent]) -> list[str]:
    """Each event in a few words, as somebody would tell it."""
    return [_told(event) for event in events]


def _told(event: ReferralEvent) -> str:
    name = event.name.removeprefix("referral.")
    match event:
        case ReferralOffered():
            return f"{name} {' '.join(event.officers)}"
        case ReferralEscalated():
            return f"{name} {event.step} {event.role or ' '.join(event.to)}".strip()
        case ReferralRoleAlerted() | ReferralWaiting():
            return f"{name} {event.role} {event.why}"
    return name

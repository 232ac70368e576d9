"""What people have put on record about a referral, as JSON: attempts, a plan, a hand-over, a pause, who comes along."""

from typing import Any

from services.routing.rules.referral.records import Attempt
from services.routing.rules.referral.state import Referral


def on_record(referral: Referral) -> dict[str, Any]:
    """For its supervisors and its holder."""
    handover, pause, plan = referral.handover, referral.pause, referral.plan
    return {
        "attempts": [_attempt(attempt) for attempt in referral.attempts],
        "plan": plan.model_dump(mode="json") if plan else None,
        "handover": handover.model_dump() if handover else None,
        "pause": pause.model_dump() if pause else None,
        "helpers": [helper.model_dump() for helper in referral.helpers],
        "outcome": referral.outcome,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return attempt.model_dump(exclude={"recorded_at"})

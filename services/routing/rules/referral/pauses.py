"""Pausing: a supervisor stops the clocks for a while and says why. Somebody owns it all the same."""

from datetime import datetime, timedelta

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.holding import Misgiven, must_come
from services.routing.rules.referral.records import Pause
from services.routing.rules.referral.resuming import run_on
from services.routing.rules.referral.state import Referral
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralPaused


def pause(referral: Referral, asked: Pause, policy: PolicyDocument, now: datetime) -> Transition:
    """The clocks stand still from now (`asked.since` is ours to say) until `asked.until`.

    A longer or shorter pause replaces the one that runs; the same changes nothing. Raises Refused and Misgiven.
    """
    if not referral.is_open:
        raise Refused("not_open")
    before = referral.pause
    if before is not None and (before.until, before.reason) == (asked.until, asked.reason):
        return Transition(referral)
    draft = Draft(referral, now)
    since = before.since if before is not None else draft.now
    _must_be_allowed(asked, since, policy, draft.now)
    draft.put(pause=asked.model_copy(update={"since": since}))
    draft.say(ReferralPaused, until=asked.until, reason=asked.reason, by=asked.by)
    return draft.done()


def resume(referral: Referral, by: str, policy: PolicyDocument, now: datetime) -> Transition:
    """A supervisor lets the clocks run again; where they run already nothing changes."""
    if referral.pause is None or not referral.is_open:
        return Transition(referral)
    draft = Draft(referral, now)
    run_on(draft, min(draft.now, referral.pause.until), by, policy)
    return draft.done()


def _must_be_allowed(asked: Pause, since: datetime, policy: PolicyDocument, now: datetime) -> None:
    must_come("until", asked.until, now)
    if asked.until > since + timedelta(minutes=policy.deadlines.pause_limit_minutes):
        raise Misgiven("until", "too_far_ahead")
    if policy.codes.pause_reasons and asked.reason not in policy.codes.pause_reasons:
        raise Misgiven("reason", "unknown_code")

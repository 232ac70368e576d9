"""Reaching the person: by the means they agreed, never by a message they did not, and three tries over five days.

Nothing closes by itself: when tries fail a supervisor decides (domain.md §6, "Contact attempts").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.holding import Doer, Misgiven, held_by, must_come, must_have_been
from services.routing.rules.referral.records import Attempt
from services.routing.rules.referral.roles import new_alert, settle
from services.routing.rules.referral.state import Referral
from shared.contracts.lifecycle import AttemptOutcome
from shared.contracts.referrals import ReferralContactAttempted, ReferralContactMade, ReferralUnableToContact

CALLS = frozenset({"call", "video"})
"""Means on which a message is left with whoever hears it."""
IN_PERSON = "face_to_face"
ANY_MEANS = frozenset({"call", "text", "email", "video", IN_PERSON})
SAME = {"phone": "call", "sms": "text"}
"""Other words for the same means."""
NOT_OF_A_PERSON = frozenset({"officer_advice", "community_event", "awareness_session"})
"""Needs whose contact is a colleague or an organiser, who is rung like anybody at work."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody tells of one attempt."""

    means: str
    at: datetime
    outcome: AttemptOutcome
    next_step: str | None = None
    next_at: datetime | None = None
    next_update_by: datetime | None = None


def attempt(referral: Referral, doer: Doer, tried: Tried, now: datetime) -> Transition:
    """One attempt goes on record; told again it changes nothing. Raises Refused and Misgiven."""
    held_by(referral, doer)
    made = _record(doer, tried, max(now, referral.changed_at))
    if any(_same(made, earlier) for earlier in referral.attempts):
        return Transition(referral)
    _must_be_allowed(referral, made, tried, now)
    draft = Draft(referral, now)
    draft.put(attempts=(*referral.attempts, made))
    _say_attempted(draft, made, tried)
    if made.outcome == "spoke":
        _reached(draft, made, tried.next_update_by)
    else:
        if tried.next_update_by is not None:
            draft.clocks(next_update_due=tried.next_update_by)
        _failed(draft)
    return draft.done()


def agreed_means(referral: Referral) -> frozenset[str]:
    """The means that may be used. Nothing said is not a yes; who refused contact is reached by nobody."""
    picture = referral.picture
    rules = picture.contact_rules
    if picture.need in NOT_OF_A_PERSON:
        return ANY_MEANS
    found: set[str] = set(rules.means) if picture.contact_route == "person" else set()
    if picture.contact_route == "none" and not rules.means and not rules.refused:
        found |= ANY_MEANS
    if picture.how is not None and picture.how != "phone" and picture.contact_route == "person":
        found.add(picture.how)
    if picture.need == "attend_now" or picture.response_class == "immediate":
        found.add(IN_PERSON)
    return frozenset(found)


def safeguarded(referral: Referral) -> bool:
    """Whether somebody under 18 may be contacted: not before a human has taken on what that means."""
    if not referral.picture.under_18 and "child" not in referral.picture.risks:
        return True
    return all(alert.acknowledged for alert in referral.alerts if alert.kind == "risk")


def review_attempts(draft: Draft) -> None:
    """Give failed attempts to a supervisor once there are enough of them, or they have gone on for long enough."""
    referral, terms = draft.referral, draft.referral.terms
    if referral.review_at is None or (referral.failed_attempts < terms.attempts and referral.review_at > draft.now):
        return
    alert = new_alert(draft, "contact", terms.review_role, "unable_to_contact", terms.floor.ack_minutes)
    draft.put(failed_attempts=0, review_at=None)
    draft.say(ReferralUnableToContact, attempts=referral.failed_attempts, role=alert.role, due=alert.due)


def _failed(draft: Draft) -> None:
    referral = draft.referral
    review_at = referral.review_at or draft.now + timedelta(days=referral.terms.attempt_days)
    draft.put(failed_attempts=referral.failed_attempts + 1, review_at=review_at)
    review_attempts(draft)


def _record(doer: Doer, tried: Tried, now: datetime) -> Attempt:
    return Attempt(
        by=doer.addressee,
        means=SAME.get(tried.means, tried.means),
        at=tried.at,
        recorded_at=now,
        outcome=tried.outcome,
        next_step=tried.next_step,
        next_at=tried.next_at,
    )


def _same(one: Attempt, other: Attempt) -> bool:
    return (one.by, one.means, one.at, one.outcome) == (other.by, other.means, other.at, other.outcome)


def _must_be_allowed(referral: Referral, made: Attempt, tried: Tried, now: datetime) -> None:
    if made.means not in ANY_MEANS:
        raise Misgiven("means", "unknown_code")
    if made.outcome == "message_left" and made.means in CALLS and not referral.picture.contact_rules.voicemail_ok:
        raise Misgiven("outcome", "voicemail_not_allowed")
    if made.means not in agreed_means(referral):
        raise Misgiven("means", "not_agreed")
    if made.means != IN_PERSON and not safeguarded(referral):
        raise Refused("safeguarding_first")
    must_have_been("at", tried.at, now)
    must_come("next_at", tried.next_at, now, referral.terms.promise_minutes)
    must_come("next_update_by", tried.next_update_by, now, referral.terms.promise_minutes)


def _say_attempted(draft: Draft, made: Attempt, tried: Tried) -> None:
    draft.say(
        ReferralContactAttempted,
        officer=made.by,
        means=made.means,
        attempted_at=min(made.at, draft.now),
        outcome=made.outcome,
        attempt=len(draft.referral.attempts),
        next_step=made.next_step,
        next_at=made.next_at,
        next_update_by=tried.next_update_by,
    )


def _reached(draft: Draft, made: Attempt, next_update_by: datetime | None) -> None:
    meet_first_contact(draft, next_update_by)
    draft.say(
        ReferralContactMade,
        officer=made.by,
        means=made.means,
        made_at=min(made.at, draft.now),
        next_update_by=draft.referral.clocks.next_update_due,
    )


def meet_first_contact(draft: Draft, next_update_by: datetime | None) -> None:
    """First contact has been made and the next update is promised. A breach stays until there is a plan."""
    clocks, terms = draft.referral.clocks, draft.referral.terms
    promised = next_update_by or draft.now + timedelta(minutes=terms.update_minutes)
    missed = "first_contact" in clocks.breached
    draft.put(state="contacted", failed_attempts=0, review_at=None)
    draft.clocks(first_contact_due=clocks.first_contact_due if missed else None, next_update_due=promised)
    settle(draft, frozenset({"contact"}))

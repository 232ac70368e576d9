"""A referral's timeline in plain sentences. Pure.

Why an officer declined is left out altogether: naming the other reasons would give away the one nobody may see.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.routing.wording import class_words, plain, several, who
from shared.contracts import referrals as events
from shared.contracts.lifecycle import ReferralEvent
from shared.local_time import day_and_time

MEANS = {
    "call": "by phone",
    "phone": "by phone",
    "email": "by e-mail",
    "text": "by text",
    "face_to_face": "in person",
    "video": "by video",
}
OUTCOMES = {
    "spoke": "spoke to them",
    "no_answer": "no answer",
    "wrong_person": "reached somebody else",
    "unsafe": "not safe to talk",
    "message_left": "left a message",
}
CLOCKS = {
    "acknowledgement": "An owner",
    "first_contact": "First contact",
    "next_update": "A promised update",
    "duty_end": "The end of the owner's duty",
}
WISHES = {
    "gender": "the officer's gender",
    "language": "the language",
    "skill": "the officer's experience",
    "other_force": "an officer from another force",
}
TOLD = {
    "person": "The person has been told.",
    "referrer": "The referrer has been told.",
    "not_safe_until": "It is not safe to tell the person yet.",
}


def sentence(event: ReferralEvent) -> str:
    """What happened, in a sentence or two; times are local and read from the day it happened."""
    made = _SENTENCES.get(type(event))
    words = made(event) if made else plain(event.name.removeprefix("referral.")).capitalize() + "."
    return words[:1].upper() + words[1:]


FOR_ANY = (events.ReferralOpened, events.ReferralAccepted, events.ReferralWithdrawn, events.ReferralClosed)
"""What every officer who was asked may know."""
FOR_HOLDER = (
    events.ReferralContactAttempted,
    events.ReferralContactMade,
    events.ReferralUnableToContact,
    events.ReferralUpdateGiven,
    events.ReferralHandedOver,
    events.ReferralDutyEnding,
    events.ReferralKept,
    events.ReferralHelperJoined,
    events.ReferralHelperLeft,
    events.ReferralAssignedByOverride,
    events.ReferralBreached,
    events.ReferralPlanRecorded,
    events.ReferralPaused,
    events.ReferralResumed,
    events.ReferralAmended,
    events.ReferralReopened,
)
"""What the officer who has it needs besides."""


def seen_by(event: ReferralEvent, officer: str, holds: bool) -> ReferralEvent | None:
    """The event as an officer may know it: their own part, with the story too for the holder. None: not at all."""
    if isinstance(event, FOR_ANY) or (holds and isinstance(event, FOR_HOLDER)):
        return event
    if isinstance(event, events.ReferralOffered) and officer in event.officers:
        return event.model_copy(update={"officers": (officer,)})
    theirs = events.ReferralViewed | events.ReferralDeclined | events.ReferralReleased
    return event if isinstance(event, theirs) and event.officer == officer else None


def _by(event: ReferralEvent, at: datetime | None, lead: str) -> str:
    return f" {lead} {day_and_time(at, event.at)}." if at else ""


def _opened(event: events.ReferralOpened) -> str:
    return f"Opened as {class_words(event.response_class).lower()}.{_by(event, event.ack_due, 'Wanted an owner by')}"


def _offered(event: events.ReferralOffered) -> str:
    return f"Offered to {several(event.officers)}.{_by(event, event.respond_by, 'Answer wanted by')}"


def _viewed(event: events.ReferralViewed) -> str:
    return f"{who(event.officer)} has seen it."


def _accepted(event: events.ReferralAccepted) -> str:
    return f"{who(event.officer)} accepted.{_by(event, event.first_contact_due, 'First contact by')}"


def _declined(event: events.ReferralDeclined) -> str:
    return f"{who(event.officer)} declined."


def _waiting(event: events.ReferralWaiting) -> str:
    why = plain(event.why) + _about(event.wishes)
    return f"Now with {who(event.role)}: {why}.{_by(event, event.due, 'To be acknowledged by')}"


def _about(wishes: Sequence[str]) -> str:
    named = [WISHES.get(wish, plain(wish)) for wish in wishes]
    return f" about {' and '.join(named)}" if named else ""


def _escalated(event: events.ReferralEscalated) -> str:
    to = who(event.role) if event.role else several(event.to)
    first = min(event.steps, default=event.step)
    steps = f"steps {first} to {event.step} at once" if first < event.step else f"step {event.step}"
    return f"Taken further, {steps}: {to}.{_by(event, event.due, 'Wanted by')}"


def _alerted(event: events.ReferralRoleAlerted) -> str:
    again = f" again ({event.times} times now)" if event.times > 1 else ""
    why = f": {plain(event.why)}{_about(event.wishes)}"
    return f"{who(event.role)} was alerted{again}{why}.{_by(event, event.due, 'To be acknowledged by')}"


def _acknowledged(event: events.ReferralRoleAcknowledged | events.ReferralRiskAcknowledged) -> str:
    return f"{who(event.person)} acknowledged: {plain(event.outcome)}."


def _attempted(event: events.ReferralContactAttempted) -> str:
    how = MEANS.get(event.means, f"by {plain(event.means)}")
    said = f"{who(event.officer)} tried {how}: {OUTCOMES[event.outcome]}."
    step = f"Next: {plain(event.next_step)}" if event.next_step else ""
    when = _by(event, event.next_at, f"{step}," if step else "Next try at") or (step and f" {step}.")
    return said + when + _by(event, event.next_update_by, "Next update by")


def _made(event: events.ReferralContactMade) -> str:
    how = MEANS.get(event.means, f"by {plain(event.means)}")
    return f"{who(event.officer)} made contact {how}.{_by(event, event.next_update_by, 'Next update by')}"


def _unable(event: events.ReferralUnableToContact) -> str:
    return f"No contact after {event.attempts} tries. {who(event.role)} decides.{_by(event, event.due, 'By')}"


def _updated(event: events.ReferralUpdateGiven) -> str:
    return f"{who(event.officer)} gave the promised update.{_by(event, event.next_update_by, 'Next update by')}"


def _handed_over(event: events.ReferralHandedOver) -> str:
    giver, receiver = who(event.giver), who(event.receiver)
    if event.accepted:
        return f"{receiver} took over from {giver}."
    return f"{giver} asked {receiver} to take over, and has it until then.{_by(event, event.respond_by, 'Answer by')}"


def _duty_ending(event: events.ReferralDutyEnding) -> str:
    ends = day_and_time(event.ends_at, event.at)
    return f"{who(event.officer)} is off duty at {ends}, and was asked to keep it, hand it over or give it back."


def _kept(event: events.ReferralKept) -> str:
    return f"{who(event.officer)} keeps it beyond the end of their duty."


def _joined(event: events.ReferralHelperJoined) -> str:
    more = f" {event.still_wanted} more wanted." if event.still_wanted else ""
    return f"{who(event.officer)} comes along.{more}"


def _left(event: events.ReferralHelperLeft) -> str:
    return f"{who(event.officer)} does not come along after all."


def _released(event: events.ReferralReleased) -> str:
    return f"{who(event.officer)} gave it back."


def _assigned(event: events.ReferralAssignedByOverride) -> str:
    return f"{who(event.by)} chose {who(event.officer)}: {plain(event.reason)}."


def _repeat(event: events.ReferralRepeatConfirmed) -> str:
    return f"{who(event.by)} {'confirmed' if event.confirmed else 'ruled out'} that the person has reported before."


def _linked(event: events.ReferralLinked) -> str:
    return f"{who(event.by)} {'linked it with' if event.linked else 'parted it from'} {event.other}."


def _transferred(event: events.ReferralTransferred) -> str:
    return f"{who(event.by)} moved it from {event.from_force.capitalize()} to {event.to_force.capitalize()}."


def _handed_off(event: events.ReferralHandedOff) -> str:
    desk = plain(event.desk)
    if event.received:
        return f"{desk} confirmed that they have it."
    return f"Sent to {desk}. It stays ours until they confirm.{_by(event, event.receipt_due, 'Wanted by')}"


def _breached(event: events.ReferralBreached) -> str:
    return f"{CLOCKS[event.clock]} was due {day_and_time(event.was_due, event.at)} and was missed."


def _planned(event: events.ReferralPlanRecorded) -> str:
    return f"{who(event.by)} made a plan. {TOLD[event.told]}{_by(event, event.next_contact_by, 'Contact by')}"


def _paused(event: events.ReferralPaused) -> str:
    return f"{who(event.by)} stopped the clocks: {plain(event.reason)}.{_by(event, event.until, 'Until')}"


def _resumed(event: events.ReferralResumed) -> str:
    return f"{who(event.by)} started the clocks again." if event.by else "The clocks run again."


def _amended(event: events.ReferralAmended) -> str:
    changed = ", ".join(plain(code) for code in event.changed)
    return f"The report was changed{f': {changed}' if changed else ''}."


def _withdrawn(event: events.ReferralWithdrawn) -> str:
    return f"Withdrawn: {plain(event.reason)}."


def _closed(event: events.ReferralClosed) -> str:
    return f"{who(event.by)} closed it: {plain(event.outcome)}."


def _reopened(event: events.ReferralReopened) -> str:
    return f"{who(event.by)} opened it again{f': {plain(event.reason)}' if event.reason else ''}."


def _erased(_event: events.ReferralErased) -> str:
    return "The person's details were erased."


_SENTENCES: dict[type[ReferralEvent], Callable[[Any], str]] = {
    events.ReferralOpened: _opened,
    events.ReferralOffered: _offered,
    events.ReferralViewed: _viewed,
    events.ReferralAccepted: _accepted,
    events.ReferralDeclined: _declined,
    events.ReferralWaiting: _waiting,
    events.ReferralEscalated: _escalated,
    events.ReferralRoleAlerted: _alerted,
    events.ReferralRoleAcknowledged: _acknowledged,
    events.ReferralRiskAcknowledged: _acknowledged,
    events.ReferralContactAttempted: _attempted,
    events.ReferralContactMade: _made,
    events.ReferralUnableToContact: _unable,
    events.ReferralUpdateGiven: _updated,
    events.ReferralHandedOver: _handed_over,
    events.ReferralDutyEnding: _duty_ending,
    events.ReferralKept: _kept,
    events.ReferralHelperJoined: _joined,
    events.ReferralHelperLeft: _left,
    events.ReferralReleased: _released,
    events.ReferralAssignedByOverride: _assigned,
    events.ReferralRepeatConfirmed: _repeat,
    events.ReferralLinked: _linked,
    events.ReferralTransferred: _transferred,
    events.ReferralHandedOff: _handed_off,
    events.ReferralBreached: _breached,
    events.ReferralPlanRecorded: _planned,
    events.ReferralPaused: _paused,
    events.ReferralResumed: _resumed,
    events.ReferralAmended: _amended,
    events.ReferralWithdrawn: _withdrawn,
    events.ReferralClosed: _closed,
    events.ReferralReopened: _reopened,
    events.ReferralErased: _erased,
}

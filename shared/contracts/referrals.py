"""`referrals`: the life of a referral as routing lives it, internal detail included. Pseudonymous."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.lifecycle import Asked, AttemptOutcome, ClockName, DeclineCode, ReferralEvent, Told
from shared.contracts.model import (
    Addressee,
    Code,
    Codes,
    Count,
    Flag,
    Identifier,
    Instant,
    Label,
    OfficerId,
    Reference,
)
from shared.contracts.particulars import Need


class ReferralOpened(ReferralEvent):
    """Routing holds the referral from here on; its ladder and clocks are frozen."""

    name: ClassVar[str] = "referral.opened"
    grade: Code | None = None
    district: Label | None = None
    need: Need
    policy_version: Label
    contact_route: Literal["person", "referrer", "none"]
    ack_due: Instant | None = None
    first_contact_due: Instant | None = None


class ReferralOffered(ReferralEvent):
    """Put to officers until a deadline. `officers` are those asked now, not those asked before."""

    name: ClassVar[str] = "referral.offered"
    offer_id: Identifier
    officers: Asked
    respond_by: Instant
    step: Count
    why: Code


class ReferralViewed(ReferralEvent):
    """An officer opened the task after signing in."""

    name: ClassVar[str] = "referral.viewed"
    officer: OfficerId


class ReferralAccepted(ReferralEvent):
    """One officer holds it."""

    name: ClassVar[str] = "referral.accepted"
    officer: OfficerId
    offer_id: Identifier | None = None
    first_contact_due: Instant | None = None


class ReferralDeclined(ReferralEvent):
    """An officer cannot. The code `conflict` is shown to nobody."""

    name: ClassVar[str] = "referral.declined"
    officer: OfficerId
    code: DeclineCode
    offer_id: Identifier | None = None


class ReferralWaiting(ReferralEvent):
    """A staffed role holds it until somebody acknowledges.

    With `why` ask_person, `wishes` are what the person is to be asked about: gender, language, skill, other_force.
    """

    name: ClassVar[str] = "referral.waiting"
    role: Addressee
    due: Instant
    why: Code
    wishes: Codes = ()


class ReferralEscalated(ReferralEvent):
    """The ladder moved: to officers, or to a role. Steps passed during a stop come as one."""

    name: ClassVar[str] = "referral.escalated"
    step: Count
    steps: Annotated[tuple[Count, ...], Field(max_length=32)] = ()
    """Every step taken just now, `step` the last of them."""
    to: Asked = ()
    role: Addressee | None = None
    due: Instant | None = None
    why: Code = "step_due"


class ReferralRoleAlerted(ReferralEvent):
    """A staffed role is told at once and must acknowledge by `due`; `wishes` as in `referral.waiting`."""

    name: ClassVar[str] = "referral.role_alerted"
    role: Addressee
    why: Code
    due: Instant
    times: Count = 1
    wishes: Codes = ()


class ReferralRoleAcknowledged(ReferralEvent):
    """Somebody in the role has seen it and says what happens."""

    name: ClassVar[str] = "referral.role_acknowledged"
    role: Addressee
    person: Addressee
    outcome: Code


class ReferralRiskAcknowledged(ReferralEvent):
    """A supervisor has taken on one of the four risks."""

    name: ClassVar[str] = "referral.risk_acknowledged"
    role: Addressee
    person: Addressee
    outcome: Code


class ReferralContactAttempted(ReferralEvent):
    """The holder tried to reach the person."""

    name: ClassVar[str] = "referral.contact_attempted"
    officer: Addressee
    means: Code
    attempted_at: Instant
    outcome: AttemptOutcome
    attempt: Count = 1
    next_step: Code | None = None
    next_at: Instant | None = None
    next_update_by: Instant | None = None


class ReferralContactMade(ReferralEvent):
    """The holder spoke to the person."""

    name: ClassVar[str] = "referral.contact_made"
    officer: Addressee
    means: Code
    made_at: Instant
    next_update_by: Instant | None = None


class ReferralUnableToContact(ReferralEvent):
    """Every agreed attempt failed; a supervisor reviews it. Nothing closes by itself."""

    name: ClassVar[str] = "referral.unable_to_contact"
    attempts: Count
    role: Addressee
    due: Instant


class ReferralUpdateGiven(ReferralEvent):
    """The holder kept a promised update and promised the next."""

    name: ClassVar[str] = "referral.update_given"
    officer: Addressee
    next_update_by: Instant | None = None


class ReferralHandedOver(ReferralEvent):
    """A hand-over was asked (`accepted` false: the giver still holds it) or taken."""

    name: ClassVar[str] = "referral.handed_over"
    giver: Addressee
    receiver: OfficerId
    accepted: Flag
    respond_by: Instant | None = None


class ReferralDutyEnding(ReferralEvent):
    """The holder's duty ends soon: they keep it, hand it over or give it back; else the coordinator is told."""

    name: ClassVar[str] = "referral.duty_ending"
    officer: OfficerId
    ends_at: Instant


class ReferralKept(ReferralEvent):
    """The holder keeps it beyond the end of their duty."""

    name: ClassVar[str] = "referral.kept"
    officer: OfficerId
    beyond: Instant


class ReferralHelperJoined(ReferralEvent):
    """Another officer comes along, where more than one is wanted; the holder stays the holder."""

    name: ClassVar[str] = "referral.helper_joined"
    officer: OfficerId
    still_wanted: Count = 0


class ReferralHelperLeft(ReferralEvent):
    """An officer does not come along after all."""

    name: ClassVar[str] = "referral.helper_left"
    officer: OfficerId
    code: Code


class ReferralReleased(ReferralEvent):
    """The holder gave it back."""

    name: ClassVar[str] = "referral.released"
    officer: Addressee
    code: Code


class ReferralAssignedByOverride(ReferralEvent):
    """A supervisor chose, against or before the ranking, and says why.

    The officer is asked alone and holds it once they accept; whoever held it or was asked before no longer is.
    """

    name: ClassVar[str] = "referral.assigned_by_override"
    officer: OfficerId
    by: Addressee
    reason: Code
    note_id: Identifier | None = None


class ReferralRepeatConfirmed(ReferralEvent):
    """A human says whether the earlier reports are of the same person; who and how many is on no topic."""

    name: ClassVar[str] = "referral.repeat_confirmed"
    confirmed: Flag
    by: Addressee


class ReferralLinked(ReferralEvent):
    """A human says that two referrals are about one thing (`linked` false: no longer)."""

    name: ClassVar[str] = "referral.linked"
    other: Reference
    linked: Flag = True
    by: Addressee


class ReferralTransferred(ReferralEvent):
    """Another force owns it now."""

    name: ClassVar[str] = "referral.transferred"
    from_force: Code
    to_force: Code
    by: Addressee


class ReferralHandedOff(ReferralEvent):
    """Sent to a desk outside; it stays `waiting` until the receipt is recorded."""

    name: ClassVar[str] = "referral.handed_off"
    desk: Code
    received: Flag = False
    receipt_due: Instant | None = None
    their_ref: Label | None = None
    by: Addressee | None = None


class ReferralBreached(ReferralEvent):
    """A clock ran out; a first-contact breach clears only with a plan."""

    name: ClassVar[str] = "referral.breached"
    clock: ClockName
    was_due: Instant


class ReferralPlanRecorded(ReferralEvent):
    """What the person was told and when they will be contacted."""

    name: ClassVar[str] = "referral.plan_recorded"
    by: Addressee
    next_contact_by: Instant
    told: Told
    told_at: Instant | None = None
    told_by: Addressee | None = None
    note_id: Identifier | None = None


class ReferralPaused(ReferralEvent):
    """A supervisor stopped the clocks for a while."""

    name: ClassVar[str] = "referral.paused"
    until: Instant
    reason: Code
    by: Addressee


class ReferralResumed(ReferralEvent):
    """The clocks run again; `by` is None when the pause ran out."""

    name: ClassVar[str] = "referral.resumed"
    by: Addressee | None = None


class ReferralAmended(ReferralEvent):
    """The report changed; clocks are computed anew, still from opening."""

    name: ClassVar[str] = "referral.amended"
    changed: Codes = ()
    grade: Code | None = None
    district: Label | None = None
    ack_due: Instant | None = None
    first_contact_due: Instant | None = None


class ReferralWithdrawn(ReferralEvent):
    """No longer wanted; whoever was asked is told."""

    name: ClassVar[str] = "referral.withdrawn"
    reason: Code


class ReferralClosed(ReferralEvent):
    """A human closed it."""

    name: ClassVar[str] = "referral.closed"
    outcome: Code
    by: Addressee


class ReferralReopened(ReferralEvent):
    """A human opened it again; its ladder starts anew."""

    name: ClassVar[str] = "referral.reopened"
    by: Addressee
    reason: Code | None = None


class ReferralErased(ReferralEvent):
    """The person's details are gone for good."""

    name: ClassVar[str] = "referral.erased"
    why: Code = "retention"

"""What its holder does: contact, updates, handing over, giving back; and who helps."""

from typing import ClassVar

from shared.contracts.lifecycle import AttemptOutcome, ReferralEvent
from shared.contracts.model import (
    Addressee,
    Code,
    Count,
    Flag,
    Instant,
    OfficerId,
)


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

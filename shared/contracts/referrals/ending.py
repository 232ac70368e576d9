"""How it changes from outside, and how it ends."""

from typing import ClassVar

from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.model import (
    Addressee,
    Code,
    Codes,
    Instant,
    Label,
)


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

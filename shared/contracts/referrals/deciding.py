"""What supervisors decide, and clocks that ran out."""

from typing import ClassVar

from shared.contracts.lifecycle import ClockName, ReferralEvent, Told
from shared.contracts.model import (
    Addressee,
    Code,
    Flag,
    Identifier,
    Instant,
    Label,
    OfficerId,
    Reference,
)


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

"""`outbound.<force>`: what intake alone tells a control room, one line for its log at a time.

Readers are told to ignore fields they do not know. Nothing here is personal, and nothing says why.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from shared.contracts.lifecycle import AttemptOutcome, ClockName, Told, code_shown
from shared.contracts.logline import Outbound, OutboundReport
from shared.contracts.model import Addressee, Code, Flag, Instant, Label, Part, Reference


class Fault(Part):
    """One thing wrong with a record: field and reason, never a value."""

    field: Label
    reason: Code


class ReportAccepted(OutboundReport):
    """We hold it, durably."""

    name: ClassVar[str] = "report.accepted"
    response_class: Code = Field(alias="class")
    ack_due: Instant


class ReportRejected(Outbound):
    """We could not use a record, and this is why."""

    name: ClassVar[str] = "report.rejected"
    code: Code
    errors: Annotated[tuple[Fault, ...], Field(min_length=1, max_length=64)]


class ReportReceivedOnline(OutboundReport):
    """Somebody reported to us directly: tie it to an incident by an amendment before `tie_by`."""

    name: ClassVar[str] = "report.received_online"
    tie_by: Instant


class ReportUnrouted(OutboundReport):
    """Routing has not taken it on in time; a person must."""

    name: ClassVar[str] = "report.unrouted"


class ReferralOffered(OutboundReport):
    """Officers have been asked."""

    name: ClassVar[str] = "referral.offered"
    respond_by: Instant | None = None
    step: int | None = None
    officers_asked: int | None = None


class ReferralAccepted(OutboundReport):
    """An officer holds it: see `holder`."""

    name: ClassVar[str] = "referral.accepted"


class ReferralDeclined(OutboundReport):
    """An officer cannot."""

    name: ClassVar[str] = "referral.declined"
    code: Code | None = None

    @field_validator("code", mode="before")
    @classmethod
    def _conflict_is_never_shown(cls, value: Any) -> Any:
        return code_shown(value)


class ReferralWaiting(OutboundReport):
    """A staffed role holds it."""

    name: ClassVar[str] = "referral.waiting"
    role: Addressee | None = None
    why: Code | None = None


class ReferralEscalated(OutboundReport):
    """The next step of the ladder was taken."""

    name: ClassVar[str] = "referral.escalated"
    step: int | None = None
    role: Addressee | None = None


class ReferralRoleAlerted(OutboundReport):
    """A staffed role was told."""

    name: ClassVar[str] = "referral.role_alerted"
    role: Addressee | None = None


class ReferralRoleAcknowledged(OutboundReport):
    """Somebody in the role has seen it."""

    name: ClassVar[str] = "referral.role_acknowledged"
    role: Addressee | None = None
    outcome: Code | None = None


class ReferralRiskAcknowledged(OutboundReport):
    """A supervisor has taken it on."""

    name: ClassVar[str] = "referral.risk_acknowledged"
    role: Addressee | None = None
    outcome: Code | None = None


class ReferralContactAttempted(OutboundReport):
    """The holder tried."""

    name: ClassVar[str] = "referral.contact_attempted"
    outcome: AttemptOutcome | None = None
    next_update_by: Instant | None = None


class ReferralContactMade(OutboundReport):
    """The holder got through."""

    name: ClassVar[str] = "referral.contact_made"
    next_update_by: Instant | None = None


class ReferralUnableToContact(OutboundReport):
    """Every agreed attempt failed; a supervisor reviews it."""

    name: ClassVar[str] = "referral.unable_to_contact"


class ReferralUpdateGiven(OutboundReport):
    """A promised update was kept."""

    name: ClassVar[str] = "referral.update_given"
    next_update_by: Instant | None = None


class ReferralHandedOver(OutboundReport):
    """From one officer to another; `accepted` false while it is only asked."""

    name: ClassVar[str] = "referral.handed_over"
    accepted: Flag = True


class ReferralKept(OutboundReport):
    """The holder keeps it beyond the end of their duty."""

    name: ClassVar[str] = "referral.kept"


class ReferralHelperJoined(OutboundReport):
    """Another officer comes along; the holder stays the holder."""

    name: ClassVar[str] = "referral.helper_joined"
    still_wanted: int | None = None


class ReferralHelperLeft(OutboundReport):
    """An officer does not come along after all; another is sought."""

    name: ClassVar[str] = "referral.helper_left"


class ReferralReleased(OutboundReport):
    """The holder gave it back."""

    name: ClassVar[str] = "referral.released"


class ReferralAssignedByOverride(OutboundReport):
    """A supervisor chose an officer, who is asked alone; see `holder` once they have accepted."""

    name: ClassVar[str] = "referral.assigned_by_override"


class ReferralLinked(OutboundReport):
    """Tied to another referral, or no longer."""

    name: ClassVar[str] = "referral.linked"
    other: Reference | None = None
    linked: Flag = True


class ReferralTransferred(OutboundReport):
    """Another force owns it now; both are told from here on."""

    name: ClassVar[str] = "referral.transferred"
    from_force: Code | None = None
    to_force: Code | None = None


class ReferralHandedOff(OutboundReport):
    """Sent to a desk outside."""

    name: ClassVar[str] = "referral.handed_off"
    desk: Code | None = None
    received: Flag = False


class ReferralBreached(OutboundReport):
    """A clock ran out."""

    name: ClassVar[str] = "referral.breached"
    clock: ClockName | None = None


class ReferralPlanRecorded(OutboundReport):
    """There is a plan, and it says who was told."""

    name: ClassVar[str] = "referral.plan_recorded"
    told: Told | None = None
    next_contact_by: Instant | None = None


class ReferralPaused(OutboundReport):
    """The clocks stand still."""

    name: ClassVar[str] = "referral.paused"
    until: Instant | None = None


class ReferralResumed(OutboundReport):
    """The clocks run again."""

    name: ClassVar[str] = "referral.resumed"


class ReferralAmended(OutboundReport):
    """The amendment was taken in."""

    name: ClassVar[str] = "referral.amended"
    response_class: Code | None = Field(default=None, alias="class")


class ReferralWithdrawn(OutboundReport):
    """No longer wanted."""

    name: ClassVar[str] = "referral.withdrawn"


class ReferralClosed(OutboundReport):
    """Closed by a human."""

    name: ClassVar[str] = "referral.closed"
    outcome: Code | None = None


class ReferralReopened(OutboundReport):
    """Open again."""

    name: ClassVar[str] = "referral.reopened"


class ReferralErased(OutboundReport):
    """The person's details are gone for good."""

    name: ClassVar[str] = "referral.erased"


class ServiceHeartbeat(Outbound):
    """Liaison is there; every 30 s."""

    name: ClassVar[str] = "service.heartbeat"


class ServiceDegraded(Outbound):
    """A part is away; `parts` says which."""

    name: ClassVar[str] = "service.degraded"
    parts: Annotated[tuple[Code, ...], Field(max_length=16)] = ()


class ServiceRestored(Outbound):
    """A part that was away is back; `parts` says which."""

    name: ClassVar[str] = "service.restored"
    parts: Annotated[tuple[Code, ...], Field(max_length=16)] = ()

"""`inbound.<force>`: what a control room sends; and the bodies that come over HTTPS in the same words."""

from typing import ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.contact import Contact, ContactOnTopic
from shared.contracts.model import Code, Door, DoorPart, Flag, Instant, Officers, SpokenReference, Token
from shared.contracts.particulars import (
    Channel,
    Grade,
    IdempotencyKey,
    Locations,
    Need,
    OfficersInCase,
    PlannedEvent,
    Preferences,
    Requester,
    Risks,
    Source,
    Strands,
)


class ReportFields(DoorPart):
    """What a report says whichever way it comes in."""

    received_at: Instant
    occurred_from: Instant | None = None
    occurred_to: Instant | None = None
    channel: Channel
    need: Need
    requester: Requester
    incident_kind: Code
    strands: Strands = ()
    grade: Grade | None = None
    risks: Risks = ()
    under_18: Flag = False
    wants_recording: Flag | None = None
    locations: Locations = ()
    preferences: Preferences = Preferences()
    officers_in_case: OfficersInCase = OfficersInCase()
    connected_officers: Officers = ()
    complaint_against_police: Flag = False
    person_hint: Token | None = None
    event: PlannedEvent | None = None
    exercise: Flag = False


class ReportSubmitted(ReportFields, Door):
    """A report from a control room."""

    name: ClassVar[str] = "report.submitted"

    source: Source
    idempotency_key: IdempotencyKey
    contact: ContactOnTopic | None = None


class ReportBody(ReportFields):
    """The body of `POST /v1/reports`.

    `source` may be absent for the public form alone, `idempotency_key` when the header stands for it:
    the endpoint knows which.
    """

    source: Source | None = None
    idempotency_key: IdempotencyKey | None = None
    contact: Contact | None = None


class Amendments(DoorPart):
    """What may change about a report; what is None stays as it was."""

    source: Source | None = None
    grade: Grade | None = None
    risks: Risks | None = None
    incident_kind: Code | None = None
    strands: Strands | None = None
    locations: Locations | None = None
    preferences: Preferences | None = None
    connected_officers: Officers | None = None
    officers_in_case: OfficersInCase | None = None

    def changed(self) -> tuple[str, ...]:
        """The names of the fields that this amendment changes, in the contract's order."""
        return tuple(name for name in (*Amendments.model_fields, "contact") if getattr(self, name, None) is not None)


class ReportAmended(Amendments, Door):
    """A change to a report, addressed by our reference or by the sender's own key."""

    name: ClassVar[str] = "report.amended"

    reference: SpokenReference | None = None
    idempotency_key: IdempotencyKey | None = None
    contact: ContactOnTopic | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _addressed(self.reference, self.idempotency_key)
        _something_changes(self)
        return self


class ReportWithdrawn(Door):
    """The report is no longer wanted."""

    name: ClassVar[str] = "report.withdrawn"

    reference: SpokenReference | None = None
    idempotency_key: IdempotencyKey | None = None
    reason: Code

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _addressed(self.reference, self.idempotency_key)
        return self


class AmendmentBody(Amendments):
    """The body of `POST /v1/reports/{reference}/amendments`."""

    contact: Contact | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _something_changes(self)
        return self


class WithdrawalBody(DoorPart):
    """The body of `POST /v1/reports/{reference}/withdrawal`."""

    reason: Code


def _addressed(reference: str | None, idempotency_key: str | None) -> None:
    if reference is None and idempotency_key is None:
        raise PydanticCustomError("required", "neither reference nor idempotency_key", {"field": "reference"})


def _something_changes(amendments: Amendments) -> None:
    if not amendments.changed():
        raise PydanticCustomError("nothing_to_change", "no field that may be amended")

"""`reports`: what intake tells routing. Pseudonymous: who the person is stays in intake's vault."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt

from shared.contracts.contact import Window
from shared.contracts.model import (
    Addressee,
    Code,
    Codes,
    Count,
    Event,
    Flag,
    Identifier,
    Instant,
    Label,
    OfficerId,
    Officers,
    Part,
    Reference,
    Sequence,
    Token,
)
from shared.contracts.particulars import Channel, How, Need, RequesterRole, Word, Words

Kilometres = Annotated[StrictInt, Field(ge=0, le=1_300)]
"""On the National Grid, rounded down."""


class Area(Part):
    """Roughly where: a postcode sector and the kilometre square, never an address."""

    sector: Label | None = None
    easting_km: Kilometres | None = None
    northing_km: Kilometres | None = None


class Earlier(Part):
    """Earlier reports for what may be the same person; a human confirms before any of it shows."""

    count: Count
    last_officer: OfficerId | None = None


class ContactRules(Part):
    """Which means the person has said are safe."""

    means: Annotated[tuple[Literal["call", "text", "email"], ...], Field(max_length=3)] = ()
    voicemail_ok: Flag = False
    refused: Flag = False
    """Nobody contacts the person: they said so, or have not agreed to it."""


class GenderAsked(Part):
    """The gender of officer asked for, and whether nobody else will do."""

    value: Word
    required: Flag = False


class EventAsked(Part):
    """A planned event without its words: organiser and audience stay with intake."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    venue_district: Label | None = None
    officers_wanted: Count = 1


class ReportEvent(Event):
    """What every event about a report carries."""

    referral_id: Identifier
    reference: Reference
    sequence: Sequence
    at: Instant
    exercise: Flag = False


class ReportPicture(Part):
    """Everything routing may know about a report, as it stands now."""

    force: Code
    """Who owns it; the source's force while the place is unresolved or outside the three."""
    source_force: Code | None = None
    district: Label | None = None
    location_confidence: Literal["high", "low", "none"]
    area: Area | None = None
    need: Need
    channel: Channel
    requester_role: RequesterRole
    grade: Code | None = None
    risks: Codes = ()
    under_18: Flag = False
    needs: Words = ()
    languages: Words = ()
    required_skills: Words = ()
    """All of them, or the person is asked; what they would merely like is in `needs`, and so are these."""
    required_languages: Words = ()
    """One of them, or the person is asked; they are among `languages` too."""
    officer_gender: GenderAsked | None = None
    how: How | None = None
    cross_force: Flag = True
    known_officers: Officers = ()
    excluded_officers: Officers = ()
    connected_officers: Officers = ()
    officers_in_case: Officers = ()
    complaint_against_police: Flag = False
    person: Token | None = None
    """A pseudonym by keyed hash; the same person, the same pseudonym, for 12 months."""
    earlier: Earlier | None = None
    contact_route: Literal["person", "referrer", "none"]
    contact_windows: Annotated[tuple[Window, ...], Field(max_length=32)] = ()
    contact_rules: ContactRules = ContactRules()
    response_class: Code = Field(alias="class")
    event: EventAsked | None = None
    policy_version: Label
    suspected_duplicate_of: Reference | None = None
    desk: Code | None = None
    """The hand-off desk intake found: out of area, on the railway, outside the scheme. None: ours."""
    received_at: Instant | None = None
    drill: Flag = False
    """An exercise that Liaison runs by itself: it ends when a notice of it has been delivered."""


class ReportReceived(ReportEvent, ReportPicture):
    """A report was accepted and waits for routing to open a referral."""

    name: ClassVar[str] = "report.received"


class ReportAmended(ReportEvent, ReportPicture):
    """A report changed: the whole picture again, and the names of the fields that changed."""

    name: ClassVar[str] = "report.amended"

    changed: Codes = ()


class ReportWithdrawn(ReportEvent):
    """The report is no longer wanted."""

    name: ClassVar[str] = "report.withdrawn"

    reason: Code
    by: Addressee | None = None


class ReportErased(ReportEvent):
    """The person's details are gone for good."""

    name: ClassVar[str] = "report.erased"

    why: Code = "retention"

"""The parts of a report as a sender gives them (contract §1, `report.submitted`)."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.contact import Postcode
from shared.contracts.model import (
    Code,
    Codes,
    Day,
    DoorPart,
    Flag,
    Instant,
    Label,
    OfficerId,
    Officers,
    Token,
)

Channel = Literal["101", "999", "online", "front_counter", "third_party", "officer", "control_room"]
Need = Literal["support", "advice", "officer_advice", "attend_now", "community_event", "awareness_session"]
RequesterRole = Literal["victim", "witness", "friend_or_family", "third_party", "officer", "control_room", "public"]
How = Literal["face_to_face", "phone", "video"]
Word = Annotated[Label, StringConstraints(max_length=40)]
"""A skill, a language or a gender, as the roster writes it too."""
Words = Annotated[tuple[Word, ...], Field(max_length=32)]


class Source(DoorPart):
    """Where a report came from, in the sender's own terms. Incident numbers start again every day."""

    system: Label
    force: Code
    operator: Label | None = None
    incident_ref: Label | None = None
    incident_date: Day | None = None
    request_ref: Label | None = None
    crime_ref: Label | None = None


class Requester(DoorPart):
    """Who is asking, for whom, and whether the person knows."""

    role: RequesterRole
    consents_to_contact: Flag
    basis: Label | None = None
    organisation: Label | None = None
    person_knows: Flag | None = None


class Strand(DoorPart):
    """Why the person may have been chosen, and who thinks so."""

    strand: Code
    perceived_by: Literal["victim", "witness", "officer", "other"]


class Grade(DoorPart):
    """The control room's own grade; never changed by us."""

    value: Code
    by: Label
    at: Instant


class Location(DoorPart):
    """One place that matters. A home's postcode is a personal detail and belongs in `contact.details`."""

    kind: Literal["incident", "home", "meeting", "rail"]
    postcode: Postcode | None = None
    district: Label | None = None
    low_detail: Flag = False

    @model_validator(mode="after")
    def _home_stays_private(self) -> "Location":
        if self.kind == "home" and self.postcode is not None:
            raise PydanticCustomError("details_in_clear", "a home's postcode", {"field": "postcode"})
        return self


class OfficerGender(DoorPart):
    """The gender of officer the person asks for, and whether nobody else will do."""

    value: Word
    required: Flag


class Preferences(DoorPart):
    """What the person would like."""

    skills: Words = ()
    skills_required: Flag = False
    """Nobody else will do than an officer with all of `skills`."""
    languages: Words = ()
    languages_required: Flag = False
    """Nobody else will do than an officer who speaks one of `languages`."""
    officer_gender: OfficerGender | None = None
    how: How | None = None
    cross_force: Flag = True
    known_officers: Officers = ()
    excluded_officers: Officers = ()


class OfficersInCase(DoorPart):
    """Officers who are told that a liaison officer is involved."""

    attending: OfficerId | None = None
    investigating: OfficerId | None = None


class PlannedEvent(DoorPart):
    """A community event or an awareness session."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    venue_district: Label | None = None
    audience: Label | None = None
    officers_wanted: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    organiser: Label | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "PlannedEvent":
        if self.starts_at and self.ends_at and self.ends_at < self.starts_at:
            raise PydanticCustomError("ends_before_it_starts", "ends first", {"field": "ends_at"})
        return self


IdempotencyKey = Token
Risks = Codes
Strands = Annotated[tuple[Strand, ...], Field(max_length=16)]
Locations = Annotated[tuple[Location, ...], Field(max_length=16)]

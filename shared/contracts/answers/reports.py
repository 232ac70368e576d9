"""Reports as intake shows them to the control room that sent them, and what it was told about them."""

from typing import Literal

from pydantic import ConfigDict, Field

from shared.contracts.lifecycle import State
from shared.contracts.logline import Outbound, SourceEcho
from shared.contracts.model import Code, Flag, Holder, Instant, Label, Part, Reference, Token


class ReportTaken(Part):
    """We hold it, durably; `delayed`: routing hears of it once the broker is there again."""

    reference: Reference
    status: Literal["accepted", "delayed"]


class ReportChecked(Part):
    """What would become of it (`?dry_run=true`); nothing was kept."""

    reference: None
    status: Literal["valid"]
    response_class: Code = Field(alias="class")
    force: Code
    district: Label | None
    location_confidence: Literal["high", "low", "none"]
    desk: Code | None


class ContactLeft(Part):
    """The handle by which one report claims the details, once, until it expires."""

    handle: Token
    expires_at: Instant


class ReportShown(Part):
    """A report and where it stands; `as_of` is when it was known to stand so."""

    reference: Reference
    source: SourceEcho
    idempotency_key: Token
    state: State
    holder: Holder | None
    next_due: Instant | None
    response_class: Code = Field(alias="class")
    grade: Code | None
    risks: tuple[Code, ...]
    need: Code
    channel: Code
    force: Code
    district: Label | None
    location_confidence: Literal["high", "low", "none"]
    desk: Code | None
    contact_route: Literal["person", "referrer", "none"]
    policy_version: Label
    received_at: Instant
    accepted_at: Instant
    ack_due: Instant
    opened: Flag
    unrouted_at: Instant | None
    withdrawn_at: Instant | None
    exercise: Flag
    as_of: Instant


class ReportList(Part):
    """The reports of one incident."""

    items: tuple[ReportShown, ...]
    next: str | None
    as_of: Instant


class ToldLine(Outbound):
    """An event of `outbound`, its own fields beside what every one carries; `id` goes on from here."""

    model_config = ConfigDict(extra="allow")

    id: Token
    type: Label


class ToldList(Part):
    """What one's control room was told, oldest first."""

    items: tuple[ToldLine, ...]
    next: str | None


class ForceCodes(Part):
    """A force's own codes: its grades, and its districts by their ONS codes."""

    name: Label
    grades: tuple[Code, ...]
    districts: dict[str, str]


class CodesShown(Part):
    """The codes a sender may use at an instant."""

    at: Instant
    version: Label
    effective_from: Instant
    strands: tuple[Code, ...]
    incident_kinds: tuple[Code, ...]
    risks: tuple[Code, ...]
    needs: tuple[Code, ...]
    skills: tuple[Code, ...]
    withdrawal_reasons: tuple[Code, ...]
    classes: tuple[Code, ...]
    forces: dict[str, ForceCodes]

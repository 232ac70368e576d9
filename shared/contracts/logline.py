"""What every line we write into a control room's log carries."""

from typing import Annotated

from pydantic import StringConstraints

from shared.contracts.lifecycle import State
from shared.contracts.model import Code, Day, Event, Holder, Instant, Label, Part, Reference, Token
from shared.contracts.model import Sequence as SequenceNumber

LogLine = Annotated[Label, StringConstraints(max_length=120)]
"""Local time, nothing personal, `EXERCISE` first where it is one."""


class SourceEcho(Part):
    """The sender's own terms for the report, given back so that it can tie the two together."""

    system: Label
    force: Code
    operator: Label | None = None
    incident_ref: Label | None = None
    incident_date: Day | None = None
    request_ref: Label | None = None
    crime_ref: Label | None = None


class Outbound(Event):
    """What every outbound event carries; null where there is no report behind it or it could not be read."""

    reference: Reference | None = None
    source: SourceEcho | None = None
    idempotency_key: Token | None = None
    in_reply_to: Token | None = None
    sequence: SequenceNumber | None = None
    at: Instant
    state: State | None = None
    holder: Holder | None = None
    next_due: Instant | None = None
    log_line: LogLine


class OutboundReport(Outbound):
    """An outbound event about a report we hold."""

    reference: Reference
    sequence: SequenceNumber
    state: State

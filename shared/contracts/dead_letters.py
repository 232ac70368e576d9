"""`dead-letters`: where a record stands that a service could not handle. Never its content."""

from typing import Annotated, ClassVar

from pydantic import Field, StrictInt

from shared.contracts.model import Code, Count, Event, Identifier, Instant, Label, Part

Offset = Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]


class FieldAndReason(Part):
    """A field's path and what is wrong with it."""

    field: Label
    reason: Code


class DeadLetterRecorded(Event):
    """The bytes are sealed in the service's own table; operations replay or discard them there."""

    name: ClassVar[str] = "dead_letter.recorded"

    service: Code
    topic: Label
    partition: Count
    offset: Offset
    journal_id: Identifier | None = None
    reason: Code
    fields: Annotated[tuple[FieldAndReason, ...], Field(max_length=64)] = ()
    at: Instant

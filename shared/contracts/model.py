"""What every event is made of: frozen models, bounded types, and names on the wire.

Strict at the doors (`Door`, `DoorPart` refuse unknown fields), tolerant inside (`Event`, `Part` ignore them and
give new fields defaults), so that each service can be rolled back alone.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from shared.identifiers import REFERENCE_PATTERN, normalise_reference

CODE_PATTERN = r"^[a-z0-9_]{1,40}$"
OFFICER_PATTERN = r"^[A-Za-z0-9_.\-]{1,40}$"
ADDRESSEE_PATTERN = r"^[A-Za-z0-9_.:\-]{1,80}$"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What would break a line, a log or a table; joiners and wide spaces belong to people's names."""
EARLIEST, LATEST = 1900, 2199
"""Years; the rest is a slip of the keyboard, and would overflow when moved between time zones."""


class Part(BaseModel):
    """A piece of an event inside: frozen, ignores fields it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
    )


class DoorPart(Part):
    """A piece of what others send us: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Event(Part):
    """Something that happened. `name` is `report.received`; the wire's type is `liaison.report.received.v1`."""

    name: ClassVar[str]

    @classmethod
    def ce_type(cls) -> str:
        """The CloudEvents type of this event."""
        return f"liaison.{cls.name}.v1"

    def to_json(self) -> bytes:
        """The payload as it goes onto a topic."""
        return self.model_dump_json().encode()


class Door(Event):
    """An event that others send us: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul_or_surrogate", "holds a NUL")
    return text


def _one_line(text: str) -> str:
    if CONTROL.search(text):
        reason = "nul_or_surrogate" if "\x00" in text else "control_character"
        raise PydanticCustomError(reason, "holds a control character")
    return text


def _written_time(value: Any) -> Any:
    # Pydantic reads bare numbers as seconds since 1970; on our topics a time is always written out.
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or value[4:5] != "-" or len(value) > 40:
        raise PydanticCustomError("not_a_time", "is not an ISO 8601 time with an offset")
    return value


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise PydanticCustomError("no_offset", "has no offset")
    if not EARLIEST <= value.year <= LATEST:
        raise PydanticCustomError("out_of_range", "is not a plausible year")
    return value


def _written_day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) != 10 or value[4] != "-":
        raise PydanticCustomError("not_a_date", "is not a date written YYYY-MM-DD")
    return value


def _plausible(value: date) -> date:
    if not EARLIEST <= value.year <= LATEST:
        raise PydanticCustomError("out_of_range", "is not a plausible year")
    return value


def _reference(value: str) -> str:
    reference = normalise_reference(value)
    if reference is None:
        raise PydanticCustomError("not_a_reference", "is not a reference")
    return reference


Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
"""Free text over several lines; for the vault alone."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(_one_line)]
"""One printable line: another system's name for something."""
Token = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
"""An opaque string that somebody else made: an idempotency key, a handle, a pseudonym."""
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
"""A code of the policy: `[a-z0-9_]{1,40}`."""
OfficerId = Annotated[str, StringConstraints(pattern=OFFICER_PATTERN)]
Addressee = Annotated[str, StringConstraints(pattern=ADDRESSEE_PATTERN)]
"""An officer's id, or a role's (`fim:herts`), or a signed-in principal (`officer:H1042`)."""
Reference = Annotated[str, StringConstraints(pattern=REFERENCE_PATTERN)]
"""A reference as we write it."""
SpokenReference = Annotated[str, StringConstraints(max_length=32), AfterValidator(_reference)]
"""A reference as others may write it; comes out as ours."""
Instant = Annotated[datetime, BeforeValidator(_written_time), AfterValidator(_aware)]
"""An instant with its offset."""
Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_plausible)]
"""A calendar day, `YYYY-MM-DD`."""
Flag = StrictBool
Count = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Sequence = Annotated[StrictInt, Field(ge=1, le=2_000_000_000)]
"""Contiguous from 1 for one referral and one producer."""
Identifier = UUID
Codes = Annotated[tuple[Code, ...], Field(max_length=32)]
Officers = Annotated[tuple[OfficerId, ...], Field(max_length=64)]


class Holder(Part):
    """Who owns a referral: an officer or a role, and the force they belong to."""

    force: Code
    id: Addressee

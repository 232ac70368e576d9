"""How a person may be reached, and how safely. Only over HTTPS, and only into intake's vault.

On a topic these fields are personal details in clear and a rejection; a topic carries a handle instead.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.model import DoorPart, Flag, Label, Part, Text, Token

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: tuple[DayName, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""`HH:MM` on the clock in Europe/London."""

_SPAN = re.compile(r"\s*(\d\d:\d\d)\s*-\s*(\d\d:\d\d)\s*")


def _spelled_out(value: Any) -> Any:
    span = _SPAN.fullmatch(value) if isinstance(value, str) else None
    return {"from": span[1], "until": span[2]} if span else value


def _email(value: str) -> str:
    local, at, domain = value.partition("@")
    if not (local and at and "." in domain) or any(letter.isspace() for letter in value):
        raise PydanticCustomError("not_an_email", "is not an e-mail address")
    return value


Postcode = Annotated[Label, StringConstraints(max_length=20)]
"""As the sender wrote it; intake looks it up, and what is no postcode is for a human to check, not refused."""
Phone = Annotated[Label, StringConstraints(max_length=40)]
Email = Annotated[Label, StringConstraints(max_length=254), AfterValidator(_email)]


class Window(Part):
    """When it is safe to reach the person: local times, over midnight when `until` is before `from`.

    Also read from `"18:00-20:00"`, which means every day.
    """

    days: Annotated[tuple[DayName, ...], Field(min_length=1, max_length=7)] = EVERY_DAY
    start: LocalTime = Field(alias="from")
    end: LocalTime = Field(alias="until")


class WindowAtTheDoor(Window, DoorPart):
    """A `Window` as a sender gives it."""


_SpelledOut = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2}$")]
AskedWindow = Annotated[
    WindowAtTheDoor, BeforeValidator(_spelled_out, json_schema_input_type=_SpelledOut | WindowAtTheDoor)
]


class Private(DoorPart):
    """Something whose values must not show even in a traceback: its `repr` is its name."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return iter(())


class Home(Private):
    """Where the person lives."""

    postcode: Postcode


class Referrer(Private):
    """Who speaks for the person."""

    name: Label | None = None
    phone: Phone | None = None
    email: Email | None = None


class ContactDetails(Private):
    """`contact.details` of a report over HTTPS, and the body of `POST /v1/contacts`."""

    name: Label | None = None
    pronouns: Label | None = None
    phone: Phone | None = None
    email: Email | None = None
    home: Home | None = None
    safe_to_call: Flag | None = None
    safe_to_text: Flag | None = None
    safe_to_email: Flag | None = None
    voicemail_ok: Flag = False
    windows: Annotated[tuple[AskedWindow, ...], Field(max_length=32)] = ()
    code_phrase: Token | None = None
    may_know: Annotated[tuple[Token, ...], Field(max_length=32)] = ()
    must_not_know: Annotated[Text, StringConstraints(max_length=1_000)] | None = None
    interpreter: Label | None = None
    do_not_contact: Flag = False
    referrer: Referrer | None = None
    narrative: Text | None = None


_PERSONAL = frozenset(ContactDetails.model_fields)


class ContactOnTopic(DoorPart):
    """`contact` on a topic: a handle from `POST /v1/contacts`, claimed once by the same force."""

    handle: Token

    @model_validator(mode="before")
    @classmethod
    def _nothing_in_clear(cls, value: Any) -> Any:
        if isinstance(value, dict) and (clear := sorted({"details", *_PERSONAL} & value.keys())):
            raise PydanticCustomError("details_in_clear", "personal details", {"field": clear[0]})
        return value


class Contact(Private):
    """`contact` over HTTPS: a handle, or the details themselves."""

    handle: Token | None = None
    details: ContactDetails | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Contact":
        if self.handle is not None and self.details is not None:
            raise PydanticCustomError("one_of_these", "a handle or details, not both", {"field": "handle"})
        return self

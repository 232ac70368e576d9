"""Made-up people who ask for somebody, and what they say about how to reach them safely."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from services.simulation.names import drama_phone, full_name, mailbox

Json = dict[str, Any]

PRONOUNS = ("she/her", "he/him", "they/them", "she/they", "he/they")
ORGANISATIONS = ("Kite Street Centre", "Fenland Drop-in", "Ridgeway Student Union", "Lantern Helpline", "Otter House")

_WINDOWS: tuple[Any, ...] = (
    "18:00-20:00",
    "09:00-12:30",
    {"from": "12:00", "until": "14:00", "days": ["mon", "tue", "wed", "thu", "fri"]},
    {"from": "22:00", "until": "02:00", "days": ["fri", "sat"]},
)
_NARRATIVES = (
    "Shaken, otherwise well. Would like to know what happens next.",
    "It has happened before at the same place. Asked not to be sent a letter.",
    "Wants to talk before deciding anything. A friend will be there.",
    "Phone is shared at home; please keep to the times given.",
    "Works nights and sleeps until two.",
)
_MUST_NOT_KNOW = ("family", "employer", "the people in the flat below")
_MAY_KNOW = ("a friend called Jo", "the school's pastoral lead", "my sister")


@dataclass(frozen=True)
class Person:
    """Somebody the simulation made up. `home` is a full postcode; `phone` None where drama numbers ran out."""

    number: int
    name: str
    pronouns: str | None
    phone: str | None
    email: str
    home: str

    @property
    def hint(self) -> str:
        """A control room's own opaque id for them."""
        return f"p-{self.number:06d}"


def somebody(number: int, home: str, draw: Random) -> Person:
    """The `number`th made-up person, living at `home`."""
    name = full_name(draw)
    pronouns = draw.choice(PRONOUNS) if draw.random() < 0.6 else None
    return Person(number, name, pronouns, drama_phone(number), mailbox(name, number), home)


def details_of(person: Person, draw: Random) -> Json:
    """`contact.details` of somebody who is happy to be contacted in at least one way."""
    details: Json = {
        "name": person.name,
        "email": person.email,
        "home": {"postcode": person.home},
        "safe_to_call": draw.random() < 0.7,
        "safe_to_text": draw.random() < 0.5,
        "safe_to_email": True,
        "voicemail_ok": draw.random() < 0.2,
        "narrative": draw.choice(_NARRATIVES),
    }
    optional: Mapping[str, Any] = {
        "phone": person.phone,
        "pronouns": person.pronouns,
        "windows": [draw.choice(_WINDOWS)] if draw.random() < 0.3 else None,
        "code_phrase": "about the blue bicycle" if draw.random() < 0.1 else None,
        "may_know": [draw.choice(_MAY_KNOW)] if draw.random() < 0.2 else None,
        "must_not_know": draw.choice(_MUST_NOT_KNOW) if draw.random() < 0.25 else None,
        "interpreter": draw.choice(("pl", "ur", "bfi")) if draw.random() < 0.05 else None,
    }
    return details | {name: value for name, value in optional.items() if value is not None}


def no_contact(number: int, draw: Random) -> Json:
    """`contact.details` where nobody may reach the person: only whoever spoke for them."""
    name = full_name(draw)
    return {
        "do_not_contact": True,
        "referrer": {"name": name, "email": mailbox(name, number), "phone": drama_phone(500 + number % 400)},
        "narrative": "The person wishes to stay unnamed. Please speak to us.",
    }

"""What a person can be known again by, as keyed hashes: of their phone, of their e-mail address, of a sender's hint.

The key is one of its own, derived from the master keys: after a rotation marks are found under the older keys as long
as those are there, and written under the newest. Nothing here keeps what it hashes.
"""

import hashlib
import hmac
import unicodedata
from functools import cached_property

import phonenumbers

from services.intake.rules.people import Kind, Mark
from shared.contracts.contact import ContactDetails
from shared.sealing import MasterKeys

_HOME = "GB"
"""Where a number without a country code is rung from."""


class Marking:
    """Makes marks under the keys still valid."""

    def __init__(self, master: MasterKeys) -> None:
        self._master = master

    @cached_property
    def _keys(self) -> list[bytes]:
        return self._master.derive("person mark")

    def of(self, details: ContactDetails) -> tuple[Mark, ...]:
        """Marks of the person whose details these are. What is their referrer's too says nothing about the person."""
        referrer = details.referrer
        theirs: dict[Kind, str | None] = {"phone": _phone(details.phone), "email": _email(details.email)}
        others = {_phone(referrer.phone), _email(referrer.email)} if referrer is not None else set()
        return tuple(self._mark(kind, text) for kind, text in theirs.items() if text and text not in others)

    def hint(self, force: str, hint: str | None) -> tuple[Mark, ...]:
        """The mark of a sender's own id of a person, which means something in that force alone."""
        return () if hint is None else (self._mark("hint", f"{force}|{hint}"),)

    def _mark(self, kind: Kind, text: str) -> Mark:
        said = f"{kind}|{text}".encode()
        return Mark(kind, tuple(hmac.new(key, said, hashlib.sha256).digest() for key in self._keys))


def _phone(text: str | None) -> str | None:
    """A number as the whole world dials it; None for what cannot be one. An extension is part of it."""
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, _HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{dialled};{number.extension}" if number.extension else dialled


def _email(text: str | None) -> str | None:
    """An address in one spelling. What follows a plus sign is a label on the same mailbox nearly everywhere."""
    if not text:
        return None
    local, _, domain = unicodedata.normalize("NFKC", text).strip().casefold().rpartition("@")
    mailbox = local.partition("+")[0] or local
    return f"{mailbox}@{domain.rstrip('.')}" if local and domain else None

"""Telephone numbers as they are compared: in one spelling, and by a keyed hash where one is written down."""

import hashlib
import hmac
from dataclasses import dataclass

import phonenumbers

from shared.sealing import MasterKeys

_HOME = "GB"
_PURPOSE = "telephone number"


def number_of(text: str) -> str | None:
    """A number as the whole world dials it (`+447700900042`); None for what cannot be one.

    A provider leaves the plus out (`447700900042`): what cannot be dialled from here is read so.
    """
    plain = text.strip()
    return _parsed(plain) or (_parsed("+" + plain) if plain.isdigit() else None)


def _parsed(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, _HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@dataclass(frozen=True)
class Marks:
    """Keyed hashes of numbers. A mark names a number to whoever has the master keys, and to nobody else."""

    keys: MasterKeys

    def mark(self, number: str) -> bytes:
        """What is written down: by the newest key."""
        return self.marks(number)[0]

    def marks(self, number: str) -> list[bytes]:
        """Every mark this number may have been written down by, newest first."""
        spelling = (number_of(number) or number).encode()
        return [hmac.digest(key, spelling, hashlib.sha256) for key in self.keys.derive(_PURPOSE)]

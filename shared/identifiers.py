"""Names for things: UUIDv7 for our own records, and the reference people read out over a radio.

A reference is 7 random Crockford base-32 characters and a check character from the same 32 (Luhn mod 32),
written `K7QM-4T9P`. The check catches every single wrong character and nearly every swap of two neighbours.
"""

import re
import secrets
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U."""

REFERENCE_PATTERN = r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$"

_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_HEARD_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_DASHES = re.compile(r"[\s\u2010-\u2015-]")
_LONGEST = 32
"""Characters; more than this is no reference however it is spaced."""


def uuid7() -> UUID:
    """A new time-ordered UUID (RFC 9562, version 7)."""
    return _uuid7()


def new_reference() -> str:
    """A new random reference; 35 bits, so the caller keeps it unique by its table and draws again."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(7))
    return _written(letters + check_character(letters))


def is_reference(text: str) -> bool:
    """Whether `text` is a reference exactly as we write them."""
    return normalise_reference(text) == text


def normalise_reference(text: str) -> str | None:
    """The reference somebody meant, whatever the case, spaces and dashes; None when it is not one.

    O is read as 0, I and L as 1, as Crockford has it.
    """
    if len(text) > _LONGEST:
        return None
    bare = _DASHES.sub("", text)
    letters = bare.upper().translate(_HEARD_AS)
    if not bare.isascii() or len(letters) != 8 or any(letter not in _VALUE for letter in letters):
        return None
    return _written(letters) if check_character(letters[:7]) == letters[7] else None


def check_character(letters: str) -> str:
    """The Luhn mod 32 check character for canonical base-32 `letters`."""
    total = 0
    for place, letter in enumerate(reversed(letters)):
        doubled = _VALUE[letter] * (2 if place % 2 == 0 else 1)
        total += doubled // 32 + doubled % 32
    return ALPHABET[-total % 32]


def _written(letters: str) -> str:
    return f"{letters[:4]}-{letters[4:]}"

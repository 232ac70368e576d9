"""Planted words: how one is made, and how it is known again in whatever shape it turns up."""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from urllib.parse import quote

from tests.telling import TELLING, WHY, telling

STEM = "quobblewum"
"""The beginning of every planted word; nothing real has it."""
LETTERS = 6
WORD = re.compile(rf"{STEM}[a-z]{{{LETTERS}}}".encode())
_PHONE = re.compile(rb"(?<![0-9a-f])(?:\+?44 ?|0)(7(?: ?\d){9})(?![0-9a-f])")
_POSTCODE = re.compile(rb"(?<![0-9a-z])([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})(?![0-9a-z])")

_URL = re.compile(rb"https?://\S+")

READ_BY_STRANGERS = {("e-mail subject", "e-mail sender", "e-mail body", "SMS"): TELLING, ("title of", "link on"): WHY}
"""By the beginnings of places: what is read over a shoulder passes the list of telling words, too."""

CODES = (
    "sexual_orientation",
    "transgender",
    "suicide_or_self_harm",
    "domestic_abuse",
    "honour_based",
    "offender_nearby",
)
"""Codes that tell why, the strands first. Shorter ones (`child`, `repeat`) are ordinary words, too."""
_CODE = re.compile(rb"(?<![a-z0-9_])(" + "|".join(CODES).encode() + rb")(?![a-z0-9_])")


@dataclass
class Planted:
    """What was planted where, by the form in which it is looked for."""

    where: dict[str, str] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)
    """Postcodes that are ours to show: the roster's."""
    _numbers: Iterator[int] = field(default_factory=count)

    def word(self, where: str) -> str:
        """A new word, planted at `where` (`details.name`)."""
        number, letters = next(self._numbers), ""
        for _ in range(LETTERS):
            number, place = divmod(number, 26)
            letters = chr(ord("a") + place) + letters
        self.where[STEM + letters] = where
        return STEM + letters

    def phone(self, where: str) -> str:
        """A new telephone number, from a range nobody has."""
        number = f"7196{next(self._numbers):06d}"
        self.where[number] = where
        return f"0{number[:4]} {number[4:]}"

    def postcode(self, code: str, where: str) -> None:
        """Somebody's real postcode; given in full it is theirs, whatever its spacing."""
        if (plain := code.replace(" ", "").lower()) not in self.spared and len(plain) > 4:
            self.where.setdefault(plain, where)


_PACKED = frozenset({b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"})
_ENOUGH = 500_000


@dataclass(frozen=True)
class Evidence:
    """Something that was said, and the place where: `topic reports value`, `table notify.notices.reason`."""

    place: str
    content: bytes


@dataclass(frozen=True)
class Finding:
    """What was found at a place, as `shape`. `what`: where it was planted; or `code <code>`, or `word <word>`."""

    place: str
    what: str
    shape: str


@dataclass
class Pile:
    """Puts small pieces of evidence of one place together: one long piece is searched far faster than many short."""

    _held: dict[str, bytearray] = field(default_factory=dict)

    def add(self, evidence: Evidence) -> Iterator[Evidence]:
        """Take a piece; gives what is to be searched now: what is packed by itself, and what has become long."""
        if evidence.content[:2] in _PACKED:
            yield evidence
            return
        held = self._held.setdefault(evidence.place, bytearray())
        held += evidence.content + b"\n\0\n"
        if len(held) > _ENOUGH:
            yield Evidence(evidence.place, bytes(self._held.pop(evidence.place)))

    def rest(self) -> Iterator[Evidence]:
        """All that is still held."""
        for place, held in self._held.items():
            yield Evidence(place, bytes(held))


def search(evidence: Evidence, planted: Planted) -> Iterator[Finding]:
    """Everything planted, and every telling code, in one piece of evidence and in what is packed inside it."""
    for content in (evidence.content, *_unpacked(evidence.content)):
        lower = content.lower()
        for what in _in_clear(lower, planted):
            yield Finding(evidence.place, what, "in clear")
        for shape, needle in _disguises():
            if needle in content or needle in lower:
                yield Finding(evidence.place, "a word", shape)
        for code in set(_CODE.findall(lower)):
            yield Finding(evidence.place, f"code {code.decode()}", "in clear")
    for places, words in READ_BY_STRANGERS.items():
        if evidence.place.startswith(places):
            said = _URL.sub(b"", evidence.content).decode("utf-8", "replace")
            yield from (Finding(evidence.place, f"word {word}", "in clear") for word in telling(said, words))


def _in_clear(lower: bytes, planted: Planted) -> Iterator[str]:
    if STEM.encode() in lower:
        # Cut off or run together it is no word of ours, and still ours.
        yield from (planted.where.get(word.decode(), "a word") for word in WORD.findall(lower) or [b"?"])
    found = [number.replace(b" ", b"") for number in _PHONE.findall(lower)]
    found += [outward + inward for outward, inward in _POSTCODE.findall(lower)]
    yield from (planted.where[known] for one in found if (known := one.decode()) in planted.where)


@cache
def _disguises() -> tuple[tuple[str, bytes], ...]:
    spellings = (STEM, STEM.capitalize(), STEM.upper())
    found = [("percent-encoded", "".join(f"%{ord(letter):02x}" for letter in word).encode()) for word in spellings]
    found += [("JSON escapes", "".join(f"\\u{ord(letter):04x}" for letter in word).encode()) for word in spellings]
    found += [("HTML entities", "".join(f"&#{ord(letter)};" for letter in word).encode()) for word in spellings]
    for coding in ("utf-8", "utf-16-le"):
        for word in spellings:
            raw = word.encode(coding)
            found += [(f"{coding} as hex", raw.hex().encode())]
            found += [(f"{coding} as base64", needle) for needle in _in_base64(raw)]
    for coding in ("utf-16-le", "utf-16-be"):
        found.append((coding, STEM.encode(coding)))
    return tuple(dict.fromkeys(found))


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The letters that `raw` is sure to leave in base64, wherever in a text it stands; plain and URL-safe alike."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        first, last = (0, 2, 3)[before], (len(raw) + before) * 8 // 6
        yield whole[first:last]


_MOST = 50_000_000


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What is inside compressed content (zlib, gzip)."""
    if content[:2] in _PACKED:
        try:
            yield zlib.decompressobj(wbits=47).decompress(content, _MOST)
        except zlib.error:
            return


def disguised(word: str) -> dict[str, bytes]:
    """A word in every shape that the search must see through; for the test of the search itself."""
    return {
        "in clear": word.encode(),
        "capitals": word.upper().encode(),
        "in a URL": quote(f"O'{word} & co").encode(),
        "percent-encoded": "".join(f"%{ord(letter):02X}" for letter in word).encode(),
        "hex": binascii.hexlify(word.capitalize().encode()),
        "base64": base64.b64encode(f"to {word}".encode()),
        "URL-safe base64": base64.urlsafe_b64encode(f"för {word}".encode()),
        "UTF-16": word.encode("utf-16"),
        "UTF-16 in base64": base64.b64encode(word.encode("utf-16-le")),
        "JSON escapes": "".join(f"\\u{ord(letter):04x}" for letter in word).encode(),
        "zlib": zlib.compress(word.encode()),
    }

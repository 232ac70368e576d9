"""CloudEvents 1.0 in Kafka's binary mode: the headers, both ways."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.model import CONTROL, EARLIEST, LATEST

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
LONGEST = 512
"""Bytes of one header we read; ours are far shorter."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time")

Header = tuple[str, bytes]


class EnvelopeError(ValueError):
    """A header that is missing or cannot be read. Carries which one and a short reason, never its value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Envelope:
    """What the headers say about an event. `time` is aware; `id` is unique for one `source`."""

    id: str
    source: str
    type: str
    time: datetime
    subject: str | None = None
    traceparent: str | None = None


def to_headers(envelope: Envelope) -> list[Header]:
    """The headers of one record."""
    return [(name, text.encode()) for name, text in header_texts(envelope)]


def header_texts(envelope: Envelope) -> list[tuple[str, str]]:
    """The same as text."""
    texts = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", envelope.id),
        ("ce_source", envelope.source),
        ("ce_type", envelope.type),
        ("ce_time", envelope.time.isoformat()),
        ("content-type", CONTENT_TYPE),
    ]
    if envelope.subject is not None:
        texts.append(("ce_subject", envelope.subject))
    if envelope.traceparent is not None:
        texts.append(("traceparent", envelope.traceparent))
    return texts


def read(headers: Iterable[tuple[str, bytes | None]] | None) -> Envelope:
    """The envelope in a record's headers.

    Raises EnvelopeError(field, reason): `required`, `repeated`, `not_utf8`, `too_long`, `too_short`,
    `control_character`, `not_a_time`, `no_offset`, `not_allowed_value`. `ce_subject` may be absent; a
    `traceparent` that is none is dropped, as W3C Trace Context asks.
    """
    found = _ours(headers or ())
    for field in _REQUIRED:
        if field not in found:
            raise EnvelopeError(field, "required")
    texts = {field: _text(field, value) for field, value in found.items() if field != "traceparent"}
    if texts["ce_specversion"] != SPEC_VERSION:
        raise EnvelopeError("ce_specversion", "not_allowed_value")
    if texts.get("content-type", CONTENT_TYPE).split(";")[0].strip().lower() != CONTENT_TYPE:
        raise EnvelopeError("content-type", "not_allowed_value")
    return Envelope(
        id=texts["ce_id"],
        source=texts["ce_source"],
        type=texts["ce_type"],
        time=_time(texts["ce_time"]),
        subject=texts.get("ce_subject"),
        traceparent=_traceparent(found.get("traceparent")),
    )


_NAMES = frozenset({*_REQUIRED, "ce_subject", "content-type", "traceparent"})


def _ours(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for name, value in headers:
        if name not in _NAMES:
            continue
        if name in found and found[name] != value and name.startswith("ce_"):
            raise EnvelopeError(name, "repeated")
        found[name] = value
    return found


def _text(field: str, value: bytes | None) -> str:
    if value is None:
        raise EnvelopeError(field, "required")
    if not value:
        raise EnvelopeError(field, "too_short")
    if len(value) > LONGEST:
        raise EnvelopeError(field, "too_long")
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise EnvelopeError(field, "not_utf8") from None
    if CONTROL.search(text):
        raise EnvelopeError(field, "control_character")
    return text


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise EnvelopeError("ce_time", "not_a_time") from None
    if time.utcoffset() is None:
        raise EnvelopeError("ce_time", "no_offset")
    if not EARLIEST <= time.year <= LATEST:
        raise EnvelopeError("ce_time", "out_of_range")
    return time


def _traceparent(value: bytes | None) -> str | None:
    text = (value or b"").decode("ascii", errors="replace")
    return text if _TRACEPARENT.fullmatch(text) else None

"""What comes in: a record as the broker gave it, an event as the contract reads it, and who consumes it.

Reading never raises. A record nobody can use becomes a `Received` with a fault: at a door the sender is
answered, anywhere else it goes to the dead letters.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol, TypeVar

from pydantic import ValidationError

from shared.contracts.cloudevents import Envelope, EnvelopeError
from shared.contracts.cloudevents import read as read_envelope
from shared.contracts.faults import faults
from shared.contracts.model import Event
from shared.contracts.topics import family, force_of, model_for
from shared.database import Unit
from shared.errors import FieldError

BATCH = 500
"""Records in one transaction at most, where a subscription does not say otherwise."""

MAX_RECORD = 256 * 1024
"""Bytes of a record's value; the same limit as an HTTP body."""

S = TypeVar("S")


@dataclass(frozen=True)
class Record:
    """A record with its coordinates; headers may be null or not UTF-8, and so may everything else."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Fault:
    """Why a record cannot be used: a code, and each field with its reason. `errors` is never empty."""

    code: str
    errors: tuple[FieldError, ...]


@dataclass(frozen=True)
class Received:
    """One record as its consumer sees it: `event`, or `fault`, or neither for a tombstone (compacted topics)."""

    record: Record
    envelope: Envelope | None
    event: Event | None
    fault: Fault | None
    digest: bytes
    repeat: bool = False

    @property
    def tombstone(self) -> bool:
        """Whether it says that what its key names is deleted."""
        return self.event is None and self.fault is None

    @property
    def topic(self) -> str:
        """The topic it came on."""
        return self.record.topic

    @property
    def partition(self) -> int:
        """The partition it came on."""
        return self.record.partition

    @property
    def offset(self) -> int:
        """Its offset there."""
        return self.record.offset

    @property
    def size(self) -> int:
        """Bytes of its value."""
        return len(self.record.value or b"")

    @cached_property
    def key(self) -> str | None:
        """The record's key as text; what is not UTF-8 is replaced, NUL is dropped."""
        key = self.record.key
        return None if key is None else key.decode("utf-8", "replace").replace("\x00", "")

    @property
    def force(self) -> str | None:
        """The force in the topic's name (`inbound.herts` → `herts`), None where there is none."""
        return force_of(self.record.topic)

    @cached_property
    def identity(self) -> tuple[str, str, str]:
        """(principal, source, id): what the inbox knows it by. Without a readable id, its coordinates."""
        principal = self.force or "internal"
        if self.envelope is not None:
            return (principal, self.envelope.source, self.envelope.id)
        record = self.record
        place = f"{record.partition}:{record.offset}:{record.timestamp}:{self.digest.hex()[:16]}"
        return (principal, f"coordinates:{record.topic}", place)

    @cached_property
    def stream(self) -> tuple[str, str] | None:
        """(producer, referral id) where the event has a sequence, else None."""
        referral = getattr(self.event, "referral_id", None)
        if self.envelope is None or referral is None or getattr(self.event, "sequence", None) is None:
            return None
        return (f"{self.envelope.source}|{self.record.topic}", str(referral))

    @property
    def sequence(self) -> int:
        """The producer's number of this event within its referral, from 1."""
        number: int = getattr(self.event, "sequence", 0)
        return number


class Consumer(Protocol[S]):
    """What a service does with a batch, inside one transaction with the kernel's own bookkeeping."""

    async def load(self, unit: Unit, events: Sequence[Received]) -> S:
        """State for these events, its rows locked in id order by one statement."""
        ...

    def apply(self, state: S, received: Received, now: datetime) -> None:
        """Fold one event over the state. Pure; when it raises, the state must be as it was: this event is at fault."""
        ...

    async def save(self, unit: Unit, state: S) -> None:
        """Write the state by one statement a table, and append to the journal."""
        ...


def read(record: Record) -> Received:
    """Read a record by its contract. Never raises: what cannot be read carries a fault."""
    digest = hashlib.sha256(record.value or b"").digest()
    try:
        envelope = read_envelope(record.headers)
    except EnvelopeError as error:
        return _faulty(record, None, digest, Fault("unreadable_header", (FieldError(error.field, error.reason),)))
    if record.value is None and _may_be_deleted(record.topic):
        return Received(record, envelope, None, None, digest)
    fault = _unusable(record)
    if fault is not None:
        return _faulty(record, envelope, digest, fault)
    return _read_body(record, envelope, digest)


def _read_body(record: Record, envelope: Envelope, digest: bytes) -> Received:
    model = model_for(record.topic, envelope.type)
    if model is None:
        return _faulty(record, envelope, digest, Fault("unknown_event", (FieldError("ce_type", "not_allowed_value"),)))
    try:
        event = model.model_validate_json(record.value or b"")
    except ValidationError as error:
        return _faulty(record, envelope, digest, _fault_of(error))
    except (ValueError, RecursionError):
        return _faulty(record, envelope, digest, Fault("not_json", (FieldError("body", "not_json"),)))
    return Received(record, envelope, event, None, digest)


def _may_be_deleted(topic: str) -> bool:
    found = family(topic)
    return found is not None and found.compacted


def _unusable(record: Record) -> Fault | None:
    if record.value is None:
        return Fault("no_body", (FieldError("body", "required"),))
    if len(record.value) > MAX_RECORD:
        return Fault("too_large", (FieldError("body", "too_large"),))
    return None


def _fault_of(error: ValidationError) -> Fault:
    found = faults(error)
    reasons = {item.reason for item in found}
    for code in ("details_in_clear", "not_json", "not_an_object"):
        if code in reasons:
            return Fault(code, found)
    return Fault("invalid", found)


def _faulty(record: Record, envelope: Envelope | None, digest: bytes, fault: Fault) -> Received:
    return Received(record, envelope, None, fault, digest)

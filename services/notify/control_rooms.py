"""Takes in what control rooms are told: each event of `outbound` is kept for the webhook of its force, if there is one.

A postman need not understand a letter: what is newer than this release is passed on like the rest.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from services.notify.rules.control_rooms import KEPT
from services.notify.store.control_rooms import reached_by_webhook
from services.notify.store.outgoing import Posting, keep_postings
from shared.contracts.cloudevents import SPEC_VERSION, Envelope
from shared.database import Unit
from shared.inbox import MAX_RECORD, Received
from shared.metrics import metrics
from shared.telemetry import get_logger

log = get_logger("control_rooms")

RealNow = Callable[[Unit], Awaitable[datetime]]
"""Where real time comes from: the database's own clock, unless a story says otherwise."""


def bell_of(force: str) -> str:
    """The bell of the loop that sends to a force's control room."""
    return f"control_room.{force}"


@dataclass
class Mail:
    """A batch for those control rooms that have a webhook."""

    forces: frozenset[str]
    postings: list[Posting] = field(default_factory=list)


@dataclass(frozen=True)
class OutboundConsumer:
    """Keeps events, in the order in which they come, until they are sent."""

    real_now: RealNow = Unit.real_now

    async def load(self, unit: Unit, events: Sequence[Received]) -> Mail:
        """Which of these forces have a webhook."""
        forces = {received.force for received in events if received.force is not None}
        return Mail(frozenset(await reached_by_webhook(unit, forces)))

    def apply(self, state: Mail, received: Received, now: datetime) -> None:
        """Keep one event. What nobody could read, what came before and what is too old to be of use is left out."""
        force, envelope = received.force, received.envelope
        if force not in state.forces or force is None or received.repeat:
            return
        value = _json_of(received)
        if envelope is None or value is None:
            log.error("unreadable_on_outbound", topic=received.topic, partition=received.partition)
            return
        if envelope.time < now - KEPT:
            metrics().control_room_dropped.labels(force).inc()
            return
        body = cloud_event(envelope, value)
        posting = Posting(force, received.key or "", envelope.id, envelope.type, envelope.time, body)
        state.postings.append(posting)

    async def save(self, unit: Unit, state: Mail) -> None:
        """Write them down, and ring for those who send."""
        if not state.postings:
            return
        await keep_postings(unit, state.postings, await self.real_now(unit))
        for force in sorted({one.force for one in state.postings}):
            unit.wake(bell_of(force))


def cloud_event(envelope: Envelope, value: bytes) -> bytes:
    """CloudEvents 1.0, structured JSON: the envelope, and under `data` the payload as it came."""
    said = {
        "specversion": SPEC_VERSION,
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": envelope.time.isoformat(),
    }
    if envelope.subject is not None:
        said["subject"] = envelope.subject
    return orjson.dumps(said | {"data": orjson.Fragment(value)})


def _json_of(received: Received) -> bytes | None:
    value = received.record.value
    if value is None or len(value) > MAX_RECORD:
        return None
    if received.event is None:
        try:
            orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value

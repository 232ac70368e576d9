"""How a control room's webhook stands: whether anything is sent there, how soon again, and when we leave it alone.

Nothing here reads a clock or draws a number; every time is real time. A room that fails is tried by one event at a
time, later and later; one that is beyond that is paused: a probe now and then finds out when it is back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.notify.rules.attempts import Outcome, backoff

ROLE = "control_room"
"""The role by which a roster names a control room's webhook; nobody staffs it."""

WIDTH = 16
"""Keys under way at once to a room that answers, in one process. A key's own events go one after another."""

FORGIVEN = 3
"""Failures in a row from which on the whole room waits, not only the event that failed."""

SLOWEST = 60.0
"""Seconds; doubling stops here."""

LONGEST_ASKED = 300.0
"""Seconds; a receiver's Retry-After counts up to here."""

REFUSALS = 10
"""Refusals in a row (4xx, redirects, addresses that may not be reached) after which a room is paused."""

FAILING_FOR = timedelta(hours=1)
"""A room that has answered nothing well for so long is paused."""

GONE = "http_410"
"""The receiver says that it is not there any more: paused at once."""

PROBE_EVERY = timedelta(minutes=5)
"""One event is sent to a paused room so often; the first one it takes ends the pause."""

LEASE = timedelta(seconds=30)
"""How long one process may be at a key; then another goes on from the same event."""

KEPT = timedelta(hours=72)
"""How long an event waits for its control room: as long as `inbound` keeps what they send us."""


@dataclass(frozen=True)
class Room:
    """One control room's webhook. `by` is who paused it; without one we did, and probe.

    `failures` and `refusals` are in a row, `failing_since` from the first of them; before `next_at` nothing is sent,
    and from then on one event alone until one is taken. `reason` is a code. `dropped` counts events given up.
    """

    force: str
    state: Literal["open", "paused"] = "open"
    since: datetime | None = None
    by: str | None = None
    failures: int = 0
    refusals: int = 0
    failing_since: datetime | None = None
    next_at: datetime | None = None
    reason: str | None = None
    dropped: int = 0


def room_for(room: Room, now: datetime) -> int:
    """How many keys may be under way to it now."""
    if room.by is not None:
        return 0
    if room.next_at is None:
        return WIDTH
    return 1 if room.next_at <= now else 0


def probed(room: Room, now: datetime) -> Room:
    """The one event that finds out how it is has left; nobody else tries meanwhile."""
    return room if room.next_at is None else replace(room, next_at=now + LEASE)


def take_in(room: Room, outcome: Outcome, now: datetime, jitter: float) -> Room:
    """What one answer says about the room; `jitter` is a number from 0 up to 1."""
    if outcome.kind == "delivered":
        return _answered(room, now)
    failed = replace(
        room,
        failures=room.failures + 1,
        refusals=room.refusals + 1 if outcome.kind == "refused" else 0,
        failing_since=room.failing_since or now,
        reason=outcome.reason,
    )
    if room.by is not None:
        return failed
    if room.state == "paused" or _is_hopeless(failed, now):
        since = room.since if room.state == "paused" else now
        return replace(failed, state="paused", since=since, next_at=now + PROBE_EVERY)
    wait = _asked(outcome)
    if failed.failures >= FORGIVEN:
        wait = max(wait, backoff(failed.failures - FORGIVEN + 1, jitter, SLOWEST))
    return replace(failed, next_at=now + timedelta(seconds=wait)) if wait else failed


def wait_of(tries: int, outcome: Outcome, jitter: float) -> timedelta:
    """How long an event that was not taken waits, and all behind it under its key: 1, 2, 4 … 60 s ± 20 %."""
    return timedelta(seconds=max(backoff(tries, jitter, SLOWEST), _asked(outcome)))


def pause(room: Room, by: str, now: datetime) -> Room:
    """Somebody wants nothing sent there, not even a probe, until somebody resumes it."""
    since = room.since if room.state == "paused" else now
    return replace(room, state="paused", since=since, by=by, next_at=None)


def resume(room: Room, now: datetime) -> Room:
    """Send again from now on, whatever was before."""
    return Room(room.force, since=now, dropped=room.dropped)


def gave_up(before: Room, after: Room) -> bool:
    """Whether we have just paused it, which somebody must hear."""
    return before.state == "open" and after.state == "paused" and after.by is None


def _answered(room: Room, now: datetime) -> Room:
    well = replace(room, failures=0, refusals=0, failing_since=None, reason=None)
    if room.by is not None:
        return well
    since = now if room.state == "paused" else room.since
    return replace(well, state="open", since=since, next_at=None)


def _is_hopeless(room: Room, now: datetime) -> bool:
    if room.reason == GONE or room.refusals >= REFUSALS:
        return True
    return room.failing_since is not None and now - room.failing_since >= FAILING_FOR


def _asked(outcome: Outcome) -> float:
    return min(outcome.after or 0.0, LONGEST_ASKED)

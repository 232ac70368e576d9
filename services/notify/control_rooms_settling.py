"""Writes down what came of a run: what arrived is gone, what was not taken waits, and how the room stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import random

from services.notify.rules.attempts import Outcome
from services.notify.rules.control_rooms import Room, gave_up, take_in, wait_of
from services.notify.store.control_rooms import address_of, lock_room, room_of, save_room
from services.notify.store.outgoing import Run, hurry, settle
from services.notify.warnings import tell_of
from shared.contracts.officers import RosterWarned
from shared.database import Unit
from shared.metrics import metrics
from shared.telemetry import get_logger

log = get_logger("control_rooms")

WARNING = "control_room_paused"
"""The kind of the warning that the operations desk gets."""

DELIVERED = Outcome("delivered")


@dataclass(frozen=True)
class Landed:
    """A run that has been posted: its first `taken` events arrived, and `last` is what became of the last one tried."""

    run: Run
    taken: int
    last: Outcome


async def settle_run(unit: Unit, landed: Landed, now: datetime) -> None:
    """Settle one run at `now` (real time). The room is locked before the key, and only where it changes."""
    run, taken, last = landed.run, landed.taken, landed.last
    if last.kind == "delivered":
        await _hear(unit, run.force, [DELIVERED], now)
        await settle(unit, run, taken, now, 0)
        return
    await _hear(unit, run.force, [DELIVERED, last] if taken else [last], now)
    tries = 1 if taken else run.tries
    await settle(unit, run, taken, now + wait_of(tries, last, random()), tries)


async def _hear(unit: Unit, force: str, answers: Sequence[Outcome], now: datetime) -> None:
    jitter = random()
    seen = await room_of(unit, force)
    if _after(seen, answers, now, jitter) == seen:
        return
    before = await lock_room(unit, force)
    after = _after(before, answers, now, jitter)
    await save_room(unit, after)
    if before.next_at is not None and after.next_at is None:
        await hurry(unit, force, now)
    if before.state != after.state:
        log.warning("control_room", force=force, state=after.state, reason=after.reason)
        metrics().control_room_paused.labels(force).set(after.state == "paused")
    if gave_up(before, after):
        at = unit.clock.domain(now)
        await tell_of(unit, [RosterWarned(role=f"ops:{force}", kind=WARNING, subject=address_of(force), due=at, at=at)])


def _after(room: Room, answers: Sequence[Outcome], now: datetime, jitter: float) -> Room:
    for answer in answers:
        room = take_in(room, answer, now, jitter)
    return room

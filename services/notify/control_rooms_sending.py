"""Sends a control room what waits for it: in order under each key, several keys side by side, one room beside another.

A key is leased before anything leaves the house. When the process dies then, the lease runs out and the same events
go out again under the same ids: a send can only be at least once.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

from services.notify.channels.webhook import WebhookChannel
from services.notify.control_rooms import RealNow, bell_of
from services.notify.control_rooms_settling import DELIVERED, Landed, settle_run
from services.notify.rules.attempts import Outcome
from services.notify.rules.control_rooms import KEPT, LEASE, Room, probed, room_for
from services.notify.rules.planning import Recipient
from services.notify.rules.setting_out import ways_now
from services.notify.store.control_rooms import (
    forget_room,
    lock_room,
    reached_by_webhook,
    room_of,
    save_room,
    waiting_for,
)
from services.notify.store.outgoing import Claim, Run, claim, drop_older, next_due
from shared.addressees import open_address
from shared.database import Database, Unit, is_transient
from shared.metrics import metrics
from shared.sealing import MasterKeys, SealBroken
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("control_rooms")

STRUCTURED = "application/cloudevents+json"

AT_ONCE = 10
"""Events of one key sent under one lease."""

RUN_SECONDS = 15.0
"""A run begins no further event after so long, well within its lease."""

LONGEST_PAUSE = 1.0
"""Seconds between looks when no bell rings: what another replica dropped is found by then."""

UNUSED_PAUSE = 5.0
"""Seconds between looks at a force whose control room has no webhook."""

TIDY_EVERY = 15.0
"""Seconds between looks at how much waits, and at what is too old."""

DROPPED_AT_ONCE = 2000

GRACE = 3.0
"""Seconds that events under way get when the process is asked to stop."""


@dataclass(frozen=True)
class Way:
    """Where rows are, how an address is opened, how it is posted to, and whose clock counts."""

    database: Database
    keys: MasterKeys
    channel: WebhookChannel
    real_now: RealNow = Unit.real_now


@dataclass
class Sending:
    """One loop for one force: take what is due, post it, settle it. Any number of replicas may run it."""

    way: Way
    force: str
    bell: Wake
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _tidy_at: float = 0.0

    async def run(self) -> None:
        """Send until cancelled; then let what is under way come back, for a moment."""
        try:
            while True:
                await self.bell.sleep(await self._round())
        finally:
            await self._drain()

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._flying:
            await asyncio.wait(self._flying)

    async def look(self) -> float:
        """Start what may be sent now; gives the seconds until the next look."""
        async with self.way.database.unit() as unit:
            found = await reached_by_webhook(unit, [self.force])
            if self.force not in found:
                return UNUSED_PAUSE
            now = await self.way.real_now(unit)
            address = self._address(found[self.force], unit.clock.domain(now))
            if address is None:
                return LONGEST_PAUSE
            room = await room_of(unit, self.force)
            runs = await self._take(unit, room, now)
            later = await next_due(unit, self.force, now)
        for run in runs:
            task = asyncio.create_task(self._carry(run, address, now))
            self._flying.add(task)
            task.add_done_callback(self._landed)
        ahead = [(at - now).total_seconds() for at in (later, room.next_at) if at is not None and at > now]
        return min([*ahead, LONGEST_PAUSE])

    async def tidy(self) -> None:
        """Give up what has waited too long, forget a room without a webhook, and say how much waits."""
        async with self.way.database.unit() as unit:
            if self.force not in await reached_by_webhook(unit, [self.force]):
                await forget_room(unit, self.force)
            now = await self.way.real_now(unit)
            dropped = await drop_older(unit, self.force, now - KEPT, DROPPED_AT_ONCE)
            if dropped:
                room = await lock_room(unit, self.force)
                await save_room(unit, replace(room, dropped=room.dropped + dropped))
            room, waiting = await room_of(unit, self.force), await waiting_for(unit, self.force)
        if dropped:
            log.error("control_room_events_dropped", force=self.force, count=dropped)
            metrics().control_room_dropped.labels(self.force).inc(dropped)
        age = (now - waiting.since).total_seconds() if waiting.since else 0.0
        metrics().control_room_age.labels(self.force).set(age)
        metrics().control_room_waiting.labels(self.force).set(waiting.number)
        metrics().control_room_paused.labels(self.force).set(room.state == "paused")

    async def _round(self) -> float:
        """Look; the database being away is waited out, leases and all."""
        try:
            if monotonic() >= self._tidy_at:
                await self.tidy()
                self._tidy_at = monotonic() + TIDY_EVERY
            return await self.look()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database_away", service=self.way.database.name, reason=type(error).__name__)
            return LONGEST_PAUSE

    def _address(self, recipient: Recipient, at: datetime) -> str | None:
        sealed = next((way.sealed for way in ways_now(recipient, at) if way.kind == "webhook"), None)
        if sealed is None:
            return None
        try:
            return open_address(self.way.keys, recipient.id, "webhook", sealed)
        except SealBroken:
            log.error("seal_broken", force=self.force)
            return None

    async def _take(self, unit: Unit, room: Room, now: datetime) -> list[Run]:
        """Lease what may go: as many keys as there is room for, or one event that finds out how the room is."""
        if room.next_at is None:
            keys = room_for(room, now) - len(self._flying)
            return await claim(unit, Claim(self.force, keys, AT_ONCE, now, now + LEASE)) if keys > 0 else []
        if not room_for(room, now):
            return []
        locked = await lock_room(unit, self.force)
        if locked.next_at != room.next_at or not room_for(locked, now):
            return []
        runs = await claim(unit, Claim(self.force, 1, 1, now, now + LEASE))
        if runs:
            await save_room(unit, probed(locked, now))
        return runs

    async def _carry(self, run: Run, address: str, now: datetime) -> None:
        """Post a run's events one after another, up to the first that is not taken, and settle it."""
        began, taken, outcome = monotonic(), 0, DELIVERED
        for event in run.events:
            gone = monotonic() - began
            if gone > RUN_SECONDS:
                break
            outcome = await self._post(address, event.event_id, now + timedelta(seconds=gone), event.body)
            if outcome.kind != "delivered":
                break
            taken += 1
        await self._settle(Landed(run, taken, outcome))

    async def _post(self, address: str, event_id: str, at: datetime, body: bytes) -> Outcome:
        try:
            outcome = await self.way.channel.post(address, event_id, at, body, STRUCTURED)
        except Exception as error:
            log.exception("channel_failed", force=self.force)
            outcome = Outcome("retry", f"channel_{type(error).__name__.lower()}")
        metrics().control_room_events.labels(self.force, outcome.kind).inc()
        return outcome

    async def _settle(self, landed: Landed) -> None:
        """Until the lease is over this is tried again; after that somebody sends the same events again."""
        patience, began = 0.1, monotonic()
        while True:
            try:
                async with self.way.database.unit() as unit:
                    await settle_run(unit, landed, await self.way.real_now(unit))
            except Exception as error:
                if not is_transient(error) or monotonic() - began > LEASE.total_seconds():
                    raise
                log.warning("database_away", service=self.way.database.name, reason=type(error).__name__)
                await asyncio.sleep(patience)
                patience = min(patience * 2, 2.0)
            else:
                return

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("left_to_its_lease", force=self.force, reason=type(error).__name__)
        self.bell.ring()

    async def _drain(self) -> None:
        flying = set(self._flying)
        if flying:
            await asyncio.wait(flying, timeout=GRACE)
        for task in flying:
            task.cancel()


def loops(way: Way, forces: Sequence[str], bell: Callable[[str], Wake]) -> dict[str, Sending]:
    """A loop for each force, by its name."""
    return {bell_of(force): Sending(way, force, bell(bell_of(force))) for force in forces}

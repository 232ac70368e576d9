"""Sends what is due: takes leases, sends outside any transaction, settles many outcomes at once.

A notice is committed as `sending` before anything leaves the house. When the process dies then, its lease runs
out and the same notice goes out again under the same id: a send can only be at least once.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from uuid import UUID

from services.notify.departures import Departure, Departures, Key, Picked, key_of
from services.notify.lanes import Lanes
from services.notify.rules.attempts import LEASE, Course, Moment, Outcome
from services.notify.settling import LEFT_ALONE, Flight, Landed, settle_all
from services.notify.store.courses import save_courses
from services.notify.store.leases import (
    Due,
    due_notices,
    hold_in_lane,
    seconds_to_next,
    start_attempts,
)
from shared.database import Database, Unit, is_transient
from shared.metrics import metrics
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("dispatcher")

BATCH = 200
"""Notices taken, and outcomes settled, in one transaction."""

LONGEST_PAUSE = 1.0
"""Seconds between looks when no bell rings: what another replica dropped is found by then."""

SHORTEST_PAUSE = 0.02
"""Seconds before looking again at what is due and cannot be taken, because another transaction holds it."""

LINGER = 0.02
"""Seconds that an outcome may wait for others to be settled with; nobody waits for it meanwhile."""

AHEAD = 0.5
"""The share of all room that is for what has just been planned; what has waited longer gets the rest."""

AT_ONCE = 200
"""Events that are planned from in one transaction, so that there is room for what they lead to."""

GRACE = 3.0
"""Seconds that attempts under way get when the process is asked to stop."""


class Dispatcher:
    """One loop: settle what has come back, start what is due, sleep until the next bell or due time."""

    def __init__(self, database: Database, bell: Wake, departures: Departures, lanes: Lanes | None = None) -> None:
        self._database = database
        self._bell = bell
        self._departures = departures
        self._lanes = lanes or Lanes()
        self._flying: dict[Key, asyncio.Task[None]] = {}
        self._landed: list[Landed] = []
        self._turn = Wake()
        self._look_at = 0.0
        self._settle_at = math.inf
        self._crowded = False
        self._running = False

    async def run(self) -> None:
        """Dispatch until cancelled; then let what is under way come back, for a moment."""
        self._look_at = 0.0
        self._running = True
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                await self._turn.sleep(await self._round())
        finally:
            self._running = False
            listening.cancel()
            await self._drain()

    async def _listen(self) -> None:
        """Turn the bell, which says that something new may be due, into a turn with a look at what is due."""
        while True:
            if await self._bell.sleep(60):
                self._look_at = 0.0
                self._turn.ring()

    async def _round(self) -> float:
        """Settle, and look at what is due if it is time; gives the seconds to sleep (monotonic time).

        The database being away is waited out, leases and all.
        """
        try:
            settled = monotonic() >= self._settle_at
            if settled:
                await self._settle()
            # What has come back has made room for what waited for it.
            if (self._crowded and settled) or monotonic() >= self._look_at:
                self._look_at = math.inf
                pause = await self._start()
                self._look_at = min(self._look_at, monotonic() + pause)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database_away", service=self._database.name, reason=type(error).__name__)
            self._look_at = self._settle_at = 0.0
            await asyncio.sleep(0.5)
        return min(self._look_at, self._settle_at) - monotonic()

    async def _settle(self) -> None:
        self._settle_at = math.inf
        while self._landed:
            landed = self._landed[:BATCH]
            async with self._database.unit() as unit:
                soonest = await settle_all(unit, landed)
            del self._landed[: len(landed)]
            self._look_at = min(self._look_at, monotonic() + soonest)
            for flight, _ in landed:
                self._flying.pop(key_of(flight.subject, flight.leg), None)
            for what, count in Counter((flight.leg.means, outcome.kind) for flight, outcome in landed).items():
                metrics().notices.labels(self._database.name, *what).inc(count)

    async def _start(self) -> float:
        """Start what is due and has room; gives the seconds until the next look."""
        limit = min(self._lanes.room(), BATCH)
        full = self._lanes.full()
        self._crowded = limit <= 0 or bool(full)
        if limit <= 0:
            return LONGEST_PAUSE
        async with self._database.unit() as unit:
            due, moment = await due_notices(unit, limit, full)
            picked = Picked(self._lanes, self._flying)
            await self._begin(unit, due, moment, picked)
            await save_courses(unit, picked.changed.items(), moment.domain)
            await hold_in_lane(unit, picked.held)
            more = len(due) == limit
            pause = 0.0 if more else await seconds_to_next(unit, self._lanes.full())
        self._crowded = self._crowded or picked.crowded
        return pause if more else min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)

    async def start_at_once(self, unit: Unit, due: Sequence[Due], moment: Moment) -> Mapping[UUID, Course]:
        """Start what has just been planned, in the transaction that plans it; gives the courses begun, to be written.

        What finds no room, and all of it where nobody is there to settle it, is found due by the next look.
        """
        if not self._running:
            return {}
        alone = [one for one in due if self._departures.alone(one, moment)]
        picked = Picked(self._lanes, self._flying, share=AHEAD)
        await self._begin(unit, alone[: max(self._lanes.room(picked.share), 0)], moment, picked)
        return picked.changed

    async def _begin(self, unit: Unit, due: Sequence[Due], moment: Moment, picked: Picked) -> None:
        """Pick what leaves, and write its attempts down. It leaves once the transaction is committed."""
        unit.ended.append(partial(self._part, picked, moment))
        if due:
            await self._departures.pick(unit, due, moment, picked)
        await start_attempts(unit, picked.attempts, moment.domain)

    def _part(self, picked: Picked, moment: Moment, committed: bool) -> None:
        """What is written down leaves; of what is not, the lanes are given back.

        What is committed while the process is being stopped is left to its lease.
        """
        if committed and self._running:
            self._launch(picked, moment)
            return
        for flight in picked.flights:
            self._give(flight, None)

    def _launch(self, picked: Picked, moment: Moment) -> None:
        for flight in picked.left_alone:
            metrics().notices.labels(self._database.name, flight.leg.means, LEFT_ALONE.kind).inc()
        for departure in picked.departures:
            task = asyncio.create_task(self._send(departure))
            for flight in departure.flights:
                self._flying[key_of(flight.subject, flight.leg)] = task
                if flight.leg.tries == 1:
                    seconds = (moment.domain - flight.planned_at).total_seconds() / moment.speed
                    metrics().notice_seconds.labels(self._database.name).observe(max(seconds, 0.0))

    async def _send(self, departure: Departure) -> None:
        addressed, lead = departure.addressed, departure.flights[0]
        try:
            async with asyncio.timeout(LEASE.total_seconds() - 1):
                outcome = await addressed.channel.send(addressed.message)
        except TimeoutError:
            outcome = Outcome("retry", "timeout")
        except Exception as error:
            log.exception("channel_failed", notice_id=str(lead.subject.notice_id), means=lead.leg.means)
            outcome = Outcome("retry", f"channel_{type(error).__name__.lower()}")
        first = not self._landed
        for flight in departure.flights:
            # Its receiver is done with it: the next need not wait until this one is written down.
            self._give(flight, outcome)
            self._landed.append((flight, outcome))
        if first:
            self._settle_at = monotonic() + LINGER
            self._turn.ring()

    def _give(self, flight: Flight, outcome: Outcome | None) -> None:
        """Give a lane back; an attempt that was not made says nothing about the other side."""
        if flight.lane:
            self._lanes.give(flight.lane, outcome.kind != "retry" if outcome is not None else None)

    async def _drain(self) -> None:
        sending = list(self._flying.values())
        if sending:
            await asyncio.wait(sending, timeout=GRACE)
        try:
            await self._settle()
        except Exception as error:
            log.warning("left_to_their_leases", count=len(self._landed), reason=type(error).__name__)
        for task in self._flying.values():
            task.cancel()
        self._flying.clear()
        self._landed.clear()
        self._lanes.clear()
        for channel in self._departures.addressing.channels.values():
            await channel.close()

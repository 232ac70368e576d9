"""Sends what is due: takes leases, sends outside any transaction, settles many outcomes at once.

A notice is committed as `sending` before anything leaves the house. When the process dies then, its lease runs
out and the same notice goes out again under the same id: a send can only be at least once.
"""

import asyncio
from dataclasses import dataclass, field

from services.notify.addressing import Addressed, Addressing
from services.notify.lanes import Lanes
from services.notify.rules.attempts import LEASE, Course, Leg, Moment, Outcome, begin
from services.notify.rules.planning import Subject
from services.notify.settling import Flight, Landed, settle_all, started
from services.notify.store.courses import save_courses
from services.notify.store.leases import (
    Due,
    due_notices,
    hold_in_lane,
    moment_of,
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

GRACE = 3.0
"""Seconds that attempts under way get when the process is asked to stop."""


@dataclass
class _Round:
    """What one look at the due notices led to; given back whole when its transaction fails."""

    flights: list[tuple[Flight, Addressed]] = field(default_factory=list)
    changed: list[tuple[Due, Course]] = field(default_factory=list)
    held: list[tuple[Due, str]] = field(default_factory=list)


class Dispatcher:
    """One loop: settle what has come back, start what is due, sleep until the next bell or due time."""

    def __init__(self, database: Database, bell: Wake, addressing: Addressing, lanes: Lanes | None = None) -> None:
        self._database = database
        self._bell = bell
        self._addressing = addressing
        self._lanes = lanes or Lanes()
        self._flying: dict[tuple[object, ...], asyncio.Task[None]] = {}
        self._landed: list[Landed] = []

    async def run(self) -> None:
        """Dispatch until cancelled; then let what is under way come back, for a moment."""
        try:
            while True:
                await self._bell.sleep(await self._look())
        finally:
            await self._drain()

    async def _look(self) -> float:
        """One round; gives the seconds to sleep. The database being away is waited out, leases and all."""
        try:
            await self._settle()
            return await self._start()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database_away", service=self._database.name, reason=type(error).__name__)
            return 0.5

    async def _settle(self) -> None:
        while self._landed:
            landed = self._landed[:BATCH]
            async with self._database.unit() as unit:
                await settle_all(unit, landed)
            del self._landed[: len(landed)]
            for flight, outcome in landed:
                self._lanes.give(flight.lane, healthy=outcome.kind != "retry")
                self._flying.pop(_key(flight.subject, flight.leg), None)
                metrics().notices.labels(self._database.name, flight.leg.means, outcome.kind).inc()

    async def _start(self) -> float:
        limit = min(self._lanes.room(), BATCH)
        if limit <= 0:
            return LONGEST_PAUSE
        full = self._lanes.full()
        picked = _Round()
        try:
            async with self._database.unit() as unit:
                due = await due_notices(unit, limit, full)
                moment = await moment_of(unit)
                for one in due:
                    self._pick(one, moment, picked)
                await _write(unit, picked, moment)
                pause = 0.0 if len(due) == limit else await seconds_to_next(unit, self._lanes.full())
        except BaseException:
            for flight, _ in picked.flights:
                self._lanes.give(flight.lane)
            raise
        self._launch(picked, moment)
        if pause is None:
            return LONGEST_PAUSE
        return pause if len(due) == limit else min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)

    def _pick(self, due: Due, moment: Moment, picked: _Round) -> None:
        """Start every leg that is due and has room, or end the course where its time is over."""
        course = due.course
        subject = Subject(due.id, due.recipient.id, due.type, due.referral_id, due.reference, due.exercise)
        for place in range(len(course.legs)):
            leg = course.legs[place]
            if leg.due is None or leg.due > moment.real or _key(subject, leg) in self._flying:
                continue
            addressed = self._addressing.address(due, leg, moment)
            if not self._lanes.take(addressed.lane):
                picked.held.append((due, addressed.lane))
                continue
            course, going = begin(course, leg, moment)
            if not going:
                self._lanes.give(addressed.lane)
                break
            picked.flights.append((Flight(subject, course.legs[place], addressed.lane), addressed))
        if course != due.course:
            picked.changed.append((due, course))

    def _launch(self, picked: _Round, moment: Moment) -> None:
        waits = {due.id: (moment.domain - due.at).total_seconds() / moment.speed for due, _ in picked.changed}
        for flight, addressed in picked.flights:
            task = asyncio.create_task(self._send(flight, addressed))
            self._flying[_key(flight.subject, flight.leg)] = task
            if flight.leg.tries == 1:
                seconds = max(waits[flight.subject.notice_id], 0.0)
                metrics().notice_seconds.labels(self._database.name).observe(seconds)

    async def _send(self, flight: Flight, addressed: Addressed) -> None:
        try:
            async with asyncio.timeout(LEASE.total_seconds() - 1):
                outcome = await addressed.channel.send(addressed.message)
        except TimeoutError:
            outcome = Outcome("retry", "timeout")
        except Exception as error:
            log.exception("channel_failed", notice_id=str(flight.subject.notice_id), means=flight.leg.means)
            outcome = Outcome("retry", f"channel_{type(error).__name__.lower()}")
        self._landed.append((flight, outcome))
        self._bell.ring()

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
        for channel in self._addressing.channels.values():
            await channel.close()


async def _write(unit: Unit, picked: _Round, moment: Moment) -> None:
    await save_courses(unit, [(due.id, course) for due, course in picked.changed], moment.domain)
    await hold_in_lane(unit, [(due.id, lane) for due, lane in picked.held])
    await start_attempts(unit, [started(flight) for flight, _ in picked.flights], moment.domain)


def _key(subject: Subject, leg: Leg) -> tuple[object, ...]:
    return (subject.notice_id, leg.means, leg.nth)

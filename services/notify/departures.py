"""What one look at the due notices leads to: which attempts begin, which wait, and which leave as one message."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import random
from uuid import UUID

from services.notify.addressing import Addressed, Addressing
from services.notify.lanes import Lanes
from services.notify.rules.attempts import Course, Leg, Moment, begin, put_off, settle
from services.notify.rules.bundling import URGENT, Bundling, Kind, Storm, bundle
from services.notify.rules.planning import Subject
from services.notify.settling import LEFT_ALONE, Flight, finished, started
from services.notify.store.leases import Attempt, Due
from services.notify.store.paces import Line, lock_paces, save_paces
from services.notify.texting import Texting
from shared.database import Unit

Key = tuple[object, ...]

Together = tuple[Line, UUID | None]
"""What leaves as one message: a storm over one line, or what has left over it under this id before."""


def key_of(subject: Subject, leg: Leg) -> Key:
    """What an attempt under way is known by."""
    return (subject.notice_id, leg.means, leg.nth)


@dataclass
class Departure:
    """One message, and the attempts it stands for: one, or a storm's. One that is `left_alone` is not sent now."""

    flights: list[Flight]
    addressed: Addressed
    left_alone: bool = False


@dataclass
class Picked:
    """What one look leads to, in a share of these lanes and beside what is flying; given back whole when it fails.

    `held` are those that begin to wait for a lane; `crowded` says that some wait for one.
    """

    lanes: Lanes
    flying: Collection[Key]
    share: float = 1.0
    departures: list[Departure] = field(default_factory=list)
    changed: dict[UUID, Course] = field(default_factory=dict)
    held: list[tuple[UUID, str]] = field(default_factory=list)
    left_alone: list[Flight] = field(default_factory=list)
    crowded: bool = False

    @property
    def flights(self) -> list[Flight]:
        """Every attempt that begins."""
        return [flight for departure in self.departures for flight in departure.flights]

    @property
    def attempts(self) -> list[Attempt]:
        """All of it as it is written down."""
        return [started(flight) for flight in self.flights] + [
            finished(flight, LEFT_ALONE) for flight in self.left_alone
        ]

    def leave_alone(self, moment: Moment) -> None:
        """Settle as they stand the attempts at receivers that are left alone: none is made, and the next means begin.

        Those that one message would stand for are tried again at one time, so that one message stands for them then.
        """
        for departure in [one for one in self.departures if one.left_alone]:
            self.departures.remove(departure)
            jitter = random()
            for flight in departure.flights:
                notice = flight.subject.notice_id
                self.changed[notice], _ = settle(self.changed[notice], flight.leg, LEFT_ALONE, moment, jitter)
                self.left_alone.append(flight)


@dataclass(frozen=True)
class Departures:
    """Picks what leaves. `gathered` are the means over which a storm is one message."""

    addressing: Addressing
    texting: Texting
    gathered: frozenset[str] = frozenset()

    async def pick(self, unit: Unit, due: Sequence[Due], moment: Moment, picked: Picked) -> None:
        """Start every leg that is due and has room; end a course whose time is over. All of it goes to `picked`."""
        sorting = _Sorting(self.addressing, moment, picked, await self._storms(unit, due, moment))
        for one in due:
            sorting.sort(one)
        picked.leave_alone(moment)
        await self.texting.prepare(unit, picked.departures, moment.domain)

    def alone(self, due: Due, moment: Moment) -> bool:
        """Whether a notice leaves as it is, whoever else is due: only a look at all of them sees a storm."""
        return not any(leg.means in self.gathered for leg in due.course.legs if _is_due(leg, moment))

    async def _storms(self, unit: Unit, due: Sequence[Due], moment: Moment) -> Mapping[Line, Bundling]:
        """What becomes of the messages to each address that counts them."""
        legs: dict[Line, list[tuple[Due, Leg]]] = defaultdict(list)
        for one in due:
            for leg in one.course.legs:
                if leg.means in self.gathered and not leg.tries and _is_due(leg, moment):
                    legs[one.recipient.id, leg.means, leg.nth].append((one, leg))
        if not legs:
            return {}
        paces = await lock_paces(unit, legs)
        found = {line: bundle(paces[line], _storm(mine), moment.real) for line, mine in legs.items()}
        await save_paces(unit, {line: one.pace for line, one in found.items()})
        return found


@dataclass
class _Sorting:
    addressing: Addressing
    moment: Moment
    picked: Picked
    storms: Mapping[Line, Bundling]
    bundles: dict[Together, Departure] = field(default_factory=dict)

    def sort(self, due: Due) -> None:
        course = due.course
        subject = Subject(due.id, due.recipient.id, due.type, due.referral_id, due.reference, due.exercise)
        for place in range(len(course.legs)):
            leg = course.legs[place]
            if not _is_due(leg, self.moment) or key_of(subject, leg) in self.picked.flying:
                continue
            until = self._later(due, leg)
            if until is not None:
                course = put_off(course, leg, until)
                continue
            course, going = self._begin(due, subject, course, leg)
            if not going:
                break
        if course != due.course:
            self.picked.changed[due.id] = course

    def _later(self, due: Due, leg: Leg) -> datetime | None:
        """When a leg is due again that comes in the middle of a storm; None where it leaves now.

        What would be over by then leaves now, and by itself.
        """
        storm = self._storm_of(due, leg)
        if storm is None or _kind(storm, due) != "later":
            return None
        return storm.until if storm.until < self.moment.real_at(due.course.not_after) else None

    def _begin(self, due: Due, subject: Subject, course: Course, leg: Leg) -> tuple[Course, bool]:
        """Start a leg in its lane; False where the course has ended instead."""
        together = self._together(due, leg)
        joining = self.bundles.get(together) if together is not None else None
        addressed = self.addressing.address(due, leg, self.moment)
        shut = joining is None and bool(addressed.lane) and self.picked.lanes.shut(addressed.lane)
        lane = "" if joining is not None or shut else addressed.lane
        if lane and not self.picked.lanes.take(lane, self.picked.share):
            self.picked.crowded = True
            if due.lane != lane:
                self.picked.held.append((due.id, lane))
            return course, True
        begun, going = begin(course, leg, self.moment)
        if not going:
            if lane:
                self.picked.lanes.give(lane)
            return begun, False
        sending = next(one for one in begun.legs if (one.means, one.nth) == (leg.means, leg.nth))
        sent_as = (joining.addressed if joining is not None else addressed).message.notice_id
        flight = Flight(subject, sending, lane, sent_as, due.at)
        if joining is not None:
            joining.flights.append(flight)
            joining.addressed = self._gathered(joining, due)
            return begun, True
        departure = Departure([flight], addressed, left_alone=shut)
        self.picked.departures.append(departure)
        if together is not None:
            self.bundles[together] = departure
        return begun, True

    def _together(self, due: Due, leg: Leg) -> Together | None:
        """What a leg leaves together with; None where it leaves by itself.

        A repeat leaves with those it left with before and nobody else: whether that message went out is asked by its
        id, and the answer is about no other's.
        """
        line = (due.recipient.id, leg.means, leg.nth)
        if leg.tries:
            return line, due.goes_as(leg)
        storm = self._storm_of(due, leg)
        return (line, None) if storm is not None and _kind(storm, due) == "together" else None

    def _storm_of(self, due: Due, leg: Leg) -> Bundling | None:
        return None if leg.tries else self.storms.get((due.recipient.id, leg.means, leg.nth))

    def _gathered(self, departure: Departure, due: Due) -> Addressed:
        """The message of a bundle that one more has joined: the earliest deadline, and no reference."""
        message = departure.addressed.message
        deadlines = [at for at in (message.respond_by, due.respond_by) if at is not None]
        gathered = replace(
            message,
            reference=None,
            respond_by=min(deadlines, default=None),
            url=self.addressing.desk_of(due.recipient.id),
            tasks=len(departure.flights),
        )
        return departure.addressed._replace(message=gathered)


def _storm(legs: Sequence[tuple[Due, Leg]]) -> Storm:
    return Storm(len(legs), sum(_is_urgent(due) for due, _ in legs))


def _kind(storm: Bundling, due: Due) -> Kind:
    return storm.urgent if _is_urgent(due) else storm.others


def _is_urgent(due: Due) -> bool:
    return due.course.not_after - due.at <= URGENT


def _is_due(leg: Leg, moment: Moment) -> bool:
    return leg.due is not None and leg.due <= moment.real

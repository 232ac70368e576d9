"""How a notice sets out: over which of its recipient's ways, in which order, from when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notify.rules.attempts import NOBODY, SINK, UNKNOWN, Course, Leg, Moment, News, State, set_out
from services.notify.rules.planning import Draft, Recipient, Way


def ways_now(recipient: Recipient, at: datetime) -> tuple[Way, ...]:
    """The verified ways that hold at `at` (domain time), in the order they are tried."""
    return tuple(
        way
        for way in recipient.ways
        if way.verified and (way.since is None or way.since <= at) and (way.until is None or at < way.until)
    )


def start_course(
    draft: Draft, exercise: bool, recipient: Recipient | None, patience: timedelta, moment: Moment
) -> tuple[Course, tuple[News, ...]]:
    """The course of a new notice. An exercise never touches real means; an unknown recipient's notice waits."""
    seconds = patience.total_seconds() / moment.speed
    if exercise:
        return course_over([SINK], draft.not_after, seconds, moment.real), ()
    waiting = course_unknown(draft.not_after, seconds, moment)
    return (waiting, ()) if recipient is None else equip(waiting, recipient, moment)


def waiting_until(course: Course, start: datetime, moment: Moment) -> Course:
    """The same course, none of it due before `start` (domain time)."""
    if start <= moment.domain or course.waiting:
        return course
    real = moment.real_at(start)
    legs = (leg._replace(due=max(leg.due, real)) if leg.due is not None else leg for leg in course.legs)
    return course._replace(legs=tuple(legs))


def equip(course: Course, recipient: Recipient, moment: Moment) -> tuple[Course, tuple[News, ...]]:
    """A waiting course, now that its recipient is known; with no way to reach them it fails at once."""
    ways = ways_now(recipient, moment.domain)
    legs = [leg for leg, way in zip(_legs([way.kind for way in ways]), ways, strict=True) if not way.gone]
    equipped = _over(legs, course, moment.real)
    return equipped, () if legs else (News("failed", None, last=True, reason="no_means"),)


def course_over(means: Sequence[str], not_after: datetime, patience: float, start: datetime) -> Course:
    """A fresh course over `means` in order, its first leg due at `start` (real time); over none it has failed."""
    return _over(_legs(means), Course((), not_after, patience), start)


def _legs(means: Sequence[str]) -> list[Leg]:
    return [Leg(kind, means[:place].count(kind)) for place, kind in enumerate(means)]


def _over(legs: Sequence[Leg], course: Course, start: datetime) -> Course:
    """The course over these legs, the first of them due; where there is none, that of somebody without means."""
    if not legs:
        return course._replace(legs=(Leg(NOBODY, state=State.FAILED),))
    return set_out(course._replace(legs=tuple(legs)), legs[0], start)


def course_unknown(not_after: datetime, patience: float, moment: Moment) -> Course:
    """A course for somebody not on the roster yet: it waits, and ends at `not_after`."""
    return Course((Leg(UNKNOWN, due=moment.real_at(not_after)),), not_after, patience)

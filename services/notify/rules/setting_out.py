"""How a notice sets out: over which of its recipient's ways, in which order, from when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.notify.rules.attempts import NOBODY, SINK, UNKNOWN, Course, Leg, Moment, News, State
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
    legs = (replace(leg, due=max(leg.due, real)) if leg.due is not None else leg for leg in course.legs)
    return replace(course, legs=tuple(legs))


def equip(course: Course, recipient: Recipient, moment: Moment) -> tuple[Course, tuple[News, ...]]:
    """A waiting course, now that its recipient is known; with no way to reach them it fails at once."""
    kinds = [way.kind for way in ways_now(recipient, moment.domain)]
    equipped = course_over(kinds, course.not_after, course.patience, moment.real)
    return equipped, () if kinds else (News("failed", None, last=True, reason="no_means"),)


def course_over(means: Sequence[str], not_after: datetime, patience: float, start: datetime) -> Course:
    """A fresh course over `means` in order, its first leg due at `start` (real time); over none it has failed."""
    if not means:
        return Course((Leg(NOBODY, state=State.FAILED),), not_after, patience)
    nth = [means[:place].count(kind) for place, kind in enumerate(means)]
    first, *rest = (Leg(kind, number) for kind, number in zip(means, nth, strict=True))
    return Course((replace(first, due=start), *rest), not_after, patience)


def course_unknown(not_after: datetime, patience: float, moment: Moment) -> Course:
    """A course for somebody not on the roster yet: it waits, and ends at `not_after`."""
    return Course((Leg(UNKNOWN, due=moment.real_at(not_after)),), not_after, patience)

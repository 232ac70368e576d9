"""Who works when: a made-up pattern of shifts round the clock. Pure.

Response teams turn two days, two lates, two nights and four days off; five teams, so that one of them has the
night. Neighbourhood officers work early and late, staff office hours. At three in the morning there are only
the night team's few.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
DAYS = 14
TEAMS = 5

Pattern = Literal["response", "neighbourhood", "staff"]
Span = tuple[time, time]

EARLY: Span = (time(7), time(16))
LATE: Span = (time(14), time(23))
NIGHT: Span = (time(22), time(7))
OFFICE: Span = (time(9), time(17))

_RESPONSE: tuple[Span | None, ...] = (EARLY, EARLY, LATE, LATE, NIGHT, NIGHT, None, None, None, None)
_NEIGHBOURHOOD: tuple[Span | None, ...] = (EARLY, EARLY, LATE, LATE, None, None, None)
_AWAY_DAYS = {"leave": (3, 7), "sick": (1, 3)}
_HOURS = {"court": 6, "abstracted": 9, "event": 4, "busy": 2}


@dataclass(frozen=True)
class Worker:
    """Somebody with a pattern; `turn` says where in it they stand."""

    id: str
    pattern: Pattern
    turn: int


@dataclass(frozen=True)
class Duty:
    """One row of duties.csv; both times are aware and local."""

    officer: str
    kind: str
    starts: datetime
    ends: datetime


def shifts(worker: Worker, now: datetime) -> Iterator[Duty]:
    """The worker's shifts from yesterday, so that a night under way counts, to `DAYS` days after `now`."""
    first = now.astimezone(LONDON).date() - timedelta(days=1)
    for offset in range(DAYS + 2):
        day = first + timedelta(days=offset)
        span = _span(worker, day)
        if span is not None:
            yield Duty(worker.id, "duty", *_on(day, span))


def nights_on_call(worker: Worker, now: datetime) -> Iterator[Duty]:
    """On call every night of the stretch, as somebody at home with a phone."""
    first = now.astimezone(LONDON).date() - timedelta(days=1)
    for offset in range(DAYS + 2):
        yield Duty(worker.id, "on_call", *_on(first + timedelta(days=offset), NIGHT))


def absences(workers: list[Worker], now: datetime, draw: Random) -> Iterator[Duty]:
    """Leave, sickness, and hours in court or elsewhere. Never of response, who hold the night."""
    today = now.astimezone(LONDON).date()
    elsewhere = cycle(_HOURS)
    for worker in workers:
        roll = draw.random()
        if worker.pattern == "response":
            continue
        if roll < 0.10:
            yield _away(worker, "leave", today, draw)
        elif roll < 0.14:
            yield _away(worker, "sick", today, draw)
        elif roll < 0.24:
            yield _within(draw.choice(list(shifts(worker, now))), next(elsewhere))


def _span(worker: Worker, day: date) -> Span | None:
    if worker.pattern == "staff":
        return OFFICE if day.weekday() < 5 else None
    # Counted from a fixed day, so that a roster made tomorrow goes on with the same pattern.
    if worker.pattern == "response":
        return _RESPONSE[(day.toordinal() + 2 * (worker.turn % TEAMS)) % len(_RESPONSE)]
    return _NEIGHBOURHOOD[(day.toordinal() + worker.turn) % len(_NEIGHBOURHOOD)]


def _on(day: date, span: Span) -> tuple[datetime, datetime]:
    begins, ends = span
    until = day if ends > begins else day + timedelta(days=1)
    return datetime.combine(day, begins, LONDON), datetime.combine(until, ends, LONDON)


def _away(worker: Worker, kind: str, today: date, draw: Random) -> Duty:
    shortest, longest = _AWAY_DAYS[kind]
    begins = today + timedelta(days=draw.randint(-1, DAYS - 4))
    ends = begins + timedelta(days=draw.randint(shortest, longest))
    return Duty(worker.id, kind, datetime.combine(begins, time(), LONDON), datetime.combine(ends, time(), LONDON))


def _within(shift: Duty, kind: str) -> Duty:
    return Duty(shift.officer, kind, shift.starts, min(shift.ends, shift.starts + timedelta(hours=_HOURS[kind])))

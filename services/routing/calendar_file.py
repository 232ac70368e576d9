"""Reading an iCalendar file (RFC 5545) into duty entries: all of it, or every fault by component and reason.

What an event is about is decided by its categories or its summary (`rules/roster/kinds.py`); of its words nothing is
kept. Its UID is the entry's name, so that the same event read again is the same entry.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from services.routing.recurring import BadProperty, Length, Recurrence, Wall, lasting, on_wall, starts_of
from services.routing.rules.roster.fields import LONDON
from services.routing.rules.roster.kinds import kind_of

LARGEST_FILE = 8 * 1024 * 1024
"""Bytes."""
LONGEST_UID = 150
MARK = "ical:"
"""How the name of an entry begins that came from a calendar."""
OFFICER = "X-LIAISON-OFFICER"

_READ = frozenset({None, "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_YEARS = range(1900, 2200)


@dataclass(frozen=True, slots=True)
class BadComponent:
    """Where a calendar is wrong and why: `component` is `VEVENT 3` and begins at `line`; never a value."""

    line: int
    component: str
    name: str
    reason: str


class CalendarRefused(ValueError):
    """The calendar is wrong somewhere, so none of it is taken."""

    def __init__(self, bad: Sequence[BadComponent]) -> None:
        self.bad = tuple(bad)
        super().__init__(f"{len(self.bad)} bad components in the calendar")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One stretch of an officer's time; `entry` names it for as long as the event stands."""

    officer: str
    entry: str
    kind: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Asked:
    """Whose calendar it is (None: each event says), who may be in it, and between which instants it is read."""

    officer: str | None
    officers: frozenset[str]
    since: datetime
    until: datetime


@dataclass
class Read:
    """What a calendar says: its occurrences, and everybody it speaks of, if only to say that nothing stands."""

    occurrences: list[Occurrence] = field(default_factory=list)
    officers: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Event:
    """An event as it is written: `moved` is which of the recurrences it stands in for."""

    uid: str
    officer: str
    kind: str | None
    start: Wall
    length: Length
    recurrence: Recurrence
    moved: datetime | None
    place: tuple[int, str]


def read_calendar(content: bytes, asked: Asked) -> Read:
    """What the calendar says. Raises CalendarRefused naming every bad component."""
    text = _text(content)
    calendar = _parsed(text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().upper() == "BEGIN:VEVENT"]
    events, bad = [], []
    for number, component in enumerate(calendar.walk("VEVENT"), 1):
        place = (lines[number - 1] if number <= len(lines) else 0, f"VEVENT {number}")
        try:
            events.append(_event(component, calendar, asked, place))
        except BadProperty as error:
            bad.append(BadComponent(*place, error.name, error.reason))
    bad += [BadComponent(*event.place, "UID", "repeated") for event in _repeated(events)]
    read = Read(officers={event.officer for event in events} | ({asked.officer} if asked.officer else set()))
    moved: dict[str, set[datetime]] = {}
    for event in events:
        if event.moved is not None:
            moved.setdefault(event.uid, set()).add(event.moved)
    for event in events:
        try:
            read.occurrences += _occurrences(event, moved.get(event.uid, set()), asked)
        except BadProperty as error:
            bad.append(BadComponent(*event.place, error.name, error.reason))
    if bad:
        raise CalendarRefused(sorted(set(bad), key=lambda one: (one.line, one.name)))
    return read


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise CalendarRefused([BadComponent(0, "VCALENDAR", "", "too_large")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CalendarRefused([BadComponent(line, "VCALENDAR", "", "not_utf8")]) from error
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise CalendarRefused([BadComponent(line, "VCALENDAR", "", "nul_character")])
    return text


def _parsed(text: str) -> Calendar:
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise CalendarRefused([BadComponent(1, "VCALENDAR", "", "not_a_calendar")]) from error
    if not isinstance(calendar, Calendar):
        raise CalendarRefused([BadComponent(1, "VCALENDAR", "", "not_a_calendar")])
    if str(calendar.get("METHOD", "PUBLISH")).upper() not in ("PUBLISH", "REQUEST"):
        raise CalendarRefused([BadComponent(1, "VCALENDAR", "METHOD", "unsupported")])
    return calendar


def _event(component: Any, calendar: Any, asked: Asked, place: tuple[int, str]) -> _Event:
    for name, _ in component.errors:
        if name in _READ:
            raise BadProperty(name or "", "not_readable")
    start = _start(component)
    moved = component.get("RECURRENCE-ID")
    if moved is not None and ("RANGE" in moved.params or "RRULE" in component):
        raise BadProperty("RECURRENCE-ID", "unsupported_recurrence")
    return _Event(
        uid=_uid(component),
        officer=_officer(component, calendar, asked),
        kind=_kind(component),
        start=start,
        length=_length(component, start),
        recurrence=_recurrence(component),
        moved=None if moved is None else Wall(start.naive(_moment(moved, "RECURRENCE-ID")), start.zone).instant(),
        place=place,
    )


def _uid(component: Any) -> str:
    uid = str(_one(component, "UID") or "")
    if not uid:
        raise BadProperty("UID", "required")
    if len(uid) > LONGEST_UID or not uid.isprintable():
        raise BadProperty("UID", "not_an_id")
    return uid


def _officer(component: Any, calendar: Any, asked: Asked) -> str:
    written = _one(component, OFFICER) or calendar.get(OFFICER)
    officer = asked.officer or (str(written) if written else None)
    if officer is None:
        raise BadProperty(OFFICER, "required")
    if written and str(written) != officer:
        raise BadProperty(OFFICER, "another_officer")
    if officer not in asked.officers:
        raise BadProperty(OFFICER, "unknown_officer")
    return officer


def _kind(component: Any) -> str | None:
    """The kind; None for an event that was cancelled."""
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        return None
    given = component.get("CATEGORIES", [])
    lists = given if isinstance(given, list) else [given]
    kind = kind_of((str(one) for each in lists for one in each.cats), str(component.get("SUMMARY", "")))
    if kind is None:
        raise BadProperty("CATEGORIES", "unknown_kind")
    return kind


def _start(component: Any) -> Wall:
    given = _one(component, "DTSTART")
    if given is None:
        raise BadProperty("DTSTART", "required")
    moment = _moment(given, "DTSTART")
    zone = (moment.tzinfo if isinstance(moment, datetime) else None) or LONDON
    return Wall(on_wall(moment, zone), zone)


def _length(component: Any, start: Wall) -> Length:
    end, duration = _one(component, "DTEND"), _one(component, "DURATION")
    whole_day = not isinstance(_one(component, "DTSTART").dt, datetime)
    if end is not None:
        moment = _moment(end, "DTEND")
        if isinstance(moment, datetime) == whole_day:
            raise BadProperty("DTEND", "not_like_start")
        length = Length(timedelta(), clock=start.naive(moment) - start.at)
    elif duration is not None:
        length = lasting(duration.dt)
    elif whole_day:
        length = Length(timedelta(days=1))
    else:
        raise BadProperty("DTEND", "required")
    if length.end(start) <= start.instant():
        raise BadProperty("DTEND" if end is not None else "DURATION", "not_after_start")
    return length


def _recurrence(component: Any) -> Recurrence:
    return Recurrence(_one(component, "RRULE"), _moments(component, "RDATE"), _moments(component, "EXDATE"))


def _moments(component: Any, name: str) -> tuple[date, ...]:
    given = component.get(name, [])
    lists = given if isinstance(given, list) else [given]
    return tuple(_moment(one, name) for each in lists for one in each.dts)


def _moment(given: Any, name: str) -> date:
    """A time or a day as it is written, local times without a zone left naive."""
    moment = given.dt
    if not isinstance(moment, date):
        raise BadProperty(name, "unsupported_recurrence")
    if isinstance(moment, datetime) and moment.tzinfo is None and given.params.get("TZID"):
        raise BadProperty(name, "unknown_time_zone")
    if moment.year not in _YEARS:
        raise BadProperty(name, "not_a_plausible_year")
    return moment


def _one(component: Any, name: str) -> Any:
    """A property that may be there once."""
    given = component.get(name)
    if isinstance(given, list):
        raise BadProperty(name, "repeated")
    return given


def _repeated(events: Iterable[_Event]) -> Iterator[_Event]:
    seen: set[tuple[str, datetime | None]] = set()
    for event in events:
        if (event.uid, event.moved) in seen:
            yield event
        seen.add((event.uid, event.moved))


def _occurrences(event: _Event, elsewhere: Set[datetime], asked: Asked) -> Iterator[Occurrence]:
    """When the event takes place, but for the times in whose place another event stands."""
    if event.kind is None:
        return
    recurs = event.recurrence.rule is not None or bool(event.recurrence.added)
    until = asked.until if recurs else datetime.max.replace(year=2200, tzinfo=UTC)
    for at in starts_of(event.start, event.recurrence, until):
        start = Wall(at, event.start.zone)
        starts, ends = start.instant(), event.length.end(start)
        if ends <= asked.since or (event.moved is None and starts in elsewhere):
            continue
        name = f"{MARK}{event.uid}"
        if recurs or event.moved is not None:
            name += f"/{event.moved or starts:%Y%m%dT%H%M%SZ}"
        yield Occurrence(event.officer, name, event.kind, starts, ends)

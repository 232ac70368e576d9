"""When an event of a calendar takes place: one time, or every time of its recurrence, on the clock people live by.

A shift from seven to five is from seven to five on both sides of a clock change: what recurs is the time on the
wall, and its instants follow from it. A local time that a clock change skips or repeats is read as RFC 5545 says:
by the offset before the gap, and as the first of the two.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice

from dateutil.rrule import rrulestr
from icalendar import vRecur

_DAY = timedelta(days=1)
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_ENDS = frozenset({"UNTIL", "COUNT"})
_PARTS = _ENDS | frozenset(
    {"FREQ", "WKST", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"}
)
"""Parts of a rule that no duty needs (times within a day) are refused rather than half understood."""


class BadProperty(ValueError):
    """A property that cannot be used: its name, and a stable reason that holds nothing of its value."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(reason)


@dataclass(frozen=True)
class Wall:
    """A time on the wall (naive) in a zone."""

    at: datetime
    zone: tzinfo

    def instant(self) -> datetime:
        """The instant it is, in UTC."""
        return self.at.replace(tzinfo=self.zone).astimezone(UTC)

    def naive(self, other: date) -> datetime:
        """Another time or day on this wall; a day is its midnight."""
        return on_wall(other, self.zone)


@dataclass(frozen=True)
class Length:
    """How long each occurrence lasts: to a time on the wall `days` and `clock` later, or `exact` after those days."""

    days: timedelta
    clock: timedelta = timedelta()
    exact: timedelta = timedelta()

    def end(self, start: Wall) -> datetime:
        """When an occurrence that starts then is over."""
        return Wall(start.at + self.days + self.clock, start.zone).instant() + self.exact


@dataclass(frozen=True)
class Recurrence:
    """A rule, and the single times added to it and taken out of it."""

    rule: vRecur | None = None
    added: tuple[date, ...] = ()
    left_out: tuple[date, ...] = ()


def on_wall(moment: date, zone: tzinfo) -> datetime:
    """A time or day on the wall of a zone, without it; a time without a zone is on that wall already."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def lasting(length: timedelta) -> Length:
    """A DURATION: whole days are days on the wall, the rest is exact (RFC 5545 §3.3.6)."""
    days, rest = divmod(length, _DAY)
    return Length(days * _DAY, exact=rest)


def starts_of(start: Wall, recurrence: Recurrence, until: datetime) -> tuple[datetime, ...]:
    """Every start on the wall from the first up to `until` (an instant), in order. Raises BadProperty."""
    bound = start.naive(until)
    found = {start.at} if recurrence.rule is None else set(_by_rule(start, recurrence.rule, bound))
    found |= {start.naive(one) for one in recurrence.added}
    return tuple(sorted(at for at in found if at <= bound and not _left_out(start, at, recurrence.left_out)))


def _left_out(start: Wall, at: datetime, left_out: Iterable[date]) -> bool:
    """Some calendars leave out a day, others the very time."""
    return any(
        start.naive(one) == at if isinstance(one, datetime) or start.at.time() == time() else one == at.date()
        for one in left_out
    )


def _by_rule(start: Wall, rule: vRecur, bound: datetime) -> Iterator[datetime]:
    until, count = _checked(start, rule)
    bare = vRecur({part: values for part, values in rule.items() if part.upper() not in _ENDS})
    try:
        written: bytes = bare.to_ical()  # type: ignore[no-untyped-call]
        times = rrulestr(written.decode(), dtstart=start.at).replace(until=min(bound, until or bound))
    except (ValueError, TypeError) as error:
        raise BadProperty("RRULE", "not_readable") from error
    return iter(times) if count is None else islice(times, count)


def _checked(start: Wall, rule: vRecur) -> tuple[datetime | None, int | None]:
    """The rule's own end: its last possible start on the wall, and how many there are. Raises BadProperty."""
    parts = {part.upper(): values if isinstance(values, list) else [values] for part, values in rule.items()}
    frequency = str(_only(parts.get("FREQ", ()))).upper()
    if frequency not in _FREQUENCIES or not parts.keys() <= _PARTS:
        raise BadProperty("RRULE", "unsupported_recurrence")
    interval, count = _only(parts.get("INTERVAL", (1,))), _only(parts.get("COUNT", (None,)))
    if not isinstance(interval, int) or interval < 1 or not (count is None or (isinstance(count, int) and count > 0)):
        raise BadProperty("RRULE", "not_readable")
    until = _only(parts.get("UNTIL", (None,)))
    if until is None:
        return None, count
    if not isinstance(until, date):
        raise BadProperty("RRULE", "not_readable")
    last = start.naive(until)
    return (last if isinstance(until, datetime) else last + _DAY - timedelta(seconds=1)), count


def _only(values: Sequence[object]) -> object:
    if len(values) != 1:
        raise BadProperty("RRULE", "not_readable")
    return values[0]

"""Working time and safe windows, on the clock people live by (the policy's time zone, bank holidays)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.contact import EVERY_DAY, Window
from shared.contracts.matching import Calendar

_HORIZON_DAYS = 400
"""A window or working day that does not come within this is no window at all."""


def after(start: datetime, minutes: int, counts: str, calendar: Calendar) -> datetime:
    """The instant `minutes` after `start`; `counts` "working" lets them pass in working hours alone."""
    if counts != "working" or minutes == 0:
        return start + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    for opens, closes in _working_hours(start, calendar):
        begins = max(opens, start)
        if begins + left <= closes:
            return begins + left
        left -= max(closes - begins, timedelta())
    return start + timedelta(days=_HORIZON_DAYS)


def next_safe(target: datetime, windows: Iterable[Window], timezone: str) -> datetime:
    """The first instant from `target` on that lies in a window; `target` itself where there are none."""
    zone = ZoneInfo(timezone)
    safe = [
        max(opens, target)
        for window in windows
        for opens, closes in _openings(target.astimezone(zone).date(), window, zone)
        if closes > target
    ]
    return min(safe, default=target)


def is_quiet(calendar: Calendar, now: datetime) -> bool:
    """Whether `now` lies in the hours in which nothing that can wait is sent."""
    local = now.astimezone(ZoneInfo(calendar.timezone)).strftime("%H:%M")
    start, end = calendar.quiet_from, calendar.quiet_until
    return start <= local or local < end if start > end else start <= local < end


def local_day(now: datetime, timezone: str) -> date:
    """The calendar day on which `now` falls."""
    return now.astimezone(ZoneInfo(timezone)).date()


def _working_hours(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    zone = ZoneInfo(calendar.timezone)
    first = start.astimezone(zone).date()
    closed = frozenset(calendar.bank_holidays)
    for day in (first + timedelta(days=offset) for offset in range(_HORIZON_DAYS)):
        if EVERY_DAY[day.weekday()] in calendar.working_days and day not in closed:
            yield _at(day, calendar.work_from, zone), _at(day, calendar.work_until, zone)


def _openings(first: date, window: Window, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The window on each day from the eve of `first`, over midnight where it ends before it starts."""
    for day in (first + timedelta(days=offset) for offset in range(-1, 9)):
        if EVERY_DAY[day.weekday()] in window.days:
            last = day if window.end > window.start else day + timedelta(days=1)
            yield _at(day, window.start, zone), _at(last, window.end, zone)


def _at(day: date, local: str, zone: ZoneInfo) -> datetime:
    hour, minute = local.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), zone).astimezone(UTC)

"""Times as people read them: Europe/London, 24-hour clock, and how long from now. Pure; `now` is an argument."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def clock_time(at: datetime) -> str:
    """`14:32`, local. `at` is aware."""
    return at.astimezone(LONDON).strftime("%H:%M")


def day_and_time(at: datetime, now: datetime) -> str:
    """`14:32` today, `tomorrow 09:00`, `yesterday 23:10`, `Tue 24 Nov, 09:00`; another year is written out."""
    local, today = at.astimezone(LONDON), now.astimezone(LONDON)
    days = (local.date() - today.date()).days
    near = {0: "", 1: "tomorrow ", -1: "yesterday "}.get(days)
    if near is not None:
        return f"{near}{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def written_out(at: datetime) -> str:
    """`Tuesday 24 November 2026, 14:32 GMT`, local, with the name of the offset."""
    local = at.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y}, {local:%H:%M} {local.tzname()}"


def length_of(span: timedelta) -> str:
    """A stretch of time in the two units that matter: `8 min`, `3 h 20 min`, `2 days`, `2 days 5 h`.

    Rounded down, so that nobody is told of time they have not got. The sign is dropped.
    """
    span = abs(span)
    if span < _MINUTE:
        return "less than a minute"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    if span < _DAY:
        minutes = span % _HOUR // _MINUTE
        return f"{span // _HOUR} h" + (f" {minutes} min" if minutes else "")
    days, hours = span // _DAY, span % _DAY // _HOUR
    return f"{days} {'day' if days == 1 else 'days'}" + (f" {hours} h" if hours else "")


def to_go(at: datetime, now: datetime) -> str:
    """What is left until a deadline: `in 8 min`, or `8 min late`."""
    return f"in {length_of(at - now)}" if at >= now else f"{length_of(now - at)} late"

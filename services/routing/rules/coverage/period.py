"""Hours by the local clock. On the two days on which the clocks change a day has 23 or 25 of them."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from services.routing.rules.coverage.model import Period

_HOUR = timedelta(hours=1)


def period(now: datetime, days: int, timezone: str) -> Period:
    """The hours from the one that is under way at `now` to the same time on the clock `days` days later."""
    local = now.astimezone(ZoneInfo(timezone))
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    first = now.astimezone(UTC) - past
    # Adding days to a local time keeps what the clock shows, whatever the clocks did in between.
    ends = (first.astimezone(ZoneInfo(timezone)) + timedelta(days=days)).astimezone(UTC)
    hours = (first + number * _HOUR for number in range(days * 24 + 2))
    return Period(tuple(takewhile(lambda at: at < ends, hours)), ends, timezone)


def hour_of_week(at: datetime, timezone: str) -> int:
    """0 for the hour from Monday 00:00 local, 167 for the last of Sunday."""
    local = at.astimezone(ZoneInfo(timezone))
    return local.weekday() * 24 + local.hour

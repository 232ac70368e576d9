"""Dates and times as people type them into a form: local (Europe/London), with neither zone nor offset. Pure.

Where the clocks go back an hour comes twice. Of its two readings a time that lies ahead means the next one to come,
and a time that is told of the last one that has been. Where they go forward an hour is left out, and no time in it is
taken.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from services.routing.rules.roster.fields import instant
from shared.local_time import LONDON

Lies = Literal["ahead", "behind"]
"""Whether a time is promised or told of."""
SOON = timedelta(days=8)
"""How long before the clocks change a form says so."""


def read_time(text: str, now: datetime, lies: Lies) -> datetime:
    """The instant that a typed time means. Raises BadCell: not_a_time, no_such_local_time, not_a_plausible_year."""
    first = instant(text)
    second = _second(first) if _has_no_offset(text) else None
    if second is None:
        return first
    if lies == "ahead":
        return first if first > now else second
    return second if second <= now else first


def clock_change(now: datetime) -> str:
    """What a form says about the next clock change where that is near; nothing else."""
    for day in _coming_days(now):
        before, after = day.utcoffset(), (day + timedelta(days=1)).utcoffset()
        if before is None or after is None or before == after or now.astimezone(LONDON).utcoffset() == after:
            continue
        when = f"{day:%A} {day.day} {day:%B}"
        if after < before:
            return (
                f"The clocks go back on {when}: the time from 01:00 to 02:00 comes twice. A time in it that lies ahead "
                "is taken as the next one to come, a time that has been as the last one."
            )
        return f"The clocks go forward on {when}: there is no time from 01:00 to 02:00."
    return ""


def _has_no_offset(text: str) -> bool:
    return datetime.fromisoformat(text.upper()).tzinfo is None


def _second(first: datetime) -> datetime | None:
    later = first.astimezone(LONDON).replace(fold=1).astimezone(UTC)
    return later if later != first else None


def _coming_days(now: datetime) -> Iterator[datetime]:
    """Local midnights from today on, for as long as is soon."""
    midnight = now.astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0)
    yield from (midnight + timedelta(days=number) for number in range(SOON.days))

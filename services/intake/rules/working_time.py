"""Minutes that pass in working hours alone, for classes that count in working days (policy `counts = "working"`)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.matching import Calendar

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = 3_660
"""Days looked ahead; a calendar without a working day in ten years is a mistake, not a wait."""


def after(start: datetime, minutes: int, calendar: Calendar) -> datetime:
    """The instant at which `minutes` of working time have passed since `start`; aware, in `start`'s zone."""
    zone = ZoneInfo(calendar.timezone)
    local = start.astimezone(zone)
    left = timedelta(minutes=minutes)
    for number in range(_LONGEST):
        opens, closes = _hours(local.date() + timedelta(days=number), calendar, zone)
        begins = max(opens, start)
        if closes <= begins:
            continue
        if begins + left <= closes:
            return (begins + left).astimezone(start.tzinfo)
        left -= closes - begins
    return start + timedelta(days=_LONGEST)


def _hours(day: date, calendar: Calendar, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When work begins and ends on a day, in UTC so that lengths are real; both the same on a day off."""
    utc = ZoneInfo("UTC")
    opens = datetime.combine(day, time.fromisoformat(calendar.work_from), zone).astimezone(utc)
    closes = datetime.combine(day, time.fromisoformat(calendar.work_until), zone).astimezone(utc)
    works = _DAYS[day.weekday()] in calendar.working_days and day not in calendar.bank_holidays
    return opens, closes if works else opens

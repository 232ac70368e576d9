"""Quiet hours: what can wait is told in the morning to whoever is off duty by then.

Offers never wait, nor anything of a class that does not respect quiet hours (immediate and priority among them), and
nobody who is on duty or on call is kept waiting: somebody of whom that is not known is taken to be.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.notify.rules.planning import Kind
from shared.contracts.deliveries import NoticeType
from shared.contracts.matching import Calendar

CAN_WAIT: frozenset[NoticeType] = frozenset({"task.reminder", "task.taken", "task.closed"})


@dataclass(frozen=True)
class Quiet:
    """The hours between `start` and `end` (local, perhaps over midnight) in `zone`; each written `22:00`."""

    start: str
    end: str
    zone: str

    @classmethod
    def of(cls, calendar: Calendar) -> "Quiet":
        """The calendar's."""
        return cls(calendar.quiet_from, calendar.quiet_until, calendar.timezone)

    def over_at(self, at: datetime) -> datetime | None:
        """When the quiet hours end that `at` lies in; None outside them."""
        local = at.astimezone(ZoneInfo(self.zone))
        now = local.strftime("%H:%M")
        over_midnight = self.start > self.end
        inside = (self.start <= now or now < self.end) if over_midnight else (self.start <= now < self.end)
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and now >= self.start else 0)
        return datetime.combine(day, time.fromisoformat(self.end), ZoneInfo(self.zone))


def begins(kind: Kind, quiet: Quiet | None, duty_until: datetime | None, at: datetime) -> datetime:
    """When a notice sets out that is planned at `at`; `quiet` None: its class knows no quiet hours."""
    if quiet is None or kind not in CAN_WAIT or duty_until is None or at < duty_until:
        return at
    return quiet.over_at(at) or at

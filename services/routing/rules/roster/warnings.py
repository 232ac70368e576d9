"""What will be missing on the roster if nobody acts: training that ends, roles that nobody will staff. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.routing.rules.calendar import is_quiet, local_day
from services.routing.rules.roster.rota import Gap, Turn, gaps
from shared.contracts.matching import Calendar
from shared.contracts.policy import PolicyDocument

TRAINING_AHEAD = timedelta(days=60)
STAFFING_AHEAD = timedelta(hours=24)
SHORTEST_GAP = timedelta(minutes=5)
"""Rotas written as "until 23:59" leave a minute that is none."""
STAFFED = ("coordinator", "sergeant", "inspector", "fim", "psd", "ops")
"""Roles that every force keeps staffed: referrals are held by them or told to them (contract §4 "Who")."""
_IN_PLACE_OF_COORDINATOR = ("coordinator", "sergeant", "inspector", "fim")

Trained = tuple[str, str, date]
"""(officer, force, last day on which the training counts)"""


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing that will be missing. `subject` is an officer's id or a role's address, `due` when it is missing.

    `due` None: it is missing already, and nobody knows since when.
    """

    kind: str
    subject: str
    force: str
    due: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        """What it is about."""
        return (self.kind, self.subject)


def training_ends(trained: Iterable[Trained], calendar: Calendar, now: datetime) -> Iterator[Warned]:
    """Officers whose training ends within 60 days, counted in days of the policy's time zone; the latest counts."""
    zone = ZoneInfo(calendar.timezone)
    today = local_day(now, calendar.timezone)
    latest: dict[tuple[str, str], date] = {}
    for officer, force, until in trained:
        latest[officer, force] = max(until, latest.get((officer, force), until))
    for (officer, force), until in sorted(latest.items()):
        if today <= until <= today + TRAINING_AHEAD:
            due = datetime.combine(until + timedelta(days=1), time(), zone)
            yield Warned("training", officer, force, due)


def roles_unstaffed(rotas: Mapping[tuple[str, str], Sequence[Turn]], now: datetime) -> Iterator[Warned]:
    """Roles, by (force, role), that nobody staffs at some moment of the next 24 hours: the first such moment."""
    for (force, role), turns in sorted(rotas.items()):
        if found := missing_between(turns, now, now + STAFFING_AHEAD):
            missing = found[0].starts
            known = missing > now or any(turn.ends <= now for turn in turns)
            yield Warned("role_unstaffed", f"{role}:{force}", force, missing if known else None)


def missing_between(turns: Sequence[Turn], start: datetime, end: datetime) -> tuple[Gap, ...]:
    """The gaps of a rota that begin before `end` and are worth a word."""
    found = gaps(turns, start, end + SHORTEST_GAP)
    return tuple(gap for gap in found if gap.starts < end and gap.ends - gap.starts >= SHORTEST_GAP)


def staffed_roles(policy: PolicyDocument) -> Iterator[tuple[str, str]]:
    """(force, role) of everything that must be staffed under a policy."""
    return ((force, role) for force in sorted(policy.forces) for role in STAFFED)


def told(force: str, rotas: Mapping[tuple[str, str], Sequence[Turn]], now: datetime) -> str:
    """The role that hears a warning: the coordinator, or where nobody is one now, who stands above."""
    there = (role for role in _IN_PLACE_OF_COORDINATOR if not _missing(rotas.get((force, role), ()), now))
    return f"{next(there, 'coordinator')}:{force}"


def may_be_told(warned: Warned, calendar: Calendar, now: datetime) -> bool:
    """Whether it is worth a message at this hour: training waits until the quiet hours are over."""
    return warned.kind != "training" or not is_quiet(calendar, now)


def _missing(turns: Sequence[Turn], now: datetime) -> bool:
    return not any(turn.starts <= now < turn.ends for turn in turns)

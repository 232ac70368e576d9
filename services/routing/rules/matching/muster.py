"""A muster: every officer as they stand at one instant, and how much each has in hand.

What holds for any request (training, leave, duty) is settled once for a stretch of time, so that ranking the
next fifty referrals touches only those who could be asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.routing.rules.calendar import local_day
from services.routing.rules.matching.model import IDLE, Candidate, Load, Officer, Roster
from services.routing.rules.roster.duty import AVAILABLE
from shared.contracts.matching import Matching
from shared.contracts.policy import PolicyDocument

_AWAY = frozenset({"leave", "sick", "court", "abstracted", "event", "busy"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a roster stands from `since` until something about it changes at `until`.

    `present` could be asked by somebody; `absent` groups the rest by the reason; both in order of id.
    """

    since: datetime
    until: datetime
    version: int
    policy_version: str
    matching: Matching
    present: tuple[Candidate, ...]
    absent: Mapping[str, tuple[str, ...]]
    forces: Mapping[str, str]
    """Every officer's force, by id."""
    upcoming: tuple[tuple[datetime, str], ...]
    """When trained officers who are away come on duty, soonest first, with their force."""

    def holds(self, now: datetime) -> bool:
        """Whether it still stands so at `now`."""
        return self.since <= now < self.until


@dataclass(slots=True)
class Muster:
    """A standing at one instant, with a working copy of the loads: asking somebody adds to it."""

    standing: Standing
    now: datetime
    loads: dict[str, Load]

    def charge(self, officer: str, counted: int) -> None:
        """Give an officer one more task as of now; `counted` is 0 for a broadcast."""
        load = self.loads.get(officer, IDLE)
        self.loads[officer] = Load(load.counted + counted, self.now)

    def discharge(self, officer: str) -> None:
        """Take a counted task off an officer."""
        load = self.loads.get(officer, IDLE)
        self.loads[officer] = Load(max(load.counted - 1, 0), load.last_task)

    def next_on_duty(self, forces: Iterable[str]) -> datetime | None:
        """When the next officer of these forces comes on duty, None where none is known to."""
        wanted = frozenset(forces)
        starts = (at for at, force in self.standing.upcoming if force in wanted and at > self.now)
        return next(starts, None)


def muster(roster: Roster, policy: PolicyDocument, now: datetime, loads: Mapping[str, Load]) -> Muster:
    """Every officer of `roster` as they stand at `now`, with a copy of `loads`."""
    return Muster(stand(roster, policy, now), now, dict(loads))


def stand(roster: Roster, policy: PolicyDocument, now: datetime) -> Standing:
    """How the roster stands at `now`, and for how long that is so."""
    officers = sorted(roster.officers, key=lambda officer: officer.id)
    judged = [_judge(officer, policy, now) for officer in officers]
    absent: dict[str, list[str]] = {}
    for officer, found in zip(officers, judged, strict=True):
        if isinstance(found, str):
            absent.setdefault(found, []).append(officer.id)
    return Standing(
        since=now,
        until=min(_changes(officers, policy, now)),
        version=roster.version,
        policy_version=policy.version,
        matching=policy.matching,
        present=tuple(found for found in judged if isinstance(found, Candidate)),
        absent={code: tuple(ids) for code, ids in absent.items()},
        forces={officer.id: officer.force for officer in officers},
        upcoming=_upcoming(officers, policy, now),
    )


def _judge(officer: Officer, policy: PolicyDocument, now: datetime) -> Candidate | str:
    """The officer as a candidate, or the filter that rules them out for anybody."""
    matching = policy.matching
    kind = officer.duty.at(now)
    begins = _due_on(officer, matching, now) if kind is None else now
    absent = _absent(officer, policy, "duty" if begins is not None and kind is None else kind, now)
    if absent is not None or begins is None:
        return absent or "off_duty"
    rest = officer.duty.rest_before(begins)
    ends = officer.duty.available_until(begins) or begins
    short = rest is not None and rest < timedelta(minutes=matching.rest_minutes)
    return Candidate(officer, begins.timestamp(), ends.timestamp(), short)


def _due_on(officer: Officer, matching: Matching, now: datetime) -> datetime | None:
    """When the officer comes on, if that is so soon that it counts as on duty."""
    starts = officer.duty.next_start(now)
    soon = now + timedelta(minutes=matching.due_on_within_minutes)
    return starts if starts is not None and starts <= soon else None


def _absent(officer: Officer, policy: PolicyDocument, kind: str | None, now: datetime) -> str | None:
    for name in policy.matching.filters:
        if name == "trained" and not _trained(officer, policy, now):
            return "training_lapsed"
        if name == "fit" and kind in _AWAY:
            return kind
        if name == "on_duty" and kind is None:
            return "off_duty"
    # A policy that leaves a filter out does not put the sick and the absent back on the street.
    return None if kind in AVAILABLE else kind or "off_duty"


def _trained(officer: Officer, policy: PolicyDocument, now: datetime) -> bool:
    today: date = local_day(now, policy.calendar.timezone)
    return any(name == policy.matching.course and until >= today for name, until in officer.trained)


def _changes(officers: Iterable[Officer], policy: PolicyDocument, now: datetime) -> Iterator[datetime]:
    """Instants after `now` at which some officer may stand otherwise; midnight is always among them."""
    zone = ZoneInfo(policy.calendar.timezone)
    yield datetime.combine(local_day(now, policy.calendar.timezone) + timedelta(days=1), time(), zone)
    notice = timedelta(minutes=policy.matching.due_on_within_minutes)
    for officer in officers:
        for stretch in officer.duty.stretches:
            for edge in (stretch.starts - notice, stretch.starts, stretch.ends):
                if edge > now:
                    yield edge


def _upcoming(officers: Iterable[Officer], policy: PolicyDocument, now: datetime) -> tuple[tuple[datetime, str], ...]:
    starts = (
        (officer.duty.next_start(now), officer.force)
        for officer in officers
        if officer.duty.at(now) not in AVAILABLE and _trained(officer, policy, now)
    )
    return tuple(sorted((begins, force) for begins, force in starts if begins is not None))

"""A muster: every officer as they stand at one instant, and how much each has in hand.

What holds for any request (training, leave, duty) is settled once for a stretch of time, so that ranking the
next fifty referrals touches only those who could be asked.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.routing.rules.calendar import local_day
from services.routing.rules.matching.model import IDLE, Candidate, Load, Officer, Ranked, Reach, Roster, WrittenLoad
from services.routing.rules.roster.duty import AVAILABLE, AWAY, Duty
from shared.contracts.matching import Matching
from shared.contracts.policy import PolicyDocument

SOONEST = timedelta(days=1)
"""Whatever a policy says, nobody counts as on duty who comes on later than this."""
LOOKS_BACK = timedelta(days=2)
"""Short rest further back than this tires nobody any more; a roster is known this far back, always."""


PRESENT = "."
ROLL = {
    "training_lapsed": "t",
    "leave": "l",
    "sick": "s",
    "court": "c",
    "abstracted": "a",
    "restricted": "r",
    "event": "e",
    "busy": "b",
    "off_duty": "o",
}
"""What rules out for anybody, in order, and its letter in a roll; kept for as long as decisions are."""


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
    pool: tuple[str, ...]
    """Those forces, in order."""
    upcoming: tuple[tuple[datetime, str], ...]
    """When trained officers who are away come on duty, soonest first, with their force."""
    roll: str
    """`present` and `absent` once more, a letter for each officer in order of id (`ROLL`)."""
    duties: Mapping[str, Duty]
    """Every officer's time, by id."""

    def holds(self, now: datetime) -> bool:
        """Whether it still stands so at `now`."""
        return self.since <= now < self.until


@dataclass(slots=True)
class Muster:
    """A standing at one instant, with a working copy of the loads: asking somebody adds to it."""

    standing: Standing
    now: datetime
    loads: dict[str, Load]
    _rated: dict[Hashable, dict[str, Ranked]] = field(default_factory=dict, repr=False, compare=False)
    _reached: dict[Hashable, list[Reach]] = field(default_factory=dict, repr=False, compare=False)
    _written: dict[str, WrittenLoad] = field(default_factory=dict, repr=False, compare=False)

    def charge(self, officer: str, counted: int) -> None:
        """Give an officer one more task as of now; `counted` is 0 for a broadcast."""
        load = self.loads.get(officer, IDLE)
        self._burden(officer, Load(load.counted + counted, self.now))

    def discharge(self, officer: str) -> None:
        """Take a counted task off an officer."""
        load = self.loads.get(officer, IDLE)
        self._burden(officer, Load(max(load.counted - 1, 0), load.last_task))

    def rated(self, alike: Hashable) -> dict[str, Ranked]:
        """Officers rated already for requests alike, by id, to be added to; whose load changes is rated anew.

        A storm is many requests that ask for the same: fifty of them cost little more than one.
        """
        return self._rated.setdefault(alike, {})

    def reached(self, place: Hashable, reach: Callable[[Candidate], Reach]) -> list[Reach]:
        """Everybody present with their way to a place, worked out once for each place."""
        if place not in self._reached:
            self._reached[place] = [reach(candidate) for candidate in self.standing.present]
        return self._reached[place]

    def written(self) -> dict[str, WrittenLoad]:
        """What everybody present has in hand, as a decision keeps it; whoever never had a task is left out."""
        known, loads = self._written, self.loads
        for id_ in loads.keys() - known.keys():
            known[id_] = loads[id_].written()
        return {one.officer.id: known[one.officer.id] for one in self.standing.present if one.officer.id in known}

    def _burden(self, officer: str, load: Load) -> None:
        self.loads[officer] = load
        self._written.pop(officer, None)
        for rows in self._rated.values():
            rows.pop(officer, None)

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
    judge = _Judge(policy, now)
    judged = [judge(officer) for officer in officers]
    absent: dict[str, list[str]] = {code: [] for code in ROLL}
    for officer, found in zip(officers, judged, strict=True):
        if isinstance(found, str):
            absent[found].append(officer.id)
    return Standing(
        since=now,
        until=min(_changes(officers, policy, now)),
        version=roster.version,
        policy_version=policy.version,
        matching=policy.matching,
        present=tuple(found for found in judged if isinstance(found, Candidate)),
        absent={code: tuple(ids) for code, ids in absent.items() if ids},
        forces={officer.id: officer.force for officer in officers},
        pool=tuple(sorted({officer.force for officer in officers})),
        upcoming=_upcoming(zip(officers, judged, strict=True), now),
        roll="".join(ROLL[found] if isinstance(found, str) else PRESENT for found in judged),
        duties={officer.id: officer.duty for officer in officers},
    )


class _Judge:
    """Says of an officer whether anybody may ask them at `now`: as a candidate, or the filter that rules them out."""

    def __init__(self, policy: PolicyDocument, now: datetime) -> None:
        matching = policy.matching
        self.now, self.course = now, matching.course
        self.today = local_day(now, policy.calendar.timezone)
        self.soon = now + min(timedelta(minutes=matching.due_on_within_minutes), SOONEST)
        self.rest = timedelta(minutes=matching.rest_minutes)
        self.asks_training = "trained" in matching.filters

    def __call__(self, officer: Officer) -> Candidate | str:
        if self.asks_training and not self.trained(officer):
            return "training_lapsed"
        kind = officer.duty.at(self.now)
        if kind in AWAY:
            return kind
        begins = self.now if kind in AVAILABLE else officer.duty.next_start(self.now)
        if begins is None or begins > self.soon:
            return "off_duty"
        ends = officer.duty.available_until(begins) or begins
        rest = officer.duty.rest_before(begins, self.now - LOOKS_BACK)
        return Candidate(officer, begins.timestamp(), ends.timestamp(), rest is not None and rest < self.rest)

    def trained(self, officer: Officer) -> bool:
        """Whether the course counts today, the last day included, on the clock people live by."""
        return any(course == self.course and until >= self.today for course, until in officer.trained)


def _changes(officers: Iterable[Officer], policy: PolicyDocument, now: datetime) -> Iterator[datetime]:
    """Instants after `now` at which some officer may stand otherwise; midnight is always among them."""
    zone = ZoneInfo(policy.calendar.timezone)
    yield datetime.combine(local_day(now, policy.calendar.timezone) + timedelta(days=1), time(), zone)
    notice = min(timedelta(minutes=policy.matching.due_on_within_minutes), SOONEST)
    for officer in officers:
        for stretch in officer.duty.stretches:
            for edge in (stretch.starts - notice, stretch.starts, stretch.ends, stretch.ends + LOOKS_BACK):
                if edge > now:
                    yield edge


def _upcoming(judged: Iterable[tuple[Officer, Candidate | str]], now: datetime) -> tuple[tuple[datetime, str], ...]:
    """When everybody away comes back whom nothing but their duty keeps away."""
    starts = (
        (officer.duty.next_start(now), officer.force)
        for officer, found in judged
        if found != "training_lapsed" and officer.duty.at(now) not in AVAILABLE
    )
    return tuple(sorted((begins, force) for begins, force in starts if begins is not None))

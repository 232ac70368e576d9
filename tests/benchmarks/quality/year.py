"""A simulated year of choosing: each referral goes to the first of its ranking, who has it until it is closed.

Everybody who is asked accepts: what is measured is the choice, not the patience of people. Where nobody may be
asked, the referral waits until somebody's duty changes.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.routing.rules.matching.model import Load, Ranked, Ranking, Request, Roster
from services.routing.rules.matching.muster import Muster, muster
from services.routing.rules.matching.points import PARTS
from services.routing.rules.matching.rank import rank
from shared.contracts.policy import PolicyDocument
from tests.benchmarks.quality.demand import Referral

FIT = tuple(number for number, part in enumerate(PARTS) if part not in {"caseload", "fairness"})
"""The parts of the points that do not depend on what else an officer was given."""
REMEMBERED = timedelta(days=365)
"""An earlier holder counts so long for the same person (design §6)."""
_NEVER = timedelta(days=14)
"""A referral that nobody may take for so long is given up."""


@dataclass(frozen=True)
class Given:
    """One referral as it was given out at `at`.

    `options`: points of fit of everybody who would have been as good in order: who passes every filter but the cap,
    at least as near in tier and as rested as the chosen one. `home`: those of them of the owning force.
    """

    referral: Referral
    at: datetime
    chosen: str
    options: dict[str, int]
    home: frozenset[str]
    earlier: str | None
    """Who had the same person's last referral, no matter whether they may be asked again."""

    @property
    def until(self) -> datetime:
        """When it is closed."""
        return self.at + self.referral.lasts


@dataclass
class Year:
    """What came of it. `caps`: how many each officer may have at a time; `waited`: those not given at once."""

    given: list[Given] = field(default_factory=list)
    caps: dict[str, int] = field(default_factory=dict)
    waited: int = 0
    given_up: int = 0


def play(referrals: Iterable[Referral], rosters: Iterable[tuple[datetime, Roster]], policy: PolicyDocument) -> Year:
    """Give out every referral in order of time."""
    desk = _Desk(policy, iter(rosters))
    stream = iter(referrals)
    coming = next(stream, None)
    while coming is not None or desk.waiting:
        if coming is None or (desk.waiting and desk.waiting[0][0] <= coming.at):
            at, _number, referral = heapq.heappop(desk.waiting)
            desk.take(referral, at)
        else:
            desk.take(coming, coming.at)
            coming = next(stream, None)
    return desk.year


class _Desk:
    """The state of things as the year goes on."""

    def __init__(self, policy: PolicyDocument, rosters: Iterator[tuple[datetime, Roster]]) -> None:
        self.policy, self._rosters = policy, rosters
        (_, self._roster), self._next = next(rosters), next(rosters, None)
        self.year = Year()
        self.waiting: list[tuple[datetime, int, Referral]] = []
        self._held: list[tuple[datetime, str]] = []
        self._last_task: dict[str, datetime] = {}
        self._holders: dict[int, tuple[datetime, str]] = {}
        self._number = 0

    def take(self, referral: Referral, now: datetime) -> None:
        """Give it to the first of its ranking at `now`, or let it wait until something changes."""
        standing = muster(self._roster_at(now), self.policy, now, self._loads(now))
        request, earlier = self._request(referral, now)
        ranking = rank(request, standing)
        if ranking.ranked:
            self._give(referral, replace(referral, request=request), (standing, ranking, earlier))
            self.year.waited += now > referral.at
        elif now - referral.at > _NEVER:
            self.year.given_up += 1
        else:
            self._number += 1
            heapq.heappush(self.waiting, (standing.standing.until, self._number, referral))

    def _roster_at(self, now: datetime) -> Roster:
        while self._next is not None and self._next[0] <= now:
            self._roster, self._next = self._next[1], next(self._rosters, None)
        return self._roster

    def _loads(self, now: datetime) -> dict[str, Load]:
        while self._held and self._held[0][0] <= now:
            heapq.heappop(self._held)
        counted = Counter(officer for _until, officer in self._held)
        return {officer: Load(counted[officer], at) for officer, at in self._last_task.items()}

    def _request(self, referral: Referral, now: datetime) -> tuple[Request, str | None]:
        last_at, last = self._holders.get(referral.person, (now, None))
        if last is None or now - last_at > REMEMBERED:
            return referral.request, None
        return replace(referral.request, known=referral.request.known | {last}), last

    def _give(self, referral: Referral, asked: Referral, found: tuple[Muster, Ranking, str | None]) -> None:
        standing, ranking, earlier = found
        best, now = ranking.ranked[0], standing.now
        rows = _as_good(asked.request, standing, ranking)
        home = frozenset(row.officer for row in rows if row.force == asked.request.force)
        options = {row.officer: fit(row) for row in rows}
        given = Given(asked, now, best.officer, options, home, earlier)
        self.year.given.append(given)
        self.year.caps |= {one.id: one.cap or self.policy.matching.cap for one in self._roster.officers}
        heapq.heappush(self._held, (given.until, best.officer))
        self._last_task[best.officer] = now
        self._holders[referral.person] = (now, best.officer)


def fit(row: Ranked) -> int:
    """How well the officer fits, whatever they have in hand."""
    return sum(row.parts[number] for number in FIT)


def _as_good(request: Request, standing: Muster, ranking: Ranking) -> list[Ranked]:
    """Who could have had it if nobody's hands had been full, in the chosen one's group of the order or a better one."""
    best = ranking.ranked[0]
    idle = rank(request, Muster(standing.standing, standing.now, {})).ranked
    rows = {row.officer: row for row in (*ranking.ranked, *idle)}
    return [row for row in rows.values() if (row.tier, row.is_tired) <= (best.tier, best.is_tired)]

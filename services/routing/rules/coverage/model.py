"""What coverage is reckoned from and what comes of it. Plain values; times are aware, demand is in referrals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.routing.rules.matching.model import Request

Level = Literal["home", "pool"]
"""Nobody at home, though a sister force could; or nobody in the whole pool."""

WEEK = 168
"""Hours of the week, from Monday 00:00 local."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something a referral may want: a plain need, or an officer with one skill or language.

    `request` is what ranking is asked, whatever the force. `pool_at_once`: its class asks all forces together, so
    that an officer at home is as good as one of a sister force.
    """

    code: str
    kind: Literal["need", "skill", "language"]
    request: Request
    pool_at_once: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """Consecutive hours by the local clock: `starts` of each, and the end of the last. UTC inside."""

    starts: tuple[datetime, ...]
    ends: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class Question:
    """Whose coverage is asked for, when, and of what."""

    force: str
    districts: tuple[str, ...]
    """ONS codes of the force's own."""
    lines: tuple[Line, ...]
    period: Period


@dataclass(frozen=True, slots=True)
class Spell:
    """An unbroken time in which an officer could be offered some of a question's lines; seconds since 1970.

    Bit n of `fits` stands for line n: asked at home for officers of the question's force, as a sister for others.
    """

    officer: str
    force: str
    districts: frozenset[str]
    starts: float
    ends: float
    fits: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Past referrals of one kind. `hour` is the local hour of the week in which they opened.

    Of an `erased` one nobody knows any more which skills and languages it asked for.
    """

    district: str
    need: str
    skills: frozenset[str]
    languages: frozenset[str]
    hour: int
    number: int
    erased: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What was opened in the last `weeks` weeks; `unplaced` had no district and are left out."""

    weeks: float = 0.0
    seen: tuple[Seen, ...] = ()
    unplaced: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Referrals a week: assumed, seen in all the weeks, and what to expect from both."""

    assumed: float
    seen: float
    expected: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many referrals to expect. `shape` divides a week's among its hours and adds up to 1."""

    weekly: Mapping[tuple[str, str], Estimate]
    """By (district, line)."""
    shape: tuple[float, ...]
    weeks: float
    prior_weeks: int

    def a_week(self, district: str, line: str) -> float:
        """Referrals a week."""
        return self.weekly[district, line].expected

    @property
    def weight_of_experience(self) -> float:
        """The share of experience in every estimate; the assumptions have the rest."""
        return self.weeks / (self.weeks + self.prior_weeks)


@dataclass(frozen=True, slots=True)
class Cell:
    """One district, hour and line: officers who could be offered a referral all through the hour.

    `serving` are those `home` who serve the district. `expected` is in referrals.
    """

    district: str
    hour: int
    line: str
    serving: int
    home: int
    sisters: int
    expected: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nobody at home, or nobody at all, could be offered a referral of one line.

    `sisters` is the least number of officers of other forces who could; `expected` the referrals that meet it.
    """

    starts: datetime
    ends: datetime
    districts: tuple[str, ...]
    line: str
    level: Level
    sisters: int
    expected: float


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Expected referrals that find nobody: in any force; at home; serving the district. Each holds the one before."""

    in_pool: float = 0.0
    at_home: float = 0.0
    in_district: float = 0.0

    def __add__(self, other: "Uncovered") -> "Uncovered":
        return Uncovered(
            self.in_pool + other.in_pool, self.at_home + other.at_home, self.in_district + other.in_district
        )

    def __sub__(self, other: "Uncovered") -> "Uncovered":
        return Uncovered(
            self.in_pool - other.in_pool, self.at_home - other.at_home, self.in_district - other.in_district
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Something that could be done.

    `train`: `officer`, who serves `districts`, learns `skill` or renews `course`. `serve`: `officer` serves one more
    district. `duty`: one more trained officer (with `skill`, if one is named) is on duty from `starts` to `ends`.
    """

    action: Literal["train", "serve", "duty"]
    officer: str | None = None
    districts: tuple[str, ...] = ()
    skill: str | None = None
    course: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """A change, and the force's uncovered demand over the period before and after it.

    `parts` are (line, before, after) of what has nobody at home, for the lines that change.
    """

    change: Change
    before: Uncovered
    after: Uncovered
    parts: tuple[tuple[str, float, float], ...] = ()

    @property
    def closes(self) -> Uncovered:
        """The difference."""
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class Survey:
    """One force's coverage over a period: the gaps, the advice, and what it was reckoned from.

    `cells` come hour by hour. `uncovered` is by line, for the whole period.
    """

    question: Question
    cells: tuple[Cell, ...]
    gaps: tuple[Gap, ...]
    advice: tuple[Advice, ...]
    forecast: Forecast
    history: History
    uncovered: Mapping[str, Uncovered]

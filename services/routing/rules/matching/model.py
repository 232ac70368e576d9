"""What ranking is given and what it gives back. Plain slotted values: three hundred of them in a millisecond."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from services.routing.rules.roster.duty import OFF_DUTY, Duty

Scope = Literal["home_first", "home", "sisters", "pool"]
"""`home_first`: the owning force, and a sister force only when nobody at home can answer in time."""


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer on the roster. `base` is a full postcode, `base_km` the same on the National Grid, if known."""

    id: str
    force: str
    title: str = ""
    districts: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    gender: str | None = None
    cap: int | None = None
    avoid: frozenset[str] = frozenset()
    base: str | None = None
    base_km: tuple[int, int] | None = None
    trained: tuple[tuple[str, date], ...] = ()
    """(course, last day on which it counts)"""
    duty: Duty = OFF_DUTY


@dataclass(frozen=True, slots=True)
class Roster:
    """The officers of a pool at one version, in order of id."""

    version: int
    officers: tuple[Officer, ...]


WrittenLoad = list[float | None]
"""A load as a decision keeps it: open offers and held, the last task in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Load:
    """Open offers and held referrals together, broadcasts left out, and when the last task was given."""

    counted: int = 0
    last_task: datetime | None = None

    def written(self) -> WrittenLoad:
        """As a decision keeps it."""
        return [self.counted, self.last_task.timestamp() if self.last_task else None]


IDLE = Load()


@dataclass(frozen=True, slots=True)
class Request:
    """What a referral asks of an officer. `named` says why an officer may not be asked, by id.

    `km` is where somebody has to go, on the National Grid; None where nobody has to, or nobody knows.
    """

    force: str
    response_class: str
    district: str | None = None
    sector: str | None = None
    km: tuple[int, int] | None = None
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    required_skills: tuple[str, ...] = ()
    """All of them."""
    required_languages: tuple[str, ...] = ()
    """One of them."""
    gender: str | None = None
    gender_required: bool = False
    cross_force: bool = True
    known: frozenset[str] = frozenset()
    last: str | None = None
    """Who held what may be an earlier referral of the same person. Counts as known; nobody is told so unasked."""
    named: Mapping[str, str] = field(default_factory=dict)
    broadcast: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An officer who could be asked: on duty from `begins` (perhaps soon) to `ends`, in seconds since 1970."""

    officer: Officer
    begins: float
    ends: float
    short_rest: bool = False


class Reach(NamedTuple):
    """A candidate for one request: the road there in kilometres (None: unknown), and minutes of duty left after it."""

    candidate: Candidate
    road: float | None
    left: float


class Ranked(NamedTuple):
    """A candidate who may be asked. The fields up to `officer` are the order, so that sorting needs no key."""

    tier: int
    is_tired: bool
    lacking: int
    """Points short of none: minus the total."""
    since: float
    """The last task in seconds since 1970, minus infinity for none."""
    officer: str
    force: str
    tired: str | None
    parts: tuple[int, ...]
    """Points in the order of `points.PARTS`."""

    @property
    def total(self) -> int:
        """All points together."""
        return -self.lacking


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who may be asked, best first, and every other officer by the rule that ruled them out."""

    scope: Scope
    ranked: tuple[Ranked, ...]
    ruled_out: Mapping[str, tuple[str, ...]]

    def why_not(self, officer: str) -> str | None:
        """The rule that ruled an officer out, None for one who may be asked."""
        return next((code for code, ids in self.ruled_out.items() if officer in ids), None)

"""How near the choices come to the best possible in hindsight.

The yardstick is fit: points for continuity, district, shift left, skills, language and travel. Caseload and
fairness are left out of it: they are what the ranking pays so that work is spread, and the spread is measured by
itself.

**Best in hindsight.** The year is cut into windows of referrals that are in hand together: a window ends just before
the first of its own referrals is closed, so that no place in anybody's hands is used twice within it. Each officer
brings as many places as their cap leaves after what they already had when the window began, and one more from
the moment on at which they close something older. A referral may take a place that is free at its own instant, of
an officer who passed every filter at that instant, in the same group of the order (home or sister force, rested
or tired) as the one chosen, or a better one. `linear_sum_assignment` then finds the assignment with the most points of
fit; every window's own choices are among what it may find, so it is never worse. It knows the whole window
beforehand, which nobody at the time could.

**Upper bound.** Every referral with its own best officer, however full their hands: no assignment of the whole year
can have more, so that the share of it is at most the share of the best possible.

**Floor.** Anybody of the same group at random: what is reached without points.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.optimize import linear_sum_assignment

from tests.benchmarks.quality.year import Given, Year

Assignment = Sequence[str]
"""An officer for each of the referrals given out, in their order."""

_IMPOSSIBLE = 1_000_000.0


@dataclass(frozen=True)
class Quality:
    """Figures of one way to give the year out. Shares are of one; `kept` None where nobody came back."""

    fit: float
    """Points for each referral, on average."""
    home: float
    gini: float
    kept: float | None


def best_in_hindsight(year: Year) -> list[str]:
    """The best assignment of each window, one window after the other."""
    found: list[str] = []
    for first, past in windows(year.given):
        found += _best(year, first, past)
    return found


def own_best(year: Year) -> list[str]:
    """Everybody's own best officer, whatever these have in hand."""
    return [max(given.options, key=lambda officer: (given.options[officer], officer)) for given in year.given]


def windows(given: Sequence[Given]) -> Iterator[tuple[int, int]]:
    """Where each window begins, and where it is past."""
    first = 0
    while first < len(given):
        past, closes = first + 1, given[first].until
        while past < len(given) and given[past].at < closes:
            closes = min(closes, given[past].until)
            past += 1
        yield first, past
        first = past


def _best(year: Year, first: int, past: int) -> list[str]:
    window = year.given[first:past]
    officers = {officer for given in window for officer in given.options}
    places = [(officer, free) for officer in sorted(officers) for free in _places(year, officer, first)]
    cost = np.full((len(window), len(places)), _IMPOSSIBLE)
    for row, given in enumerate(window):
        for column, (officer, free) in enumerate(places):
            if officer in given.options and (free is None or free <= given.at):
                cost[row, column] = -given.options[officer]
    rows, columns = linear_sum_assignment(cost)
    if cost[rows, columns].max() >= _IMPOSSIBLE:
        raise AssertionError("a window's own choices do not fit into it")
    return [places[column][0] for column in columns]


def _places(year: Year, officer: str, first: int) -> Iterator[datetime | None]:
    """From when on each of an officer's places is free; None for one that is so from the window's beginning."""
    begins = year.given[first].at
    held = sorted(one.until for one in year.given[:first] if one.chosen == officer and one.until > begins)
    yield from [None] * (year.caps[officer] - len(held))
    yield from held


def quality(year: Year, assignment: Assignment) -> Quality:
    """The figures of one assignment."""
    pairs = list(zip(year.given, assignment, strict=True))
    again = [(given, officer) for given, officer in pairs if given.earlier is not None]
    return Quality(
        fit=_mean(given.options[officer] for given, officer in pairs),
        home=_mean(officer in given.home for given, officer in pairs),
        gini=gini(_counts(year, assignment).values()),
        kept=_mean(officer == given.earlier for given, officer in again) if again else None,
    )


def at_random(year: Year) -> Quality:
    """What taking anybody of the same group would bring on average; everybody's share of work is then by chance too."""
    chances = dict.fromkeys(_counts(year, ()), 0.0)
    for given in year.given:
        for officer in given.options:
            chances[officer] += 1 / len(given.options)
    again = [given for given in year.given if given.earlier is not None]
    return Quality(
        fit=_mean(_mean(given.options.values()) for given in year.given),
        home=_mean(len(given.home) / len(given.options) for given in year.given),
        gini=gini(chances.values()),
        kept=_mean((given.earlier in given.options) / len(given.options) for given in again) if again else None,
    )


def could_be_kept(year: Year) -> float | None:
    """Of those who came back, how many whose earlier officer could have been asked."""
    again = [given for given in year.given if given.earlier is not None]
    return _mean(given.earlier in given.options for given in again) if again else None


def gini(counts: Iterable[float]) -> float:
    """How unevenly work is spread: 0, everybody the same; near 1, one has it all."""
    ordered = sorted(counts)
    total, number = sum(ordered), len(ordered)
    if not total:
        return 0.0
    return sum((2 * place - number - 1) * count for place, count in enumerate(ordered, start=1)) / (number * total)


def _counts(year: Year, assignment: Assignment) -> Mapping[str, float]:
    """Referrals of everybody who could ever have been asked."""
    counts: dict[str, float] = {officer: 0 for given in year.given for officer in given.options}
    for officer in assignment:
        counts[officer] += 1
    return counts


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0

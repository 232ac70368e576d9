"""The period cut into pieces in which nothing changes, and what is uncovered of them.

A piece ends at every edge of a spell and at every hour. It weighs the share of a week's referrals that falls into it;
what a district expects of it is that weight times its own rate.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from services.routing.rules.coverage.model import Forecast, Period, Spell
from services.routing.rules.coverage.period import hour_of_week

Counts = Sequence[int]
"""Officers in each piece."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The period cut up. `edges` are one more than the pieces, in seconds since 1970."""

    edges: tuple[float, ...]
    weights: tuple[float, ...]
    hours: tuple[int, ...]
    """The first piece of each hour of the period, and at the end the number of pieces."""

    def instant(self, edge: int) -> datetime:
        """An edge as a time, UTC."""
        return datetime.fromtimestamp(self.edges[edge], UTC)

    def count(self, spells: Iterable[Spell]) -> Counts:
        """How many of the spells cover each piece; every edge of theirs is one of ours."""
        steps = [0] * len(self.edges)
        for spell in spells:
            steps[bisect_left(self.edges, spell.starts)] += 1
            steps[bisect_left(self.edges, spell.ends)] -= 1
        return list(accumulate(steps[:-1]))


def cut(period: Period, spells: Iterable[Spell], forecast: Forecast) -> Pieces:
    """The pieces of a period."""
    starts, ends = [at.timestamp() for at in period.starts], period.ends.timestamp()
    edges = sorted({*starts, ends, *(edge for one in spells for edge in (one.starts, one.ends))})
    of_week = [forecast.shape[hour_of_week(at, period.timezone)] for at in period.starts]
    weights = ((until - since) / 3600 * of_week[bisect_right(starts, since) - 1] for since, until in pairwise(edges))
    return Pieces(tuple(edges), tuple(weights), tuple(bisect_left(edges, at) for at in (*starts, ends)))


@dataclass(frozen=True, slots=True)
class Curve:
    """How much weight was uncovered from the start of the period up to each edge."""

    edges: Sequence[float]
    sums: Sequence[float]

    @classmethod
    def of(cls, pieces: Pieces, uncovered: Iterable[bool]) -> "Curve":
        """The curve of the pieces that are uncovered."""
        each = (weight if bare else 0.0 for weight, bare in zip(pieces.weights, uncovered, strict=True))
        return cls(pieces.edges, tuple(accumulate(each, initial=0.0)))

    def between(self, since: float, until: float) -> float:
        """The uncovered weight of a stretch, in seconds since 1970; nothing outside the period."""
        return self._at(until) - self._at(since)

    @property
    def whole(self) -> float:
        """All of it."""
        return self.sums[-1]

    def _at(self, moment: float) -> float:
        place = bisect_right(self.edges, moment) - 1
        if place < 0:
            return 0.0
        if place >= len(self.edges) - 1:
            return self.sums[-1]
        since, until = self.edges[place], self.edges[place + 1]
        return self.sums[place] + (self.sums[place + 1] - self.sums[place]) * (moment - since) / (until - since)

"""A force's account of a period: who could be asked in every piece of it, and what finds nobody."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from services.routing.rules.coverage.model import Cell, Forecast, Level, Question, Spell, Uncovered
from services.routing.rules.coverage.pieces import Counts, Curve, Pieces, cut

Stretch = tuple[float, float]
"""From and until, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Cover:
    """One line at one force: who could be asked in each piece, and at which level nobody could."""

    home: Counts
    sisters: Counts
    pool_at_once: bool

    def level(self, piece: int) -> Level | None:
        """What is missing in a piece, None for nothing."""
        if self.home[piece]:
            return None
        if not self.sisters[piece]:
            return "pool"
        return None if self.pool_at_once else "home"


@dataclass(frozen=True)
class Ledger:
    """Who could be asked, piece by piece; `serving` by (district, line) are those at home who serve the district."""

    question: Question
    forecast: Forecast
    pieces: Pieces
    covers: Mapping[str, Cover]
    serving: Mapping[tuple[str, str], Counts]

    def uncovered(self) -> dict[str, Uncovered]:
        """Expected referrals of the whole period that find nobody, by line."""
        whole = self.pieces.edges[0], self.pieces.edges[-1]
        return {line.code: self.bare(line.code, whole, self._places) for line in self.question.lines}

    def bare(self, line: str, stretch: Stretch, serves: Set[str]) -> Uncovered:
        """Expected referrals of one line that find nobody in a stretch, in all districts together.

        `in_district` counts only the districts that somebody `serves`: what they would close by being there.
        """
        rate, pool, home = self._rates[line], self._bare[line, "pool"], self._bare[line, "home"]
        at_home = rate * home.between(*stretch)
        # Where all forces are asked at once nobody need serve the district: there at_home says it for all of them.
        near = sum(self.near(line, stretch, district) for district in serves & self._places)
        in_district = at_home if self.covers[line].pool_at_once else near
        return Uncovered(rate * pool.between(*stretch), at_home, in_district)

    def near(self, line: str, stretch: Stretch, district: str) -> float:
        """Expected referrals of one line and district that find nobody who serves it in a stretch."""
        return self.forecast.a_week(district, line) * self._near[district, line].between(*stretch)

    def cells(self) -> list[Cell]:
        """Every hour of every district and line, in that order; the fewest officers of the hour count."""
        hours = list(pairwise(self.pieces.hours))
        return [
            self._cell(district, number, line.code, span)
            for number, span in enumerate(hours)
            for district in self.question.districts
            for line in self.question.lines
        ]

    def _cell(self, district: str, hour: int, line: str, span: tuple[int, int]) -> Cell:
        pieces = slice(*span)
        cover = self.covers[line]
        return Cell(
            district=district,
            hour=hour,
            line=line,
            serving=min(self.serving[district, line][pieces]),
            home=min(cover.home[pieces]),
            sisters=min(cover.sisters[pieces]),
            expected=self.forecast.a_week(district, line) * sum(self.pieces.weights[pieces]),
        )

    @cached_property
    def _places(self) -> frozenset[str]:
        return frozenset(self.question.districts)

    @cached_property
    def _rates(self) -> dict[str, float]:
        """Referrals of each line a week, in all districts together."""
        of = self.forecast.a_week
        return {
            line.code: sum(of(district, line.code) for district in self.question.districts)
            for line in self.question.lines
        }

    @cached_property
    def _bare(self) -> dict[tuple[str, Level], Curve]:
        """By line, where nobody is in the pool; and where nobody is at home, which is there as well."""
        numbers = range(len(self.pieces.weights))
        curves: dict[tuple[str, Level], Curve] = {}
        for code, cover in self.covers.items():
            levels = [cover.level(piece) for piece in numbers]
            curves[code, "pool"] = Curve.of(self.pieces, (level == "pool" for level in levels))
            curves[code, "home"] = Curve.of(self.pieces, (level is not None for level in levels))
        return curves

    @cached_property
    def _near(self) -> dict[tuple[str, str], Curve]:
        """Where nobody serves the district."""
        return {
            (district, line): self._bare[line, "home"]
            if self.covers[line].pool_at_once
            else Curve.of(self.pieces, (number == 0 for number in counts))
            for (district, line), counts in self.serving.items()
        }


def keep(question: Question, spells: Iterable[Spell], forecast: Forecast) -> Ledger:
    """The account of one force, from the spells of everybody in its pool."""
    found = list(spells)
    home = [spell for spell in found if spell.force == question.force]
    away = [spell for spell in found if spell.force != question.force]
    pieces = cut(question.period, found, forecast)
    covers = {
        line.code: Cover(_count(pieces, home, place), _count(pieces, away, place), line.pool_at_once)
        for place, line in enumerate(question.lines)
    }
    serving = {
        (district, line.code): _count(pieces, near, place)
        for district in question.districts
        for near in ([spell for spell in home if district in spell.districts],)
        for place, line in enumerate(question.lines)
    }
    return Ledger(question, forecast, pieces, covers, serving)


def _count(pieces: Pieces, spells: Iterable[Spell], place: int) -> Counts:
    return pieces.count(spell for spell in spells if spell.fits >> place & 1)

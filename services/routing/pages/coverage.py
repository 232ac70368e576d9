"""The duty-planning sergeant's page: a day's hours by district, the week's gaps in words, and what would help."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from services.routing.api.coverage import reachable, reckoning
from services.routing.coverage import Coverage, Coverages
from services.routing.coverage_words import Words, referrals
from services.routing.pages.navigation import links
from services.routing.rules.coverage.model import Cell, Survey
from services.routing.wording import signed_in_as
from shared.identity import Principal, allow
from shared.page_route import PageRoute
from shared.pages import render
from shared.settings import Settings
from shared.web import SignedIn

MOST_GAPS = 12
"""Of each kind; the rest is counted."""


@dataclass(frozen=True)
class Square:
    """One hour of one district: officers at home, those of them who serve it, sisters, and the same in words."""

    home: int
    serving: int
    sisters: int
    tone: str
    words: str


@dataclass(frozen=True)
class Row:
    """One district's day, hour by hour for a wide page and as stretches of time for a narrow one."""

    name: str
    squares: Sequence[Square]
    stretches: Sequence[tuple[str, Square]]


@dataclass(frozen=True)
class CoveragePage:
    """The route that draws it."""

    coverages: Coverages
    settings: Settings

    def router(self) -> APIRouter:
        """Its router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/coverage", self.page, methods=["GET"])
        return router

    async def page(
        self,
        principal: SignedIn,
        day: Annotated[str, Query(max_length=10)] = "",
        need: Annotated[int, Query()] = 0,
        force: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Response:
        """A force's coming week. Another force of the pool shows how many officers it has, and nothing else.

        `need` counts in the page's own list: browsers remember addresses, and some needs' names tell.
        """
        allow(principal, "coverage.read")
        now = await self.coverages.now()
        wanted = reachable(self.coverages, principal, force or None, now)
        coverage = await self.coverages.of(wanted)
        own = wanted == principal.force
        values = _day(coverage, day, need) | (_week(coverage) if own else {"own": False})
        forces = [(code, coverage.policy.forces[code].name) for code in self.coverages.pool_of(wanted, now)]
        return render("coverage.html", self._common(principal, now) | values | {"force": wanted, "forces": forces})

    def _common(self, principal: Principal, now: datetime) -> dict[str, Any]:
        return {
            "now": now,
            "demo": self.settings.auth == "demo",
            "home": "/board",
            "links": links(principal, "/coverage"),
            "signed_in": signed_in_as(principal.role, principal.force, principal.id),
        }


def _day(coverage: Coverage, day: str, need: int) -> dict[str, Any]:
    """The grid of one day and need, and what else could be chosen."""
    survey, words = coverage.survey, Words(coverage.survey, coverage.policy)
    local = _local(survey)
    days = sorted({at.date() for at in local})
    chosen = next((one for one in days if one.isoformat() == day), days[0])
    codes = [line.code for line in survey.question.lines]
    line = codes[need] if 0 <= need < len(codes) else codes[0]
    hours = [number for number, at in enumerate(local) if at.date() == chosen]
    return {
        "force_name": words.force,
        "days": [(one.isoformat(), _written(one), one == chosen) for one in days],
        "needs": [(number, words.line(code).capitalize(), code == line) for number, code in enumerate(codes)],
        "day_words": _written(chosen),
        "need_words": words.line(line),
        "hours": _labels([local[number] for number in hours]),
        "rows": list(_rows(survey, words, line, hours)),
        "as_of": coverage.as_of,
        "roster_version": coverage.roster_version,
        "policy_version": coverage.policy.version,
    }


def _week(coverage: Coverage) -> dict[str, Any]:
    """The week's gaps, advice and reckoning."""
    survey, words = coverage.survey, Words(coverage.survey, coverage.policy)
    levels = {level: [gap for gap in survey.gaps if gap.level == level] for level in ("pool", "home")}
    return {
        "own": True,
        "gaps": [
            (
                heading,
                [(words.gap(gap), referrals(gap.expected)) for gap in levels[level][:MOST_GAPS]],
                max(len(levels[level]) - MOST_GAPS, 0),
            )
            for level, heading in (("pool", "Nobody in any force"), ("home", "Nobody at home"))
        ],
        "advice": [(words.change(one.change), words.reckoning(one)) for one in survey.advice],
        "reckoning": reckoning(survey),
        "line_words": words.line,
        "referrals": referrals,
    }


def _rows(survey: Survey, words: Words, line: str, hours: Sequence[int]) -> Iterator[Row]:
    cells = {(cell.district, cell.hour): cell for cell in survey.cells if cell.line == line}
    local = _local(survey)
    for district in survey.question.districts:
        squares = [_square(cells[district, hour]) for hour in hours]
        stretches = []
        for square, run in groupby(zip(hours, squares, strict=True), key=lambda pair: pair[1]):
            numbers = [number for number, _ in run]
            over = numbers[-1] + 1
            ends = local[over] if over < len(local) else survey.question.period.ends.astimezone(local[0].tzinfo)
            stretches.append((f"{_clock(local[numbers[0]], local)} to {_clock(ends, local)}", square))
        yield Row(words.names.get(district, district), squares, stretches)


def _square(cell: Cell) -> Square:
    if not cell.home:
        tone = "away" if cell.sisters else "none"
        said = f"nobody at home, {cell.sisters} in other forces" if cell.sisters else "nobody in any force"
    else:
        tone = "near" if cell.serving else "home"
        said = f"{cell.home} at home, {cell.serving or 'none'} of them serving the district"
    return Square(cell.home, cell.serving, cell.sisters, tone, said)


def _local(survey: Survey) -> list[datetime]:
    zone = ZoneInfo(survey.question.period.timezone)
    return [at.astimezone(zone) for at in survey.question.period.starts]


def _labels(local: Sequence[datetime]) -> list[tuple[str, str]]:
    """Each hour's two digits for the head of its column, and the whole of it for whoever listens."""
    return [(f"{at:%H}", _clock(at, local)) for at in local]


def _clock(at: datetime, local: Sequence[datetime]) -> str:
    """`02:00`; with the name of the offset on a day that has the hour twice."""
    twice = len({one.utcoffset() for one in local if one.date() == at.date()}) > 1
    return f"{at:%H:%M} {at.tzname()}" if twice else f"{at:%H:%M}"


def _written(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"

"""`GET /v1/coverage`: who could be offered a referral, where nobody could, and what would help."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.routing.api.answers import answer
from services.routing.coverage import FURTHEST, MOST_DAYS, Coverage, Coverages
from services.routing.coverage_words import Words
from services.routing.rules.coverage.model import Advice, Cell, Gap, Survey, Uncovered
from shared.contracts.answers.planning import CoverageShown
from shared.described import answers
from shared.errors import FieldError, Forbidden, Invalid
from shared.identity import Principal, allow
from shared.web import SignedIn, page_of

FORMULA = "expected = (assumed * assumptions_count_as_weeks + seen) / (assumptions_count_as_weeks + weeks_seen)"
"""All three in referrals: assumed and expected a week, seen in all weeks together."""


class Asked(BaseModel):
    """The query. `from` and `after` are a day or a time with its offset; no `from`: now."""

    model_config = ConfigDict(hide_input_in_errors=True)
    force: str | None = Field(None, max_length=40)
    start: str | None = Field(None, alias="from", max_length=40)
    days: int = Field(7, ge=1, le=MOST_DAYS)
    need: str | None = Field(None, max_length=60)
    """A need, a skill, or `language_` and a language."""
    after: str | None = Field(None, max_length=40)


@dataclass(frozen=True)
class CoverageApi:
    """The route. A page of the list is a day."""

    coverages: Coverages

    def router(self) -> APIRouter:
        """Its router."""
        router = APIRouter(tags=["coverage"])
        router.add_api_route("/v1/coverage", self.coverage, methods=["GET"])
        return router

    @answers(CoverageShown)
    async def coverage(self, principal: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
        """Each hour of each district and need with how many could be asked, a day to a page; gaps, advice, reckoning.

        Of another force of the pool only the numbers of officers.
        """
        allow(principal, "coverage.read")
        now = await self.coverages.now()
        wanted = reachable(self.coverages, principal, asked.force, now)
        found = await self.coverages.of(wanted, _begins(asked.start, now), asked.days)
        shown = written(found, asked.need, read_hour("after", asked.after))
        return answer(200, shown if wanted == principal.force else counts_alone(shown))


def reachable(coverages: Coverages, principal: Principal, force: str | None, now: datetime) -> str:
    """The force asked for: one's own, or another of its pool. Forbidden for any other."""
    own = principal.force or ""
    if force is not None and force not in coverages.pool_of(own, now):
        raise Forbidden("another_force")
    return force or own


def _begins(text: str | None, now: datetime) -> datetime | None:
    found = read_hour("from", text)
    if found is not None and not now - timedelta(days=1) <= found <= now + FURTHEST:
        raise Invalid(errors=[FieldError("from", "out_of_range")])
    return found


def read_hour(name: str, text: str | None, timezone: str = "Europe/London") -> datetime | None:
    """A day or a time of a query; Invalid for what is neither."""
    if text is None:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), ZoneInfo(timezone))
        # A plus sign in a query that nobody escaped arrives as a space.
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Invalid(errors=[FieldError(name, "not_a_time")]) from None
    if found.tzinfo is None:
        raise Invalid(errors=[FieldError(name, "no_offset")])
    return found


def written(coverage: Coverage, need: str | None = None, after: datetime | None = None) -> dict[str, Any]:
    """A coverage as JSON: the hours of one local day, the first or that of `after`, and what belongs to the whole."""
    survey = coverage.survey
    if need is not None and need not in {line.code for line in survey.question.lines}:
        raise Invalid(errors=[FieldError("need", "unknown_code")])
    hours, following = _day_of(survey, after)
    cells = [cell for cell in survey.cells if cell.hour in hours and need in (None, cell.line)]
    return page_of(_items(survey, cells), following) | _besides(coverage, need)


def whole(coverage: Coverage) -> dict[str, Any]:
    """The same with every day on one page."""
    return page_of(_items(coverage.survey, coverage.survey.cells), None) | _besides(coverage, None)


def _besides(coverage: Coverage, need: str | None) -> dict[str, Any]:
    survey = coverage.survey
    return about(coverage) | {
        "gaps": [_gap(gap, coverage) for gap in survey.gaps if need in (None, gap.line)],
        "advice": [_advice(one, coverage) for one in survey.advice],
        "reckoning": reckoning(survey, need),
    }


def about(coverage: Coverage) -> dict[str, Any]:
    """What was asked, and what the answer was made of."""
    question = coverage.survey.question
    zone = ZoneInfo(question.period.timezone)
    return {
        "force": question.force,
        "from": question.period.starts[0].astimezone(zone),
        "until": question.period.ends.astimezone(zone),
        "as_of": coverage.as_of,
        "roster_version": coverage.roster_version,
        "policy_version": coverage.policy.version,
    }


def counts_alone(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What another force may see: how many officers, and nothing of what that force expects or lacks."""
    items = [{name: value for name, value in item.items() if name != "expected"} for item in shown["items"]]
    return {**shown, "items": items, "gaps": [], "advice": [], "reckoning": None}


def reckoning(survey: Survey, need: str | None = None) -> dict[str, Any]:
    """How the expected referrals came about: assumed, seen and expected a week in the whole force, line by line."""
    forecast = survey.forecast
    return {
        "weeks_seen": round(forecast.weeks, 2),
        "assumptions_count_as_weeks": forecast.prior_weeks,
        "weight_of_experience": round(forecast.weight_of_experience, 4),
        "formula": FORMULA,
        "left_out_without_district": survey.history.unplaced,
        "uncovered": _uncovered(sum(survey.uncovered.values(), Uncovered())),
        "lines": [_line(survey, line.code) for line in survey.question.lines if need in (None, line.code)],
    }


def _line(survey: Survey, line: str) -> dict[str, Any]:
    its = [survey.forecast.weekly[district, line] for district in survey.question.districts]
    return {
        "need": line,
        "assumed": round(sum(one.assumed for one in its), 4),
        "seen": round(sum(one.seen for one in its), 2),
        "expected": round(sum(one.expected for one in its), 4),
        "uncovered": _uncovered(survey.uncovered[line]),
    }


def _day_of(survey: Survey, after: datetime | None) -> tuple[range, str | None]:
    """The hours of the local day of `after`, from it on, and where the next page begins."""
    period = survey.question.period
    zone = ZoneInfo(period.timezone)
    local = [at.astimezone(zone) for at in period.starts]
    first = next((number for number, at in enumerate(local) if after is None or at >= after), len(local))
    day = local[first].date() if first < len(local) else None
    last = next((number for number in range(first, len(local)) if local[number].date() != day), len(local))
    return range(first, last), local[last].isoformat() if last < len(local) else None


def _items(survey: Survey, cells: Iterable[Cell]) -> list[dict[str, Any]]:
    zone = ZoneInfo(survey.question.period.timezone)
    hours = [at.astimezone(zone) for at in survey.question.period.starts]
    return [
        {
            "district": cell.district,
            "hour": hours[cell.hour],
            "need": cell.line,
            "in_district": cell.serving,
            "home": cell.home,
            "sisters": cell.sisters,
            "expected": round(cell.expected, 6),
        }
        for cell in cells
    ]


def _gap(gap: Gap, coverage: Coverage) -> dict[str, Any]:
    zone = ZoneInfo(coverage.survey.question.period.timezone)
    return {
        "from": gap.starts.astimezone(zone),
        "until": gap.ends.astimezone(zone),
        "districts": list(gap.districts),
        "need": gap.line,
        "nobody_in": gap.level,
        "sisters": gap.sisters,
        "expected": round(gap.expected, 6),
        "words": Words(coverage.survey, coverage.policy).gap(gap),
    }


def _advice(advice: Advice, coverage: Coverage) -> dict[str, Any]:
    words = Words(coverage.survey, coverage.policy)
    change = {name: value for name, value in asdict(advice.change).items() if value not in (None, ())}
    return {
        **change,
        "before": _uncovered(advice.before),
        "after": _uncovered(advice.after),
        "closes": _uncovered(advice.closes),
        "lines": [{"need": code, "before": round(was, 6), "after": round(now, 6)} for code, was, now in advice.parts],
        "words": words.change(advice.change),
        "reckoning": words.reckoning(advice),
    }


def _uncovered(uncovered: Uncovered) -> dict[str, float]:
    """Expected referrals of the period."""
    return {
        "nobody_in_pool": round(uncovered.in_pool, 6),
        "nobody_at_home": round(uncovered.at_home, 6),
        "nobody_in_district": round(uncovered.in_district, 6),
    }

"""The figures of quality as rows to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.simulation.places import sampled
from shared.contracts.policy import parse_policy
from shared.gazetteer import open_index
from shared.policy_file import SHIPPED
from tests.benchmarks.quality.demand import Plan, World, a_year
from tests.benchmarks.quality.hindsight import Quality, at_random, best_in_hindsight, could_be_kept, own_best, quality
from tests.benchmarks.quality.supply import rosters
from tests.benchmarks.quality.timing import SIZES, Ask, Timed, Times, measure
from tests.benchmarks.quality.year import Year, play

START = datetime(2026, 1, 5, tzinfo=UTC)
FRIDAY_EVENING = timedelta(days=4, hours=19)
RANKED = 400
"""Requests ranked for each figure of time."""

_TO_REACH = {300: "p50 1 ms", 10_000: "aim: p50 10 ms"}

Row = tuple[str, ...]


@dataclass(frozen=True)
class Ways:
    """The same year given out in four ways. `could_be_kept`: the most there is to keep of continuity."""

    year: Year
    chosen: Quality
    hindsight: Quality
    bound: Quality
    floor: Quality
    could_be_kept: float | None


def world() -> World:
    """The default policy and the places of this machine."""
    return World(parse_policy(SHIPPED.read_text(encoding="utf-8")), sampled(), open_index())


def compare(world: World, plan: Plan) -> Ways:
    """Play the days of a plan and look back on them."""
    year = play(a_year(world, plan), rosters(plan, world.index), world.policy)
    return Ways(
        year=year,
        chosen=quality(year, [given.chosen for given in year.given]),
        hindsight=quality(year, best_in_hindsight(year)),
        bound=quality(year, own_best(year)),
        floor=at_random(year),
        could_be_kept=could_be_kept(year),
    )


def times(world: World, plan: Plan, sizes: Sequence[int] = SIZES) -> list[Row]:
    """(what, ours, floor, to reach) for ranking rosters of each size."""
    _, roster = next(rosters(plan, world.index))
    requests = [referral.request for referral in a_year(world, Plan(plan.start, 365, plan.seed))][:RANKED]
    ask = Ask(world.policy, plan.start + FRIDAY_EVENING, requests, sizes)
    return [_timed_row(one) for one in measure(roster, ask)]


def _timed_row(one: Timed) -> Row:
    what = f"rank among {one.officers:,} officers, {one.duty}"
    if one.present < one.officers:
        what += f" ({one.present:,})"
    ours = f"{_ms(one.ranking)}; standing {one.standing.p50:.1f} ms a stretch"
    return (what, ours, f"bare sort: {_ms(one.sorting)}", _TO_REACH.get(one.officers, ""))


def _ms(found: Times) -> str:
    return f"p50 {found.p50:.2f}, p99 {found.p99:.2f} ms"


def qualities(ways: Ways) -> list[Row]:
    """(what, chosen, best in hindsight, upper bound, floor) for a year."""
    columns = (ways.chosen, ways.hindsight, ways.bound, ways.floor)
    kept = "" if ways.could_be_kept is None else f" (could be: {ways.could_be_kept:.1%})"
    return [
        ("points of fit for each referral", *(f"{one.fit:.2f}" for one in columns)),
        ("ours as a share of it", "", *(f"{ways.chosen.fit / one.fit:.1%}" for one in columns[1:])),
        ("given to an officer of the home force", *(f"{one.home:.1%}" for one in columns)),
        ("spread of referrals over officers (Gini)", *(f"{one.gini:.2f}" for one in columns)),
        (f"earlier officer kept{kept}", *("" if one.kept is None else f"{one.kept:.1%}" for one in columns)),
    ]


def summary(ways: Ways, plan: Plan) -> str:
    """One line about the stream."""
    year = ways.year
    return (
        f"{len(year.given):,} referrals in {plan.days} days; {year.waited} waited for somebody to come on duty, "
        f"{year.given_up} found nobody in a fortnight"
    )

"""The measure of quality: sane on a small seeded stream, and right on days small enough to reckon by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from services.routing.rules.matching.model import Request
from tests.benchmarks.quality.demand import LASTS, Plan, Referral, World, a_year
from tests.benchmarks.quality.figures import START, Ways, compare, qualities, times, world
from tests.benchmarks.quality.hindsight import best_in_hindsight, gini, own_best, windows
from tests.benchmarks.quality.year import Given, Year

BUSY_WEEK = Plan(START, days=7, seed=3, times=6.0)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HERTS = Request("herts", "scheduled")


@pytest.fixture(scope="module")
def here() -> World:
    return world()


@pytest.fixture(scope="module")
def week(here: World) -> Ways:
    return compare(here, BUSY_WEEK)


def given(hour: float, chosen: str, days: float = 5, **options: int) -> Given:
    """Given out at an hour of Monday; `options` are points of fit by officer."""
    at = MONDAY.replace(hour=0) + timedelta(hours=hour)
    referral = Referral(at, 1, HERTS, timedelta(days=days))
    return Given(referral, at, chosen, options, frozenset(options), None)


def test_the_same_seed_is_the_same_stream_and_another_is_not(here: World) -> None:
    again = list(a_year(here, BUSY_WEEK))
    assert again == list(a_year(here, BUSY_WEEK))
    assert again != list(a_year(here, Plan(START, days=7, seed=4, times=6.0)))


def test_about_four_referrals_a_day_need_an_officer_chosen_and_a_fifth_of_them_come_back(here: World) -> None:
    quiet = list(a_year(here, Plan(START, days=90)))
    assert 3 <= len(quiet) / 90 <= 5
    assert 0.1 <= 1 - len({one.person for one in quiet}) / len(quiet) <= 0.3
    assert {one.request.response_class for one in quiet} == set(LASTS)


def test_a_pride_weekend_in_august_brings_many_times_as_many(here: World) -> None:
    august = [one.at.date() for one in a_year(here, Plan(datetime(2026, 8, 1, tzinfo=UTC), days=31))]
    saturday = datetime(2026, 8, 29, tzinfo=UTC).date()
    assert august.count(saturday) > 4 * august.count(saturday - timedelta(days=7))


def test_nothing_chosen_is_better_than_hindsight_nor_hindsight_than_everybodys_own_best(week: Ways) -> None:
    assert week.floor.fit < week.chosen.fit <= week.hindsight.fit <= week.bound.fit
    assert week.chosen.home <= 1
    assert 0 <= week.chosen.gini < 1


def test_nobody_ever_holds_more_than_their_cap_not_in_hindsight_either(week: Ways) -> None:
    for chosen in ([one.chosen for one in week.year.given], best_in_hindsight(week.year)):
        for first, past in windows(week.year.given):
            for place in range(first, past):
                taken = sum(chosen[other] == chosen[place] for other in range(first, place + 1))
                assert taken <= week.year.caps[chosen[place]]


def test_the_figures_print_in_as_many_columns_as_they_promise(week: Ways, here: World) -> None:
    assert {len(row) for row in qualities(week)} == {5}
    assert all(one.fit >= 0 for one in (week.chosen, week.floor))


def test_hindsight_keeps_a_place_free_for_whom_it_matters_more() -> None:
    year = Year([given(9, "H1", H1=20, H2=19), given(10, "H2", H1=45, H2=5)], {"H1": 1, "H2": 1})
    assert best_in_hindsight(year) == ["H2", "H1"]
    assert own_best(year) == ["H1", "H1"]


def test_a_place_that_becomes_free_may_be_taken_from_then_on() -> None:
    before = given(8, "H1", days=1, H1=10)
    after_it = given(33, "H2", H1=45, H2=5)
    year = Year([before, given(9, "H2", H2=8), after_it], {"H1": 1, "H2": 2})
    assert list(windows(year.given)) == [(0, 2), (2, 3)]
    assert best_in_hindsight(year) == ["H1", "H2", "H1"]


def test_a_place_still_taken_when_a_window_begins_is_not_there() -> None:
    held = given(8, "H1", days=30, H1=10)
    brief = given(9, "H2", days=1, H2=8)
    year = Year([held, brief, given(40, "H2", H1=45, H2=5)], {"H1": 1, "H2": 1})
    assert best_in_hindsight(year)[2] == "H2"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([3, 3, 3], 0.0),
        ([0, 0, 9], 2 / 3),
        ([], 0.0),
        ([0, 0], 0.0),
    ],
)
def test_work_spread_evenly_counts_nought(counts: list[int], expected: float) -> None:
    assert gini(counts) == pytest.approx(expected)


def test_every_size_is_ranked_with_everybody_on_duty_and_in_shifts(here: World) -> None:
    rows = times(here, Plan(START, days=1), sizes=(20, 60))
    assert len(rows) == 4
    assert all(len(row) == 4 for row in rows)

"""Where nobody could be asked, in the words a sergeant reads, and what of it is tonight."""

from datetime import UTC, datetime, timedelta

import pytest

from services.routing.coverage_words import Words
from services.routing.rules.coverage.gaps import tonight
from services.routing.rules.coverage.model import Gap, Survey
from tests.rules.routing.coverage_desk import (
    FENLAND,
    MONDAY,
    NOON,
    PETERBOROUGH,
    after,
    hours,
    in_all,
    person,
    spans,
    surveyed,
)
from tests.rules.routing.policies import default

DAYS = [(day * 24 + 6, day * 24 + 22) for day in range(-1, 9)]


def a_gap(starts: float, ends: float, expected: float = 1.0) -> Gap:
    return Gap(after(starts), after(ends), (FENLAND,), "support", "home", 2, expected)


def worded(found: Survey, gap: Gap) -> str:
    return Words(found, default()).gap(gap)


def test_a_night_without_anybody_is_a_gap_of_every_night() -> None:
    found = surveyed(person("C1", duty=hours(*DAYS)), days=7)
    nights = [(day * 24 + 21.75, day * 24 + 29.5) for day in range(7)]
    assert spans(found.gaps, "support", "pool") == nights


def test_where_a_sister_could_be_asked_the_gap_is_at_home_alone() -> None:
    found = surveyed(person("C1", duty=hours((8, 20))), person("B1", "beds", duty=hours((19, 28))))
    assert spans(found.gaps, "support", "home") == [(19.75, 27.75)]
    assert spans(found.gaps, "support", "pool") == [(27.75, 36)]


def test_advice_for_a_colleague_is_asked_of_all_forces_at_once_so_a_sister_leaves_no_gap() -> None:
    found = surveyed(person("B1", "beds"))
    assert spans(found.gaps, "officer_advice") == spans(found.gaps, "officer_advice", "pool") == []
    assert spans(found.gaps, "support") == [(12, 36)]


def test_most_expected_demand_comes_first() -> None:
    found = surveyed(person("C1", duty=hours(*DAYS)), days=7)
    figures = [gap.expected for gap in found.gaps]
    assert figures == sorted(figures, reverse=True)
    support = next(gap for gap in found.gaps if gap.line == "support")
    assert support.starts == after(5 * 24 + 21.75), "Saturday night is the busiest"


def test_districts_that_lack_the_same_are_told_of_together() -> None:
    found = surveyed(person("B1", "beds", "trans"))
    (gap,) = [gap for gap in found.gaps if gap.line == "trans"]
    assert set(gap.districts) == set(default().forces["cambs"].districts)
    assert gap.expected == pytest.approx(found.uncovered["trans"].at_home)


def test_the_gaps_add_up_to_what_is_uncovered() -> None:
    found = surveyed(person("C1", "cambs", "trans", duty=hours((8, 20))), person("B1", "beds", duty=hours((19, 28))))
    assert sum(gap.expected for gap in found.gaps) == pytest.approx(in_all(found))
    at_all = sum(one.in_pool for one in found.uncovered.values())
    assert sum(gap.expected for gap in found.gaps if gap.level == "pool") == pytest.approx(at_all)


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (
            Gap(after(122), after(127), (FENLAND,), "trans", "home", 2, 0.1),
            "Sat 28 Nov 02:00-07:00, Fenland: nobody at home for trans; sisters could: 2",
        ),
        (
            Gap(after(94.75), after(102.5), (FENLAND, PETERBOROUGH), "same_sex_domestic_abuse", "pool", 0, 0.1),
            "Thu 26 Nov 22:45 - Fri 27 Nov 06:30, Fenland and Peterborough: "
            "nobody in any force for same sex domestic abuse",
        ),
        (
            Gap(after(122), after(127), tuple(default().forces["cambs"].districts), "support", "home", 1, 0.1),
            "Sat 28 Nov 02:00-07:00, all of Cambridgeshire: nobody at home for support; sisters could: 1",
        ),
        (
            Gap(
                datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC), (FENLAND,), "support",
                "home", 1, 0.1,
            ),
            "Sun 25 Oct 01:30 BST-06:00 GMT, Fenland: nobody at home for support; sisters could: 1",
        ),
    ],
)  # fmt: skip
def test_a_gap_reads_as_a_sergeant_would_say_it(gap: Gap, words: str) -> None:
    assert worded(surveyed(), gap) == words.replace("-", "\u2013")


@pytest.mark.parametrize(
    ("now", "found", "told"),
    [
        (15, [(20, 30)], [(20, 30)]),
        (15, [(10, 34)], [(18, 32)]),
        (15, [(16, 17)], []),
        (15, [(32, 40)], []),
        (15, [(44, 50)], []),
        (21, [(18, 30)], [(21, 30)]),
        (27, [(20, 30)], [(27, 30)]),
        (32.5, [(20, 30), (45, 50)], [(45, 50)]),
        (15, [(26, 28), (19, 20)], [(19, 20), (26, 28)]),
    ],
)
def test_tonight_is_this_evening_to_the_morning_or_the_night_under_way(
    now: float, found: list[tuple[float, float]], told: list[tuple[float, float]]
) -> None:
    tonights = tonight([a_gap(*span) for span in found], after(now))
    hour = timedelta(hours=1)
    assert [((gap.starts - MONDAY) / hour, (gap.ends - MONDAY) / hour) for gap in tonights] == told


def test_a_gap_that_is_cut_keeps_its_share_of_what_is_expected() -> None:
    (gap,) = tonight([a_gap(8, 36, expected=2.8)], NOON)
    assert gap.expected == pytest.approx(2.8 * 14 / 28)


def test_tonights_note_is_of_the_local_evening_in_summer_too() -> None:
    midsummer = datetime(2026, 6, 23, 14, tzinfo=UTC)
    gap = Gap(midsummer, midsummer + timedelta(days=1), (FENLAND,), "support", "home", 2, 1.0)
    (told,) = tonight([gap], midsummer)
    assert (told.starts.hour, told.ends.hour) == (17, 7)

"""Who could be offered a referral, and when: the same people whom ranking would find, hour by hour."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.rules.coverage.model import Cell, Survey
from services.routing.rules.coverage.period import period
from services.routing.rules.coverage.survey import survey
from services.routing.rules.matching.model import Officer, Roster
from services.routing.rules.matching.muster import muster
from services.routing.rules.matching.rank import rank
from services.routing.rules.roster.duty import Entry, fold
from tests.rules.routing.coverage_desk import (
    FENLAND,
    LUTON,
    NOON,
    PETERBOROUGH,
    after,
    hours,
    person,
    question,
    surveyed,
)
from tests.rules.routing.policies import default


def cell(found: Survey, hour: float, line: str = "support", district: str = FENLAND) -> Cell:
    """The hour that begins so many hours after Monday midnight."""
    number = found.question.period.starts.index(after(hour))
    return next(one for one in found.cells if (one.hour, one.line, one.district) == (number, line, district))


@pytest.mark.parametrize(
    ("her", "why"),
    [
        (person("C1", trained=()), "her training has lapsed"),
        (person("C1", trained=(("llo", date(2026, 11, 22)),)), "her training ended yesterday"),
        (person("C1", duty=hours((20, 30))), "she is not on duty"),
        (person("C1", duty=hours((0, 48), kind="leave")), "she is on leave"),
        (person("C1", duty=hours((0, 48), kind="sick")), "she is sick"),
        (person("C1", duty=hours((0, 48), kind="court")), "she is in court"),
        (person("C1", duty=hours((0, 48), kind="abstracted")), "she is abstracted"),
        (person("C1", duty=hours((0, 48), kind="restricted")), "she is on restricted duties"),
    ],
)
def test_somebody_whom_a_hard_filter_rules_out_covers_nothing(her: Officer, why: str) -> None:
    found = cell(surveyed(her), 12)
    assert (found.home, found.serving, found.sisters) == (0, 0, 0), why


@pytest.mark.parametrize(
    ("who", "serving", "home", "sisters"),
    [
        ([person("C1")], 1, 1, 0),
        ([person("C1", districts=frozenset({PETERBOROUGH}))], 0, 1, 0),
        ([person("B1", "beds", districts=frozenset({LUTON}))], 0, 0, 1),
        ([person("C1"), person("C2"), person("B1", "beds"), person("H1", "herts")], 2, 2, 2),
        ([person("C1", duty=hours((0, 30), kind="on_call"))], 1, 1, 0),
    ],
)
def test_home_and_the_other_forces_of_the_pool_are_counted_apart(
    who: Sequence[Officer], serving: int, home: int, sisters: int
) -> None:
    found = cell(surveyed(*who), 12)
    assert (found.serving, found.home, found.sisters) == (serving, home, sisters)


def test_a_skill_is_covered_by_those_alone_who_have_it() -> None:
    found = surveyed(person("C1"), person("C2", "cambs", "trans"), person("H1", "herts", "trans", "youth"))
    counts = {
        line: (cell(found, 12, line).home, cell(found, 12, line).sisters) for line in ("trans", "youth", "chemsex")
    }
    assert counts == {"trans": (1, 1), "youth": (0, 1), "chemsex": (0, 0)}


def test_an_hour_counts_those_who_could_be_asked_all_through_it() -> None:
    found = surveyed(person("C1", duty=hours((8, 14.5))), person("C2", duty=hours((8, 22))))
    assert [cell(found, hour).home for hour in (12, 13, 14, 15)] == [2, 2, 1, 1]


def test_duty_counts_from_half_an_hour_before_it_begins_and_not_in_its_last_quarter() -> None:
    found = surveyed(person("C1", duty=hours((14, 20))))
    assert [cell(found, hour).home for hour in (13, 14, 18, 19)] == [0, 1, 1, 0]
    its = [gap for gap in found.gaps if gap.line == "support"]
    assert {(gap.starts, gap.ends) for gap in its} == {(NOON, after(13.5)), (after(19.75), after(36))}


def test_needs_that_wait_for_working_hours_are_not_covered_by_the_hour() -> None:
    codes = [line.code for line in question().lines]
    assert codes[:4] == ["support", "advice", "officer_advice", "attend_now"]
    assert set(codes[4:]) == set(default().codes.skills)


@pytest.mark.parametrize(
    ("noon", "days", "number"),
    [
        (datetime(2026, 11, 23, 12, 20, tzinfo=UTC), 7, 168),
        (datetime(2026, 10, 24, 11, tzinfo=UTC), 1, 25),
        (datetime(2027, 3, 27, 12, tzinfo=UTC), 1, 23),
        (datetime(2026, 10, 21, 11, tzinfo=UTC), 7, 169),
        (datetime(2027, 3, 24, 12, tzinfo=UTC), 7, 167),
    ],
)
def test_a_day_on_which_the_clocks_change_has_23_or_25_hours(noon: datetime, days: int, number: int) -> None:
    found = period(noon, days, "Europe/London")
    assert len(found.starts) == number == len(set(found.starts))
    assert found.ends - found.starts[-1] == timedelta(hours=1)


def test_the_hour_that_comes_twice_is_covered_twice_on_its_own() -> None:
    before_the_change = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    only_the_second = fold(
        [Entry("duty", before_the_change + timedelta(minutes=30), before_the_change + timedelta(hours=3), "file")]
    )
    found = surveyed(person("C1", duty=only_the_second), start=before_the_change - timedelta(hours=1))
    one_o_clock = [
        one.home
        for one in found.cells
        if one.district == FENLAND and one.line == "support" and _local_hour(found, one) == 1
    ]
    assert one_o_clock == [0, 1]


def _local_hour(found: Survey, one: Cell) -> int:
    return found.question.period.starts[one.hour].astimezone(ZoneInfo("Europe/London")).hour


FORCES, KINDS = ("cambs", "beds", "herts"), ("duty", "duty", "duty", "on_call", "leave", "sick", "court", "busy")
quarters = st.integers(0, 4 * 40).map(lambda number: number / 4)


@st.composite
def crews(draw: st.DrawFn) -> list[Officer]:
    """A few officers of three forces with any duties, skills and training."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        entries = [
            Entry(draw(st.sampled_from(KINDS)), after(start), after(start + draw(quarters) + 0.25), source)
            for start, source in draw(
                st.lists(st.tuples(quarters, st.sampled_from(("own", "feed", "file"))), max_size=4)
            )
        ]
        made.append(
            Officer(
                f"O{number}",
                draw(st.sampled_from(FORCES)),
                districts=frozenset(draw(st.sets(st.sampled_from((FENLAND, PETERBOROUGH, LUTON))))),
                skills=frozenset(draw(st.sets(st.sampled_from(default().codes.skills)))),
                cap=draw(st.sampled_from((None, 1))),
                trained=(("llo", date(2026, 11, draw(st.integers(22, 26)))),),
                duty=fold(entries),
            )
        )
    return made


@settings(max_examples=60, deadline=None)
@given(crews(), st.integers(0, 23), st.floats(0.01, 59.9))
def test_an_hour_is_covered_when_and_only_when_ranking_finds_somebody_in_it(
    crew: list[Officer], hour: int, minute: float
) -> None:
    asked = question()
    found = survey(asked, Roster(1, tuple(crew)), default(), surveyed().history)
    now = asked.period.starts[hour] + timedelta(minutes=minute)
    mustered = muster(Roster(1, tuple(crew)), default(), now, {})
    for line in asked.lines:
        request = replace(line.request, force="cambs", district=FENLAND)
        home = {row.officer for row in rank(request, mustered, "home").ranked}
        everybody = {row.officer for row in rank(request, mustered, "pool").ranked}
        anybody = bool(rank(request, mustered, "home_first").ranked)
        gap = next((gap for gap in found.gaps if gap.line == line.code and gap.starts <= now < gap.ends), None)
        level = None if home else "pool" if not everybody else None if line.pool_at_once else "home"
        assert (gap.level if gap else None) == level
        assert anybody == (level != "pool")
        its = next(one for one in found.cells if (one.hour, one.line, one.district) == (hour, line.code, FENLAND))
        assert its.home <= len(home)
        assert its.sisters <= len(everybody - home)

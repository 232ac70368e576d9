"""How many referrals to expect: assumed at first, seen more and more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.rules.coverage.demand import forecast
from services.routing.rules.coverage.lines import lines
from services.routing.rules.coverage.model import WEEK, Forecast, History, Seen
from services.routing.rules.coverage.survey import ask, survey
from services.routing.rules.matching.model import Roster
from tests.rules.routing.coverage_desk import (
    FENLAND,
    LUTON,
    NOON,
    NOTHING_SEEN,
    PETERBOROUGH,
    a_year_of,
    policy_with,
    surveyed,
)
from tests.rules.routing.policies import default

PLACES = {force: tuple(sorted(known.districts)) for force, known in default().forces.items()}
SATURDAY_NIGHT, TUESDAY_DAWN = 5 * 24 + 22, 24 + 4


def expected(seen: History = NOTHING_SEEN, **demand: object) -> Forecast:
    policy = policy_with(**demand)
    return forecast(policy.demand, PLACES, lines(policy, seen), seen)


def a_week(found: Forecast, line: str) -> float:
    return sum(one.expected for (_, code), one in found.weekly.items() if code == line)


def seen(number: int, need: str = "support", *skills: str, **words: object) -> Seen:
    its: dict[str, object] = {"district": FENLAND, "languages": frozenset(), "hour": SATURDAY_NIGHT}
    return Seen(need=need, skills=frozenset(skills), number=number, **(its | words))  # type: ignore[arg-type]


def test_with_nothing_seen_six_a_day_are_expected_but_for_what_waits_for_working_hours() -> None:
    found = expected()
    assert sum(one.expected for one in found.weekly.values()) == pytest.approx(6 * 7 * (1 - 0.12))
    assert a_week(found, "officer_advice") == pytest.approx(6 * 7 * 0.18)
    assert a_week(found, "trans") == pytest.approx(6 * 7 * 0.70 * 0.16)
    assert a_week(found, "support") == pytest.approx(6 * 7 * 0.45 * (1 - 0.35))


def test_a_forces_part_is_divided_by_where_people_live() -> None:
    found = expected()
    assert found.a_week(PETERBOROUGH, "support") / found.a_week(FENLAND, "support") == pytest.approx(215_700 / 102_500)
    beds = sum(found.a_week(district, "support") for district in PLACES["beds"])
    assert beds / a_week(found, "support") == pytest.approx(0.28)


def test_where_the_policy_names_no_people_and_no_forces_every_district_is_alike() -> None:
    found = expected(population={}, forces={})
    assert found.a_week(LUTON, "support") == pytest.approx(a_week(found, "support") / 19)


def test_more_come_on_a_saturday_night_than_on_a_tuesday_at_dawn() -> None:
    shape = expected().shape
    assert shape[SATURDAY_NIGHT] > 10 * shape[TUESDAY_DAWN]
    assert sum(shape) == pytest.approx(1)


def test_the_reckoning_is_a_sum_that_anybody_can_do() -> None:
    found = expected(a_year_of(seen(104)))
    its = found.weekly[FENLAND, "support"]
    assert its.seen == 104
    assert its.expected == pytest.approx((its.assumed * 26 + 104) / (26 + 52))
    assert found.weight_of_experience == pytest.approx(52 / 78)


def test_seeing_nothing_for_a_year_takes_two_thirds_off_what_was_assumed() -> None:
    found = expected(a_year_of())
    its = found.weekly[FENLAND, "support"]
    assert its.expected == pytest.approx(its.assumed / 3)


@pytest.mark.parametrize(
    ("past", "counts"),
    [
        (seen(8), {"support": 8}),
        (seen(8, "support", "trans"), {"trans": 8}),
        (seen(8, "advice", "trans", "youth"), {"trans": 4, "youth": 4}),
        (seen(8, "support", "juggling"), {"support": 8}),
        (seen(8, "officer_advice", "trans"), {"officer_advice": 8}),
        (seen(8, "support", languages=frozenset({"pl"})), {"language_pl": 8}),
        (seen(8, "community_event"), {}),
        (
            seen(100, "support", erased=True),
            {"support": 65, "trans": 16, "youth": 8, "same_sex_domestic_abuse": 8, "chemsex": 3},
        ),
    ],
)
def test_a_referral_counts_for_what_it_asked_for(past: Seen, counts: dict[str, float]) -> None:
    found = expected(a_year_of(past))
    assert {code: one.seen for (_, code), one in found.weekly.items() if one.seen} == pytest.approx(counts)


def test_a_language_somebody_asked_for_is_a_line_of_its_own_and_its_speakers_cover_it() -> None:
    history = a_year_of(seen(4, languages=frozenset({"pl"})))
    assert [line.code for line in surveyed(seen=history).question.lines][-1] == "language_pl"


def test_a_district_whose_code_was_given_up_counts_for_the_one_that_stands_for_it_now() -> None:
    history = a_year_of(seen(3, district="E07000001"))
    policy = default()
    cambs = policy.forces["cambs"].model_copy(update={"superseded": {"E07000001": FENLAND}})
    known = policy.model_copy(update={"forces": {**policy.forces, "cambs": cambs}})
    found = survey(ask(known, "cambs", NOON, 1, history), Roster(1, ()), known, history)
    assert found.forecast.weekly[FENLAND, "support"].seen == 3


@given(
    st.lists(
        st.builds(
            Seen,
            district=st.sampled_from((FENLAND, LUTON)),
            need=st.sampled_from(("support", "advice", "officer_advice", "attend_now")),
            skills=st.frozensets(st.sampled_from(("trans", "youth", "juggling"))),
            languages=st.frozensets(st.sampled_from(("pl", "ro"))),
            hour=st.integers(0, WEEK - 1),
            number=st.integers(1, 50),
            erased=st.booleans(),
        ),
        max_size=12,
    )
)
def test_every_referral_is_counted_once_whatever_it_asked_for(found: list[Seen]) -> None:
    reckoned = expected(a_year_of(*found))
    assert sum(one.seen for one in reckoned.weekly.values()) == pytest.approx(sum(one.number for one in found))
    assert sum(reckoned.shape) == pytest.approx(1)

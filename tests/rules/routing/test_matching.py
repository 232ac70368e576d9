"""Whom to ask first: the owning force, the rested, the best fit, and an answer for every officer."""

from datetime import timedelta

import pytest

from services.routing.rules.matching.model import Load, Ranking, Request, Scope
from services.routing.rules.matching.rank import rank
from services.routing.rules.matching.wishes import unmet
from services.routing.rules.roster.duty import Entry, fold
from tests.rules.routing.people import NOON, NORTH_HERTS, at, mustered, officer, shift

PRIORITY = Request(force="herts", response_class="priority", district=NORTH_HERTS, sector="SG8 7")


def order(ranking: Ranking) -> list[str]:
    return [row.officer for row in ranking.ranked]


def test_the_owning_force_is_asked_first_while_somebody_there_can_answer_in_time() -> None:
    ranking = rank(PRIORITY, mustered(officer("B7", "beds", districts=frozenset({NORTH_HERTS})), officer("H1")))
    assert order(ranking) == ["H1"]
    assert ranking.why_not("B7") == "other_force_not_yet"


def test_even_a_tired_officer_at_home_comes_before_another_force() -> None:
    team = mustered(officer("H1", duty=shift(7, 12.5)), officer("B7", "beds"))
    assert order(rank(PRIORITY, team)) == ["H1"]


@pytest.mark.parametrize(
    "at_home",
    [
        officer("H1", duty=shift(0, 6)),
        officer("H1", duty=shift(7, 12.1)),
        officer("H1", trained=()),
        officer("H1", avoid=frozenset({"SG8 7"})),
        officer("H1", cap=1),
    ],
)
def test_another_force_is_asked_at_once_when_nobody_at_home_can_answer(at_home: object) -> None:
    team = mustered(at_home, officer("B7", "beds"), loads={"H1": Load(1)})  # type: ignore[arg-type]
    assert order(rank(PRIORITY, team)) == ["B7"]


def test_somebody_at_home_due_on_too_late_to_answer_in_time_comes_after_another_force() -> None:
    team = mustered(officer("H1", duty=shift(12.4, 22)), officer("H2", duty=shift(12.1, 22)), officer("B7", "beds"))
    assert order(rank(PRIORITY, team)) == ["H2", "H1"]
    late = mustered(officer("H1", duty=shift(12.4, 22)), officer("B7", "beds"))
    assert order(rank(PRIORITY, late)) == ["B7", "H1"]


def test_a_class_for_the_whole_pool_asks_every_force_alike() -> None:
    team = mustered(officer("H1"), officer("B7", "beds", districts=frozenset({NORTH_HERTS})), officer("C3", "cambs"))
    advice = Request(force="herts", response_class="officer_advice", district=NORTH_HERTS, broadcast=True)
    assert order(rank(advice, team, "pool")) == ["B7", "C3", "H1"]


def test_whoever_refuses_other_forces_is_offered_none() -> None:
    request = Request(force="herts", response_class="priority", cross_force=False)
    scopes: tuple[Scope, ...] = ("home_first", "home", "sisters", "pool")
    for scope in scopes:
        assert rank(request, mustered(officer("B7", "beds")), scope).why_not("B7") == "person_refused_other_forces"


def test_rested_before_tired_and_tired_before_nobody() -> None:
    tired = officer("H1", districts=frozenset({NORTH_HERTS}), duty=shift(7, 13))
    rested = officer("H2", duty=shift(7, 17))
    ranking = rank(PRIORITY, mustered(tired, rested))
    assert order(ranking) == ["H2", "H1"]
    assert [row.tired for row in ranking.ranked] == [None, "shift_ends_soon"]
    assert order(rank(PRIORITY, mustered(tired))) == ["H1"]


@pytest.mark.parametrize(
    ("before", "tired"),
    [
        ((-8, 1), "short_rest"),
        ((-14, -4), None),
        ((-48, -36), None),
    ],
)
def test_an_officer_back_within_eleven_hours_is_tired(before: tuple[int, int], tired: str | None) -> None:
    stretches = (before, (7, 17))
    duty = fold([Entry("duty", at(starts), at(ends), "file") for starts, ends in stretches])
    assert rank(PRIORITY, mustered(officer("H1", duty=duty))).ranked[0].tired == tired


def test_short_rest_two_days_ago_tires_nobody_any_more() -> None:
    duty = fold([Entry("duty", at(-44), at(-36.5), "file"), Entry("duty", at(-36), at(20), "file")])
    assert rank(PRIORITY, mustered(officer("H1", duty=duty), now=at(11))).ranked[0].tired == "short_rest"
    assert rank(PRIORITY, mustered(officer("H1", duty=duty), now=at(12))).ranked[0].tired is None


def test_ties_go_to_the_longest_since_the_last_task_and_then_to_the_id() -> None:
    rested = [officer(id) for id in ("H4", "H2", "H3", "H1")]
    loads = {"H1": Load(0, NOON - timedelta(days=30)), "H2": Load(0, NOON - timedelta(days=60))}
    assert order(rank(PRIORITY, mustered(*rested, loads=loads))) == ["H3", "H4", "H2", "H1"]


A_MAN_WHO_SPEAKS_POLISH = officer("H1", gender="man", languages=frozenset({"pl"}))
A_WOMAN_IN_BEDS = officer("B7", "beds", gender="woman")


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        ({}, ()),
        ({"gender": "man", "gender_required": True}, ()),
        ({"gender": "nobody", "gender_required": True}, ("gender",)),
        ({"required_languages": ("uk",)}, ("language",)),
        ({"required_skills": ("trans",)}, ("skill",)),
        ({"gender": "woman", "gender_required": True, "cross_force": False}, ("gender", "other_force")),
        ({"gender": "nobody", "gender_required": True, "required_skills": ("trans",)}, ("gender", "skill")),
        ({"named": {"H1": "declined", "B7": "declined"}, "required_skills": ("trans",)}, ()),
    ],
)
def test_the_person_is_asked_about_what_alone_keeps_everybody_out(
    wishes: dict[str, object], named: tuple[str, ...]
) -> None:
    team = mustered(A_MAN_WHO_SPEAKS_POLISH, A_WOMAN_IN_BEDS)
    request = Request(force="herts", response_class="priority", **wishes)  # type: ignore[arg-type]
    assert unmet(request, team, "home_first") == named


def test_at_the_step_for_the_owning_force_another_force_is_no_answer() -> None:
    request = Request(force="herts", response_class="priority", cross_force=False, named={"H1": "declined"})
    team = mustered(A_MAN_WHO_SPEAKS_POLISH, A_WOMAN_IN_BEDS)
    assert unmet(request, team, "home") == ()
    assert unmet(request, team, "sisters") == ("other_force",)

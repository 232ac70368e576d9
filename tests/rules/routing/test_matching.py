"""Whom to ask: hard filters, tiers, points, ties, and an answer for every officer."""

from datetime import timedelta

import pytest

from services.routing.rules.matching.model import Load, Officer, Ranking, Request
from services.routing.rules.matching.points import PARTS
from services.routing.rules.matching.rank import rank, why_not
from tests.rules.routing.people import FENLAND, NOON, NORTH_HERTS, STEVENAGE, at, mustered, officer, shift
from tests.rules.routing.policies import matching

PRIORITY = Request(force="herts", response_class="priority", district=NORTH_HERTS, sector="SG8 7")


def order(ranking: Ranking) -> list[str]:
    return [row.officer for row in ranking.ranked]


@pytest.mark.parametrize(
    ("her", "code"),
    [
        (officer("H1", trained=()), "training_lapsed"),
        (officer("H1", trained=(("llo", NOON.date() - timedelta(days=1)),)), "training_lapsed"),
        (officer("H1", trained=(("first_aid", NOON.date()),)), "training_lapsed"),
        (officer("H1", duty=shift(13, 17)), "off_duty"),
        (officer("H1", duty=shift(7, 12)), "off_duty"),
        (officer("H1", duty=shift(kind="leave")), "leave"),
        (officer("H1", duty=shift(kind="sick")), "sick"),
        (officer("H1", duty=shift(kind="court")), "court"),
        (officer("H1", duty=shift(kind="abstracted")), "abstracted"),
        (officer("H1", duty=shift(kind="event")), "event"),
        (officer("H1", duty=shift(kind="busy")), "busy"),
        (officer("H1", avoid=frozenset({"SG8 7"})), "avoids_area"),
    ],
)
def test_a_hard_filter_rules_an_officer_out_by_name(her: Officer, code: str) -> None:
    ranking = rank(PRIORITY, mustered(her))
    assert order(ranking) == []
    assert ranking.why_not("H1") == code


@pytest.mark.parametrize("code", ["connected", "conflict", "excluded", "declined", "already_asked"])
def test_who_is_named_is_not_asked_and_the_record_says_why(code: str) -> None:
    request = Request(force="herts", response_class="priority", named={"H1": code})
    assert rank(request, mustered(officer("H1"))).why_not("H1") == code


def test_the_last_day_of_training_still_counts() -> None:
    assert order(rank(PRIORITY, mustered(officer("H1", trained=(("llo", NOON.date()),))))) == ["H1"]


def test_on_call_counts_as_on_duty_and_so_does_duty_that_begins_in_half_an_hour() -> None:
    on_call = officer("H1", duty=shift(kind="on_call"))
    due_on = officer("H2", duty=shift(12.5, 22))
    assert set(order(rank(PRIORITY, mustered(on_call, due_on)))) == {"H1", "H2"}


def test_a_connected_officer_is_left_alone_even_where_the_policy_forgets_the_filter() -> None:
    forgetful = matching(filters=("trained", "on_duty"))
    request = Request(force="herts", response_class="priority", named={"H1": "connected"})
    assert rank(request, mustered(officer("H1"), policy=forgetful)).why_not("H1") == "connected"


def test_a_full_officer_is_not_offered_more_but_a_broadcast_does_not_count() -> None:
    full = {"H1": Load(3), "H2": Load(2)}
    team = mustered(officer("H1"), officer("H2"), officer("H3", cap=1), loads=full | {"H3": Load(1)})
    assert order(rank(PRIORITY, team)) == ["H2"]
    broadcast = Request(force="herts", response_class="officer_advice", broadcast=True)
    assert set(order(rank(broadcast, team, "pool"))) == {"H1", "H2", "H3"}


def test_a_required_gender_is_never_overridden_and_a_wished_one_does_not_rule_out() -> None:
    team = mustered(officer("H1", gender="man"), officer("H2", gender="woman"), officer("H3"))
    required = Request(force="herts", response_class="priority", gender="woman", gender_required=True)
    wished = Request(force="herts", response_class="priority", gender="woman")
    assert order(rank(required, team)) == ["H2"]
    assert rank(required, team).why_not("H3") == "gender_required"
    assert len(order(rank(wished, team))) == 3


def test_the_owning_force_is_asked_first_while_somebody_there_can_answer_in_time() -> None:
    ranking = rank(PRIORITY, mustered(officer("B7", "beds", districts=frozenset({NORTH_HERTS})), officer("H1")))
    assert order(ranking) == ["H1"]
    assert ranking.why_not("B7") == "other_force_not_yet"


def test_a_sister_force_is_asked_at_once_when_nobody_at_home_can_answer() -> None:
    off_duty = officer("H1", duty=shift(0, 6))
    assert order(rank(PRIORITY, mustered(off_duty, officer("B7", "beds")))) == ["B7"]


def test_somebody_at_home_due_on_too_late_to_answer_in_time_comes_after_a_sister_force() -> None:
    team = mustered(officer("H1", duty=shift(12.4, 22)), officer("H2", duty=shift(12.1, 22)), officer("B7", "beds"))
    assert order(rank(PRIORITY, team)) == ["H2", "H1"]
    late = mustered(officer("H1", duty=shift(12.4, 22)), officer("B7", "beds"))
    assert order(rank(PRIORITY, late)) == ["B7", "H1"]


def test_whoever_refuses_other_forces_is_offered_none() -> None:
    request = Request(force="herts", response_class="priority", cross_force=False)
    team = mustered(officer("B7", "beds"))
    for scope in ("home_first", "sisters", "pool"):
        assert rank(request, team, scope).why_not("B7") == "person_refused_other_forces"


def test_rested_before_tired_and_tired_before_nobody() -> None:
    tired = officer("H1", districts=frozenset({NORTH_HERTS}), duty=shift(7, 13))
    rested = officer("H2", duty=shift(7, 17))
    ranking = rank(PRIORITY, mustered(tired, rested))
    assert order(ranking) == ["H2", "H1"]
    assert [row.tired for row in ranking.ranked] == [None, "shift_ends_soon"]
    assert order(rank(PRIORITY, mustered(tired))) == ["H1"]


def test_an_officer_back_after_a_short_rest_is_tired() -> None:
    both = (("duty", -8, 1), ("duty", 7, 17))
    from services.routing.rules.roster.duty import Entry, fold

    duty = fold([Entry(kind, at(starts), at(ends), "file") for kind, starts, ends in both])
    assert rank(PRIORITY, mustered(officer("H1", duty=duty))).ranked[0].tired == "short_rest"


def test_points_come_in_parts_and_each_part_has_its_reason() -> None:
    request = Request(
        force="herts",
        response_class="scheduled",
        district=STEVENAGE,
        sector="SG1 1",
        skills=("trans", "youth"),
        languages=("pl",),
        known=frozenset({"H1"}),
    )
    best = officer(
        "H1",
        districts=frozenset({STEVENAGE}),
        skills=frozenset({"trans", "youth"}),
        languages=frozenset({"pl"}),
        base="SG1 2XX",
    )
    half = officer("H2", skills=frozenset({"youth"}))
    yesterday = {"H2": Load(1, NOON - timedelta(hours=84))}
    parts = {
        row.officer: dict(zip(PARTS, row.parts, strict=True))
        for row in rank(request, mustered(best, half, loads=yesterday)).ranked
    }
    assert sum(parts["H1"].values()) == 100
    assert parts["H2"] == {
        "continuity": 0,
        "district": 0,
        "shift": 15,
        "skills": 7,
        "caseload": 6,
        "language": 0,
        "travel": 0,
        "fairness": 2,
    }


def test_the_nearer_officer_gains_where_both_places_are_known() -> None:
    request = Request(force="cambs", response_class="scheduled", district=FENLAND, km=(540, 300))
    near = officer("C1", "cambs", base_km=(543, 304))
    far = officer("C2", "cambs", base_km=(600, 300))
    travel = [row.parts[PARTS.index("travel")] for row in rank(request, mustered(far, near)).ranked]
    assert travel == [4, 0]


def test_ties_go_to_the_longest_since_the_last_task_and_then_to_the_id() -> None:
    rested = [officer(id) for id in ("H4", "H2", "H3", "H1")]
    loads = {"H1": Load(0, NOON - timedelta(days=30)), "H2": Load(0, NOON - timedelta(days=60))}
    assert order(rank(PRIORITY, mustered(*rested, loads=loads))) == ["H3", "H4", "H2", "H1"]


def test_a_late_answer_is_judged_by_the_same_filters_whatever_the_step() -> None:
    team = mustered(officer("H1"), officer("H2", duty=shift(0, 3)), officer("B7", "beds"))
    assert [why_not(PRIORITY, team, id) for id in ("H1", "H2", "B7", "X9")] == [None, "off_duty", None, "off_roster"]


def test_the_muster_knows_when_the_next_officer_of_a_force_comes_on() -> None:
    team = mustered(officer("H1", duty=shift(19, 23)), officer("B7", "beds", duty=shift(14, 20)))
    assert team.next_on_duty(["herts"]) == at(19)
    assert team.next_on_duty(["herts", "beds"]) == at(14)
    assert team.next_on_duty(["cambs"]) is None

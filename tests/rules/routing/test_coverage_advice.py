"""What would close most: every piece of advice does in a new survey exactly what it promised."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from services.routing.coverage_words import Words
from services.routing.rules.coverage.model import Advice, Survey, Uncovered
from services.routing.rules.matching.model import Officer
from services.routing.rules.roster.duty import Entry, fold
from tests.rules.routing.coverage_desk import FENLAND, PETERBOROUGH, hours, in_all, person, surveyed
from tests.rules.routing.policies import default
from tests.rules.routing.test_coverage_supply import crews

DAYS = [(day * 24 + 6, day * 24 + 22) for day in range(-1, 9)]
NIGHTS = [(day * 24 + 21, day * 24 + 31) for day in range(-1, 9)]


def first(found: Survey, action: str) -> Advice:
    return next(one for one in found.advice if one.change.action == action)


def test_the_training_named_first_is_of_whoever_is_there_when_the_skill_is_missing() -> None:
    day, night = person("C1", "cambs", "trans", duty=hours(*DAYS)), person("C2", duty=hours(*NIGHTS))
    found = surveyed(day, night, person("C3", duty=hours(*DAYS)), days=7)
    train = next(one for one in found.advice if one.change.skill == "trans")
    assert (train.change.action, train.change.officer, train.change.districts) == ("train", "C2", (FENLAND,))
    assert train.closes.at_home == pytest.approx(found.uncovered["trans"].at_home)


def test_somebody_whose_training_lapses_this_week_is_trained_again() -> None:
    her = person("C1", trained=(("llo", date(2026, 11, 24)),))
    found = surveyed(her, days=7)
    train = first(found, "train")
    assert (train.change.officer, train.change.course) == ("C1", "llo")
    assert Words(found, default()).change(train.change) == "Train C1, who serves Fenland, again: llo lapses."
    again = surveyed(replace(her, trained=(("llo", date(2027, 11, 24)),)), days=7)
    assert in_all(again) == pytest.approx(train.after.at_home)


def test_one_more_officer_is_wanted_when_nobody_is_there_and_most_are_expected() -> None:
    found = surveyed(person("C1", "cambs", *default().codes.skills, duty=hours(*DAYS)), days=7)
    duty = first(found, "duty")
    said = Words(found, default()).change(duty.change)
    assert said == "Put one more officer with trans on duty Fri 27 Nov 23:00 \u2013 Sat 28 Nov 07:00."
    assert duty.closes.at_home == pytest.approx(sum(was - now for _, was, now in duty.parts))


def test_an_officer_may_be_asked_to_serve_another_district() -> None:
    found = surveyed(person("C1", duty=hours(*DAYS)), days=7)
    serve = first(found, "serve")
    assert serve.change.districts == (PETERBOROUGH,), "most people live there"
    assert serve.closes.at_home == 0
    assert serve.closes.in_district > 0


def test_where_nothing_is_missing_there_is_no_advice() -> None:
    everything = frozenset(default().codes.skills)
    everywhere = frozenset(default().forces["cambs"].districts)
    assert surveyed(person("C1", skills=everything, districts=everywhere), days=7).advice == ()


def test_nobody_of_another_force_is_named() -> None:
    found = surveyed(person("B1", "beds", duty=hours(*NIGHTS)), person("C1", duty=hours(*DAYS)), days=7)
    assert {one.change.officer for one in found.advice} <= {"C1", None}


def test_the_sum_is_shown() -> None:
    found = surveyed(person("C1"), days=7)
    train = next(one for one in found.advice if one.change.skill == "trans")
    before, after = found.uncovered["trans"].at_home, 0.0
    assert before > 0.1
    said = Words(found, default()).reckoning(train)
    assert f"trans {before:.2f} \u2212 {before:.2f} = 0.00" in said[-1]
    assert train.parts == (("trans", pytest.approx(before), pytest.approx(after)),)


def changed(crew: Sequence[Officer], advice: Advice) -> list[Officer]:
    """The crew after somebody has taken the advice."""
    change = advice.change
    if change.action == "duty" and change.starts and change.ends:
        duty = fold([Entry("duty", change.starts, change.ends, "file")])
        skills = [change.skill] if change.skill else []
        return [*crew, person("New", "cambs", *skills, duty=duty, districts=frozenset())]
    return [_after(officer, advice) if officer.id == change.officer else officer for officer in crew]


def _after(officer: Officer, advice: Advice) -> Officer:
    change = advice.change
    if change.action == "serve":
        return replace(officer, districts=officer.districts | set(change.districts))
    if change.skill:
        return replace(officer, skills=officer.skills | {change.skill})
    return replace(officer, trained=(*officer.trained, (change.course or "", date(2027, 1, 1))))


@settings(max_examples=40, deadline=None)
@given(crews())
def test_whoever_takes_the_advice_finds_what_it_promised(crew: list[Officer]) -> None:
    found = surveyed(*crew)
    for advice in found.advice:
        then = sum(surveyed(*changed(crew, advice)).uncovered.values(), Uncovered())
        assert then.at_home == pytest.approx(advice.after.at_home, abs=1e-9)
        assert then.in_pool == pytest.approx(advice.after.in_pool, abs=1e-9)
        assert then.in_district == pytest.approx(advice.after.in_district, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(crews(), crews())
def test_one_more_officer_never_leaves_more_uncovered(crew: list[Officer], more: list[Officer]) -> None:
    before = surveyed(*crew).uncovered
    after = surveyed(*crew, *(replace(officer, id=f"More{officer.id}") for officer in more)).uncovered
    for line, its in before.items():
        assert after[line].in_pool <= its.in_pool + 1e-9
        assert after[line].at_home <= its.at_home + 1e-9
        assert after[line].in_district <= its.in_district + 1e-9


@settings(max_examples=40, deadline=None)
@given(crews())
def test_what_nobody_at_all_covers_is_part_of_what_nobody_at_home_covers(crew: list[Officer]) -> None:
    for its in surveyed(*crew).uncovered.values():
        assert -1e-9 <= its.in_pool <= its.at_home + 1e-9 <= its.in_district + 2e-9

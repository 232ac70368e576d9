"""Earlier reports: scored at once, confirmed by a human, and only then shown."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.api.answers import decided
from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.changes import amend
from services.routing.rules.referral.repeats import confirm_repeat, shown_earlier
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import request_anew
from tests.rules.routing.people import NOON, officer
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened, passing, story

HOME = [officer(f"H{number}") for number in range(1, 7)]
TWICE_BEFORE: dict[str, Any] = {"person": "p-owl", "earlier": {"count": 2, "last_officer": "H6"}}


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def answered(confirmed: bool, referral: Referral | None = None) -> Referral:
    before = referral or opened(**TWICE_BEFORE).referral
    return confirm_repeat(before, confirmed, "coordinator:herts", minutes(3)).referral


def test_the_officer_of_last_time_is_asked_first_before_anybody_has_confirmed_it() -> None:
    referral = opened(**TWICE_BEFORE).referral
    assert story(passing(referral, NOON, *HOME).events) == ["offered H6"]
    assert shown_earlier(referral) is None
    assert decided(referral)["earlier"] == {"confirmed": None}


def test_once_confirmed_count_and_officer_are_shown() -> None:
    referral, events, _ = confirm_repeat(opened(**TWICE_BEFORE).referral, True, "coordinator:herts", minutes(3))
    assert story(events) == ["repeat_confirmed"]
    assert decided(referral)["earlier"] == {"confirmed": True, "count": 2, "last_officer": "H6"}
    assert "H6" not in events[0].model_dump_json()


def test_if_it_is_somebody_else_nothing_is_shown_and_nothing_scored_any_more() -> None:
    referral = answered(False)
    assert decided(referral)["earlier"] == {"confirmed": False}
    assert story(passing(referral, minutes(3), *HOME).events) == ["offered H1"]
    assert "H6" not in request_anew(referral, facts(NOON, *HOME)).known


def test_the_same_answer_again_changes_nothing_and_a_yes_may_be_taken_back() -> None:
    referral = answered(True)
    assert confirm_repeat(referral, True, "sergeant:herts", minutes(4)) == (referral, (), ())
    assert shown_earlier(answered(False, referral)) is None


def test_after_a_no_nobody_can_have_it_shown() -> None:
    with pytest.raises(Refused, match="already_answered"):
        answered(True, answered(False))


def test_where_nothing_earlier_is_known_there_is_nothing_to_confirm() -> None:
    for picture in ({}, {"earlier": {"count": 0}}):
        with pytest.raises(Refused, match="nothing_to_confirm"):
            answered(True, opened(**picture).referral)


def test_an_amendment_that_finds_other_reports_asks_anew_and_any_other_does_not() -> None:
    same = amend(answered(True), amended(["grade"], **TWICE_BEFORE), default(), minutes(5)).referral
    other = amended(["contact"], person="p-elk", earlier={"count": 1, "last_officer": "B7"})
    assert same.earlier_confirmed
    assert amend(answered(True), other, default(), minutes(5)).referral.earlier_confirmed is None

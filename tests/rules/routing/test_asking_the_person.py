"""When only what the person requires keeps everybody out, the person is asked, and never overridden."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.rules.referral.advance import look_again
from services.routing.rules.referral.answers import Tap, accept, acknowledge, decline
from services.routing.rules.referral.asking_the_person import asking
from services.routing.rules.referral.changes import amend
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralRoleAlerted, ReferralWaiting
from tests.rules.routing.people import NOON, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened, passing, story

MEN = [officer("H1", gender="man"), officer("H2", gender="man"), officer("B7", "beds", gender="man")]
ROSA = officer("H9", gender="woman")
A_WOMAN: dict[str, Any] = {"officer_gender": {"value": "woman", "required": True}}
AT_HOME: dict[str, Any] = {"cross_force": False}


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def asked(**wishes: Any) -> Referral:
    """A referral whose person is being asked, because there are only men from here and one from Bedfordshire."""
    return passing(opened(**(wishes or A_WOMAN)).referral, NOON, *MEN).referral


def test_where_only_men_are_on_duty_and_a_woman_is_required_the_coordinator_asks_the_person() -> None:
    referral, events, _ = passing(opened(**A_WOMAN).referral, NOON, *MEN)
    assert story(events) == ["waiting coordinator:herts ask_person"]
    assert isinstance(events[0], ReferralWaiting)
    assert (events[0].wishes, events[0].due) == (("gender",), minutes(15))
    assert (referral.state, referral.offers, asking(referral)) == ("waiting", (), ("gender",))


def test_where_nobody_at_home_is_free_and_other_forces_are_refused_the_person_is_asked_about_that() -> None:
    referral, events, _ = passing(opened(**AT_HOME).referral, NOON, officer("B7", "beds"))
    assert story(events) == ["waiting coordinator:herts ask_person"]
    assert asking(referral) == ("other_force",)


def test_a_wish_that_is_only_preferred_asks_nobody_and_an_officer_is_offered() -> None:
    preferred = {"officer_gender": {"value": "woman", "required": False}}
    assert story(passing(opened(**preferred).referral, NOON, *MEN).events) == ["offered H1"]


def test_where_nobody_is_on_duty_at_all_the_person_is_not_troubled_and_the_ladder_goes_on() -> None:
    nobody = officer("H3", duty=shift(20, 23))
    assert story(passing(opened(**A_WOMAN).referral, NOON, nobody).events) == ["escalated 3 sergeant:herts"]


def test_the_steps_of_the_ladder_keep_their_own_times_and_its_roles_are_told() -> None:
    referral, said = asked(), []
    for minute in (15, 20, 30, 45, 60):
        referral, events, _ = passing(referral, minutes(minute), *MEN)
        said += [f"{minute} {words}" for words in story(events)]
    assert "30 escalated 3 sergeant:herts" in said
    assert "60 escalated 5 inspector:herts" in said
    assert referral.offers == ()
    assert [words for words in said if words.endswith("ask_person")][:2] == [
        "15 role_alerted coordinator:herts ask_person",
        "20 role_alerted coordinator:herts ask_person",
    ]


def test_a_reminder_says_again_what_to_ask_about() -> None:
    events = passing(asked(), minutes(15), *MEN).events
    (again,) = [event for event in events if isinstance(event, ReferralRoleAlerted) and event.role.startswith("coord")]
    assert (again.times, again.wishes) == (2, ("gender",))


def test_a_coordinator_who_is_asking_is_left_alone_for_a_while_and_then_asked_again() -> None:
    referral = acknowledge(asked(), "coordinator:herts", "coordinator:herts", "asking", minutes(3)).referral
    told = [words for minute in (16, 32) for words in story(passing(referral, minutes(minute), *MEN).events)]
    assert [words for words in told if "coordinator" in words] == []
    later = passing(referral, minutes(33), *MEN).events
    assert "role_alerted coordinator:herts ask_person" in story(later)


def test_a_person_who_gives_the_wish_up_is_offered_somebody_at_once() -> None:
    referral = amend(asked(), amended(["preferences"]), default(), minutes(4)).referral
    assert referral.due == minutes(4)
    referral, events, _ = passing(referral, minutes(4), *MEN)
    assert story(events) == ["offered H1"]
    assert asking(referral) == ()


def test_a_person_who_allows_another_force_is_offered_its_officer_with_the_reason_kept() -> None:
    bedfordshire = officer("B7", "beds")
    referral = passing(opened(**AT_HOME).referral, NOON, bedfordshire).referral
    referral = amend(referral, amended(["preferences"]), default(), minutes(4)).referral
    referral, events, decisions = passing(referral, minutes(4), bedfordshire)
    assert story(events) == ["offered B7"]
    assert [decision["why"] for decision in decisions] == ["nobody_at_home"]


def test_a_person_who_wants_it_otherwise_but_not_less_is_asked_anew() -> None:
    both = A_WOMAN | AT_HOME
    referral = amend(asked(), amended(["preferences"], **both), default(), minutes(4)).referral
    assert story(passing(referral, minutes(4), *MEN).events) == ["waiting coordinator:herts ask_person"]


def test_an_answer_after_everybody_has_gone_home_takes_the_ladder_further() -> None:
    referral = amend(asked(), amended(["preferences"]), default(), minutes(4)).referral
    assert story(passing(referral, minutes(4)).events) == ["escalated 3 sergeant:herts"]


def test_somebody_who_meets_the_wish_is_offered_it_the_moment_she_comes_on_duty() -> None:
    team = [*MEN, officer("H9", gender="woman", duty=shift(13, 22))]
    referral = passing(opened(**A_WOMAN).referral, NOON, *team).referral
    assert referral.recheck_at == minutes(60)
    referral, events, _ = passing(referral, minutes(60), *team)
    assert "offered H9" in story(events)
    assert asking(referral) == ()


def test_a_change_of_the_roster_is_worth_another_look() -> None:
    referral = look_again(asked(), minutes(2))
    assert story(passing(referral, minutes(2), *MEN, ROSA).events) == ["offered H9"]


def test_a_look_that_finds_nobody_says_nothing_new() -> None:
    referral = look_again(asked(), minutes(2))
    assert passing(referral, minutes(2), *MEN).events == ()


def test_when_the_only_one_who_met_the_wish_declines_the_person_is_asked() -> None:
    referral = passing(opened(**A_WOMAN).referral, NOON, *MEN, ROSA).referral
    referral = decline(referral, "H9", "busy", minutes(2)).referral
    referral, events, _ = passing(referral, minutes(2), *MEN, ROSA)
    assert story(events) == ["waiting coordinator:herts ask_person"]
    assert referral.ladder.taken == 1


def test_while_the_one_who_meets_the_wish_may_still_answer_the_person_is_not_asked() -> None:
    referral = passing(opened(**A_WOMAN).referral, NOON, *MEN, ROSA).referral
    assert story(passing(referral, minutes(14), *MEN, ROSA).events) == []
    assert "waiting coordinator:herts ask_person" in story(passing(referral, minutes(15), *MEN, ROSA).events)


def test_once_an_officer_holds_it_the_coordinator_is_no_longer_asked() -> None:
    team = [*MEN, ROSA]
    referral = passing(look_again(asked(), minutes(2)), minutes(2), *team).referral
    referral = accept(referral, Tap("H9", "herts"), facts(minutes(3), *team), minutes(3)).referral
    assert referral.alerts == ()


@pytest.mark.parametrize("code", sorted(default().classes))
def test_in_every_class_the_person_is_asked_within_the_classs_own_time_or_half_an_hour(code: str) -> None:
    referral = passing(opened(**A_WOMAN, **{"class": code}).referral, NOON, *MEN).referral
    (alert,) = referral.alerts
    assert alert.due is not None
    assert minutes(0) < alert.due <= minutes(30)
    assert referral.due is not None
    assert referral.due <= alert.due

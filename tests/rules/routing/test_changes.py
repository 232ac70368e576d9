"""What an amendment, a withdrawal and an erasure do; places that need a human first."""

from datetime import datetime, timedelta

from services.routing.rules.referral.answers import Tap, accept, acknowledge
from services.routing.rules.referral.changes import amend, erase, withdraw
from shared.contracts.referrals import ReferralAmended
from tests.rules.routing.people import LUTON, NOON, officer
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened, passing, story

HOME = [officer(f"H{number}") for number in range(1, 7)]


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def test_a_more_urgent_class_freezes_the_ladder_anew_still_counted_from_opening() -> None:
    referral = passing(opened(**{"class": "scheduled"}, grade="scheduled").referral, NOON, *HOME).referral
    assert referral.due == minutes(240)
    referral, events, _ = amend(referral, amended(["grade"]), default(), minutes(20))
    assert story(events) == ["amended"]
    assert isinstance(events[0], ReferralAmended)
    assert (events[0].ack_due, events[0].first_contact_due) == (minutes(15), minutes(60))
    referral, events, _ = passing(referral, minutes(20), *HOME)
    assert story(events) == ["escalated 1 H2", "offered H2"]
    assert referral.due == minutes(30)


def test_an_amendment_that_leaves_the_class_alone_leaves_the_ladder_alone() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    after = amend(referral, amended(["languages"], languages=("pl",)), default(), minutes(2)).referral
    assert (after.ladder, after.due) == (referral.ladder, referral.due)


def test_a_risk_that_comes_by_amendment_alerts_a_supervisor_once() -> None:
    referral, events, _ = amend(opened().referral, amended(["risks"], risks=("weapon",)), default(), minutes(2))
    assert story(events) == ["amended", "role_alerted fim:herts risk"]
    again = amend(referral, amended(["risks"], risks=("weapon", "repeat")), default(), minutes(3))
    assert story(again.events) == ["amended"]


def test_an_officer_who_turns_out_to_be_connected_loses_the_offer_and_somebody_else_is_asked() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    connected = amended(["connected_officers"], connected_officers=("H1",))
    referral = amend(referral, connected, default(), minutes(2)).referral
    assert story(passing(referral, minutes(2), *HOME).events) == ["offered H2"]


def test_a_holder_who_turns_out_to_be_connected_loses_the_referral() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    referral = accept(referral, Tap("H1", "herts"), facts(NOON, *HOME), NOON).referral
    connected = amended(["connected_officers"], connected_officers=("H1",))
    referral, events, _ = amend(referral, connected, default(), minutes(2))
    assert story(events) == ["amended", "released"]
    assert (referral.holder, referral.due) == (None, minutes(2))


def test_a_place_known_too_roughly_waits_with_the_coordinator_of_the_sources_force() -> None:
    referral, events, _ = opened(location_confidence="low", district=None)
    assert story(events) == ["opened", "waiting coordinator:herts unresolved_place"]
    assert (referral.state, referral.due) == ("waiting", minutes(30))
    referral, events, _ = passing(referral, minutes(30), *HOME)
    assert story(events) == ["role_alerted coordinator:herts unresolved_place", "role_alerted ops:herts unacknowledged"]
    seen = acknowledge(referral, "coordinator:herts", "coordinator:herts", "looking", minutes(31)).referral
    assert seen.due == minutes(60), "first contact runs all the while"


def test_what_belongs_elsewhere_waits_with_the_coordinator_and_its_risks_are_told_all_the_same() -> None:
    _, events, _ = opened(desk="essex", risks=("weapon",))
    assert story(events) == ["opened", "role_alerted fim:herts risk", "waiting coordinator:herts hand_off"]


def test_a_place_that_becomes_clear_starts_the_ladder_in_the_right_force() -> None:
    referral = opened(location_confidence="low", district=None).referral
    placed = amended(["locations"], force="beds", district=LUTON)
    referral = amend(referral, placed, default(), minutes(9)).referral
    assert (referral.force, referral.due) == ("beds", NOON)
    assert story(passing(referral, minutes(9), officer("B7", "beds")).events) == ["offered B7"]


def test_a_complaint_goes_to_professional_standards_and_an_officer_is_asked_for_support() -> None:
    referral, events, _ = opened(complaint_against_police=True)
    assert story(events) == ["opened", "role_alerted psd:herts complaint"]
    assert story(passing(referral, NOON, *HOME).events) == ["offered H1"]


def test_a_withdrawal_ends_everything_and_nothing_comes_after_it() -> None:
    referral = passing(opened(risks=("weapon",)).referral, NOON, *HOME).referral
    referral, events, _ = withdraw(referral, "no_longer_wanted", minutes(2))
    assert story(events) == ["withdrawn"]
    assert (referral.state, referral.wakes_at) == ("withdrawn", None)
    assert withdraw(referral, "duplicate", minutes(3)) == (referral, (), ())
    assert amend(referral, amended(["grade"]), default(), minutes(3)) == (referral, (), ())
    assert passing(referral, minutes(900), *HOME) == (referral, (), ())


def test_an_erasure_ends_what_is_open_and_takes_what_came_from_the_person() -> None:
    referral = opened(person="p-owl", languages=("pl",)).referral
    referral, events, _ = erase(referral, "request", minutes(2))
    assert story(events) == ["withdrawn", "erased"]
    assert (referral.picture.person, referral.picture.languages) == (None, ())
    assert erase(referral, "request", minutes(3)).events == ()

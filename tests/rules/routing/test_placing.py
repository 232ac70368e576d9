"""A referral that belongs elsewhere: sent to a desk, waited for, received there, or taken back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.rules.referral.answers import Refused, Tap, accept, acknowledge
from services.routing.rules.referral.changes import amend
from services.routing.rules.referral.overriding import Order, override
from services.routing.rules.referral.placing import Receipt, hand_off, recall, receive
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralHandedOff
from tests.rules.routing.people import LUTON, NOON, officer
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened, passing, story

HOME = [officer(f"H{number}") for number in range(1, 7)]
COORDINATOR = "coordinator:herts"
ESSEX_HAS_IT = Receipt("Sgt Quince", "EP-2026-5501", COORDINATOR)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def asked(**changes: Any) -> Referral:
    return passing(opened(**changes).referral, NOON, *HOME).referral


def sent(referral: Referral | None = None, at: float = 2, desk: str = "essex") -> Referral:
    return hand_off(referral or opened(desk="essex").referral, desk, COORDINATOR, minutes(at)).referral


def test_what_belongs_to_essex_is_sent_there_and_stays_ours_until_they_say_so() -> None:
    referral, events, _ = hand_off(opened(desk="essex").referral, "essex", COORDINATOR, minutes(2))
    assert story(events) == ["handed_off"]
    assert isinstance(events[0], ReferralHandedOff)
    assert (events[0].desk, events[0].received, events[0].receipt_due) == ("essex", False, minutes(62))
    assert (referral.state, referral.force, referral.unplaced) == ("waiting", "herts", True)


def test_their_receipt_ends_it_here() -> None:
    referral, events, _ = receive(sent(), ESSEX_HAS_IT, minutes(20))
    assert story(events) == ["handed_off"]
    assert isinstance(events[0], ReferralHandedOff)
    assert (events[0].received, events[0].their_ref, events[0].state) == (True, "EP-2026-5501", "handed_off")
    assert (referral.state, referral.wakes_at, referral.alerts) == ("handed_off", None, ())
    assert "Quince" not in events[0].model_dump_json()


def test_everything_said_twice_is_said_once() -> None:
    referral = sent()
    assert hand_off(referral, "essex", "sergeant:herts", minutes(3)) == (referral, (), ())
    referral = receive(referral, ESSEX_HAS_IT, minutes(20)).referral
    assert receive(referral, ESSEX_HAS_IT, minutes(21)) == (referral, (), ())
    assert hand_off(referral, "essex", COORDINATOR, minutes(22)) == (referral, (), ())
    with pytest.raises(Refused, match="already_answered"):
        receive(referral, Receipt("Somebody else", "X-1", COORDINATOR), minutes(23))


def test_a_receipt_for_what_was_never_sent_is_refused() -> None:
    with pytest.raises(Refused, match="nothing_handed_off"):
        receive(asked(), ESSEX_HAS_IT, minutes(1))
    with pytest.raises(Refused, match="nothing_handed_off"):
        recall(asked(), minutes(1))


def test_whoever_was_asked_or_held_it_is_not_any_more() -> None:
    offered = sent(asked())
    held = sent(accept(asked(), Tap("H1", "herts"), facts(NOON, *HOME), NOON).referral)
    for referral in (offered, held):
        assert (referral.state, referral.holder) == ("waiting", None)
        assert [offer.answer for offer in referral.offers] == ["retracted"]
        with pytest.raises(Refused, match="not_open"):
            accept(referral, Tap("H1", "herts"), facts(minutes(3), *HOME), minutes(3))


def test_nobody_is_asked_while_the_desk_has_not_answered_and_the_person_is_still_to_be_rung() -> None:
    referral = sent(asked())
    referral, events, _ = passing(referral, minutes(61), *HOME)
    assert story(events) == ["breached", "role_alerted sergeant:herts first_contact_overdue"]


def test_a_receipt_that_fails_to_come_is_told_to_the_coordinator_then_to_the_floor_then_to_operations() -> None:
    referral, said = sent(opened(desk="essex", **{"class": "scheduled"}).referral), []
    assert (referral.due, story(passing(referral, minutes(61), *HOME).events)) == (minutes(62), [])
    for minute in (62, 67, 72):
        referral, events, _ = passing(referral, minutes(minute), *HOME)
        said += [f"{minute} {words}" for words in story(events)]
    assert said == [
        "62 role_alerted coordinator:herts receipt_awaited",
        "67 role_alerted coordinator:herts receipt_awaited",
        "67 role_alerted fim:herts receipt_awaited",
        "72 role_alerted coordinator:herts receipt_awaited",
        "72 role_alerted ops:herts unacknowledged",
    ]


def test_a_coordinator_who_is_chasing_the_desk_is_asked_again_after_a_while() -> None:
    referral = passing(sent(opened(desk="essex", **{"class": "scheduled"}).referral), minutes(62), *HOME).referral
    referral = acknowledge(referral, COORDINATOR, COORDINATOR, "ringing_them", minutes(63)).referral
    assert referral.due == minutes(93)
    assert story(passing(referral, minutes(93), *HOME).events) == ["role_alerted coordinator:herts receipt_awaited"]


def test_sent_to_the_wrong_desk_it_is_taken_back_before_it_is_sent_on() -> None:
    with pytest.raises(Refused, match="handed_off_already") as refused:
        hand_off(sent(), "suffolk", COORDINATOR, minutes(30))
    assert refused.value.desk == "essex"
    back = recall(sent(), minutes(30)).referral
    referral, events, _ = hand_off(back, "suffolk", COORDINATOR, minutes(30))
    assert story(events) == ["handed_off"]
    assert referral.hand_off is not None
    assert (referral.hand_off.desk, referral.hand_off.receipt_due) == ("suffolk", minutes(90))
    assert [alert.kind for alert in referral.alerts] == ["receipt"]


def test_taken_back_before_the_receipt_what_is_ours_is_offered_to_the_next_officer_at_once() -> None:
    referral, events, _ = recall(sent(asked()), minutes(10))
    assert story(events) == ["waiting coordinator:herts hand_off_recalled"]
    assert referral.due == minutes(10)
    referral, events, _ = passing(referral, minutes(10), *HOME)
    assert story(events) == ["offered H2"]


def test_taken_back_what_nobody_knows_the_place_of_waits_with_the_coordinator_again() -> None:
    referral, events, _ = recall(sent(), minutes(10))
    assert story(events) == ["waiting coordinator:herts hand_off"]
    assert (referral.state, referral.unplaced) == ("waiting", True)


def test_after_the_receipt_nothing_can_be_taken_back() -> None:
    with pytest.raises(Refused, match="not_open"):
        recall(receive(sent(), ESSEX_HAS_IT, minutes(20)).referral, minutes(21))


def test_a_place_amended_while_the_desk_is_awaited_asks_nobody_until_it_is_taken_back() -> None:
    placed = amended(["locations"], force="beds", district=LUTON)
    referral = amend(sent(), placed, default(), minutes(9)).referral
    assert referral.unplaced
    referral = recall(referral, minutes(10)).referral
    assert story(passing(referral, minutes(10), officer("B7", "beds")).events) == ["offered B7"]


def test_a_humans_word_that_it_is_ours_holds_until_the_place_is_amended() -> None:
    world = facts(minutes(5), *HOME)
    referral = override(opened(desk="essex").referral, Order("H4", COORDINATOR, "risk"), world, minutes(5)).referral
    assert not amend(referral, amended(["risks"], desk="essex"), default(), minutes(6)).referral.unplaced
    assert amend(referral, amended(["locations"], desk="suffolk"), default(), minutes(6)).referral.unplaced

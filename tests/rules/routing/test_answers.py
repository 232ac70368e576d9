"""Accepting, declining, giving back, acknowledging: one holder, said kindly to the others."""

from datetime import datetime, timedelta

import pytest

from services.routing.rules.matching.model import Load
from services.routing.rules.referral.answers import Refused, Tap, accept, acknowledge, decline, notice_failed, release
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from shared.contracts.referrals import ReferralRoleAlerted
from tests.rules.routing.people import NOON, at, mustered, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import facts, opened, passing, story

HOME = [officer(f"H{number}") for number in range(1, 7)]
IMMEDIATE = {"class": "immediate"}


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def asked(**changes: object) -> Referral:
    """H1 was asked at noon, H2 and H3 three minutes later."""
    referral = passing(opened(**(IMMEDIATE | changes)).referral, NOON, *HOME).referral
    return passing(referral, minutes(3), *HOME).referral


def tapped(referral: Referral, who: str, now: datetime, tapped_at: datetime | None = None) -> Referral:
    return accept(referral, Tap(who, "herts", tapped_at), facts(now, *HOME), now).referral


def refusal(referral: Referral, who: str, now: datetime) -> tuple[str, str | None]:
    with pytest.raises(Refused) as caught:
        tapped(referral, who, now)
    return caught.value.code, caught.value.reason


def test_an_accept_makes_a_holder_with_first_contact_due_from_opening() -> None:
    referral, events, _ = accept(asked(), Tap("H2", "herts"), facts(minutes(4), *HOME), minutes(4))
    assert story(events) == ["accepted"]
    assert (referral.state, referral.holder.id if referral.holder else None) == ("accepted", "H2")
    assert referral.due == minutes(60)


def test_of_two_who_tap_together_one_holds_it_and_the_other_learns_who() -> None:
    referral = tapped(asked(), "H2", minutes(4))
    with pytest.raises(Refused) as caught:
        tapped(referral, "H3", minutes(4))
    assert caught.value.code == "already_held"
    assert caught.value.holder is not None
    assert (caught.value.holder.force, caught.value.holder.id) == ("herts", "H2")


def test_the_holders_second_tap_changes_nothing() -> None:
    referral = tapped(asked(), "H2", minutes(4))
    assert accept(referral, Tap("H2", "herts"), facts(minutes(5), *HOME), minutes(5)) == (referral, (), ())


def test_whoever_was_never_asked_cannot_accept() -> None:
    assert refusal(asked(), "H6", minutes(4)) == ("never_offered", None)


def test_a_late_accept_wins_while_nobody_holds_it() -> None:
    assert tapped(asked(), "H1", minutes(40)).state == "accepted"


def test_a_late_accept_is_refused_when_a_hard_filter_fails_now() -> None:
    assert refusal(asked(), "H1", at(18)) == ("ruled_out", "off_duty")


def test_a_full_officer_may_still_take_late_what_is_in_their_hand_but_nothing_they_gave_away() -> None:
    full = Facts(mustered(*HOME, now=minutes(40), loads={"H1": Load(3)}), default())
    assert accept(asked(), Tap("H1", "herts"), full, minutes(40)).referral.held
    declined = decline(asked(), "H1", "busy", minutes(4)).referral
    later = Facts(mustered(*HOME, now=minutes(90), loads={"H1": Load(3)}), default())
    with pytest.raises(Refused) as caught:
        accept(declined, Tap("H1", "herts"), later, minutes(90))
    assert caught.value.reason == "cap"


def test_a_tap_made_in_time_counts_however_late_it_arrives() -> None:
    assert tapped(asked(), "H1", at(18), tapped_at=minutes(4)).state == "accepted"


def test_a_tap_from_the_future_is_taken_as_now() -> None:
    with pytest.raises(Refused):
        tapped(asked(), "H1", at(18), tapped_at=at(30))


def test_a_conflict_bars_an_officer_for_good_and_says_nothing_why() -> None:
    referral = decline(asked(), "H2", "conflict", minutes(4)).referral
    assert refusal(referral, "H2", at(16)) == ("never_offered", None)


def test_a_conflict_declared_too_late_to_matter_still_bars() -> None:
    referral = tapped(asked(), "H1", minutes(4))
    referral, events, _ = decline(referral, "H2", "conflict", minutes(5))
    assert events == ()
    referral = release(referral, "H1", "other_task", minutes(6)).referral
    assert refusal(referral, "H2", minutes(7)) == ("never_offered", None)


def test_declining_twice_is_declining_once() -> None:
    referral = decline(asked(), "H2", "busy", minutes(4)).referral
    assert decline(referral, "H2", "busy", minutes(5)) == (referral, (), ())


def test_a_conflict_declared_twice_is_declared_once_and_nothing_else_of_theirs_counts() -> None:
    referral = decline(asked(), "H2", "conflict", minutes(4)).referral
    assert decline(referral, "H2", "conflict", minutes(5)) == (referral, (), ())
    with pytest.raises(Refused, match="never_offered"):
        decline(referral, "H2", "busy", minutes(6))


def test_a_busy_officer_may_take_it_after_all_once_the_cool_off_has_passed() -> None:
    referral = decline(asked(), "H2", "busy", minutes(4)).referral
    assert refusal(referral, "H2", minutes(30)) == ("ruled_out", "declined")
    assert tapped(referral, "H2", minutes(64)).state == "accepted"


def test_the_holder_gives_it_back_and_somebody_else_is_asked_at_once() -> None:
    referral, events, _ = release(tapped(asked(), "H2", minutes(4)), "H2", "abstracted", minutes(5))
    assert story(events) == ["released"]
    assert (referral.state, referral.holder, referral.due) == ("waiting", None, minutes(5))
    assert story(passing(referral, minutes(5), *HOME).events) == ["offered H4"]


def test_only_the_holder_gives_it_back() -> None:
    with pytest.raises(Refused, match="not_yours"):
        release(asked(), "H2", "abstracted", minutes(5))


def test_a_risk_is_told_to_a_supervisor_the_moment_it_opens_and_stays_until_acknowledged() -> None:
    referral, events, _ = opened(risks=("child", "repeat"))
    assert story(events) == ["opened", "role_alerted fim:herts risk"]
    held = tapped(passing(referral, NOON, *HOME).referral, "H1", minutes(1))
    assert held.due == minutes(5)
    held, events, _ = passing(held, minutes(5), *HOME)
    assert story(events) == ["role_alerted fim:herts risk"]
    assert isinstance(events[0], ReferralRoleAlerted)
    assert events[0].times == 2
    held, events, _ = acknowledge(held, "fim:herts", "fim:herts", "supervisor_deployed", minutes(6))
    assert story(events) == ["risk_acknowledged"]
    assert held.due == minutes(60)


def test_acknowledging_twice_is_acknowledging_once_and_nobody_waits_for_a_stranger() -> None:
    referral = acknowledge(opened(risks=("weapon",)).referral, "fim:herts", "fim:herts", "seen", NOON).referral
    assert acknowledge(referral, "fim:herts", "fim:herts", "seen", minutes(1)).events == ()
    with pytest.raises(Refused, match="nothing_to_acknowledge"):
        acknowledge(referral, "sergeant:herts", "sergeant:herts", "seen", minutes(1))


def test_a_role_that_no_means_reaches_brings_in_operations_at_once() -> None:
    referral = passing(opened(risks=("weapon",)).referral, NOON, *HOME).referral
    referral = notice_failed(referral, "fim:herts", minutes(1)).referral
    assert story(passing(referral, minutes(1), *HOME).events) == [
        "role_alerted fim:herts risk",
        "role_alerted ops:herts unacknowledged",
    ]


def test_a_missed_first_contact_is_a_breach_and_stays_due_however_often_somebody_has_seen_it() -> None:
    referral, events, _ = passing(tapped(asked(), "H2", minutes(4)), minutes(60), *HOME)
    assert story(events) == ["breached", "role_alerted sergeant:herts first_contact_overdue"]
    assert referral.clocks.breached == ("first_contact",)
    referral = acknowledge(referral, "sergeant:herts", "sergeant:herts", "chasing", minutes(61)).referral
    assert referral.due == minutes(71)
    again = passing(referral, minutes(71), *HOME)
    assert story(again.events) == ["role_alerted sergeant:herts first_contact_overdue"]


def test_first_contact_waits_for_a_safe_window() -> None:
    evening = [{"days": ["mon"], "from": "18:30", "until": "20:00"}]
    assert tapped(asked(contact_windows=evening), "H2", minutes(4)).due == at(18.5)


def test_a_held_referral_without_a_first_contact_clock_still_has_something_due() -> None:
    event = opened(need="community_event", **{"class": "community_event"}).referral
    event = passing(event, NOON, officer("H1", duty=shift(0, 240))).referral
    held = tapped(event, "H1", minutes(4))
    assert held.due == minutes(4) + timedelta(days=5)


def test_nobody_can_accept_what_was_withdrawn() -> None:
    from services.routing.rules.referral.changes import withdraw

    assert refusal(withdraw(asked(), "no_longer_wanted", minutes(4)).referral, "H2", minutes(5)) == ("not_open", None)

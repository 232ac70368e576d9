"""Whom a referral asks, step by step, counted from opening."""

from datetime import datetime, timedelta

from services.routing.rules.matching.model import Officer
from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import Tap, accept, decline, notice_failed
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralEscalated, ReferralOffered
from tests.rules.routing.people import NOON, at, officer, shift
from tests.rules.routing.referrals import facts, opened, passing, story

HOME = [officer(f"H{number}") for number in range(1, 7)]
BEDS = [officer("B7", "beds"), officer("B8", "beds")]


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def lived(referral: Referral, until: datetime, *officers: Officer) -> tuple[Referral, list[tuple[float, str]]]:
    """Nobody answers until then: what is said, and at which minute."""
    told: list[tuple[float, str]] = []
    while referral.wakes_at is not None and referral.wakes_at <= until:
        now = max(referral.wakes_at, NOON)
        referral, events, _ = passing(referral, now, *officers)
        told += [((now - NOON).total_seconds() / 60, line) for line in story(events)]
    return referral, told


def test_the_first_offer_goes_to_one_officer_at_once() -> None:
    referral, events, decisions = passing(opened().referral, NOON, *HOME)
    assert story(events) == ["offered H1"]
    assert (referral.state, referral.due) == ("offered", minutes(15))
    offer = events[0]
    assert isinstance(offer, ReferralOffered)
    assert (offer.why, offer.step, offer.respond_by) == ("first", 0, minutes(15))
    assert decisions[0]["chosen"] == ["H1"]


def test_a_priority_referral_that_nobody_answers_climbs_to_the_inspector() -> None:
    _, told = lived(opened().referral, minutes(60), *HOME[:4], *BEDS)
    assert [line for line in told if "role_alerted" not in line[1] and line[1] != "breached"] == [
        (0, "offered H1"),
        (15, "escalated 1 H2"),
        (15, "offered H2"),
        (30, "escalated 3 sergeant:herts"),
        (30, "offered H3 H4"),
        (45, "escalated 4 B7 B8"),
        (45, "offered B7 B8"),
        (60, "escalated 5 inspector:herts"),
    ]


def test_an_immediate_referral_asks_more_officers_every_three_minutes() -> None:
    _, told = lived(opened(**{"class": "immediate"}).referral, minutes(15), *HOME, *BEDS)
    assert [line for line in told if "offered" in line[1]] == [
        (0, "offered H1"),
        (3, "offered H2 H3"),
        (6, "offered H4 H5 H6"),
        (15, "offered B7 B8"),
    ]
    assert (10, "escalated 3 fim:herts") in told


def test_advice_for_an_officer_goes_to_everybody_on_duty_in_the_pool_at_once() -> None:
    advice = opened(need="officer_advice", **{"class": "officer_advice"})
    referral, events, _ = passing(advice.referral, NOON, *HOME[:2], *BEDS, officer("C1", "cambs", duty=shift(13)))
    assert story(events) == ["offered B7 B8 H1 H2"]
    assert referral.due == minutes(10)


def test_a_step_that_finds_nobody_is_skipped_at_once() -> None:
    referral, events, _ = passing(opened().referral, NOON)
    assert story(events) == ["escalated 3 sergeant:herts"]
    assert isinstance(events[0], ReferralEscalated)
    assert events[0].why == "nobody_available"
    assert (referral.state, referral.due) == ("waiting", minutes(10))


def test_with_nobody_at_home_a_sister_force_is_asked_at_once_and_the_reason_is_kept() -> None:
    _, events, decisions = passing(opened().referral, NOON, *BEDS)
    assert story(events) == ["offered B7"]
    assert isinstance(events[0], ReferralOffered)
    assert events[0].why == "nobody_at_home"
    assert decisions[0]["why"] == "nobody_at_home"


def test_an_officer_is_asked_once_for_a_referral_however_long_it_takes() -> None:
    referral, told = lived(opened().referral, minutes(600), *HOME, *BEDS)
    asked = [offer.officer for offer in referral.offers]
    assert sorted(asked) == sorted(set(asked))
    assert sorted(asked) == ["B7", "B8", *(o.id for o in HOME)]
    assert sum("offered" in line for _, line in told) == 4


def test_a_decline_is_replaced_at_once_and_the_ladder_stays_where_it_is() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    referral, events, _ = decline(referral, "H1", "busy", minutes(2))
    assert story(events) == ["declined"]
    assert referral.due == minutes(2)
    referral, events, _ = passing(referral, minutes(2), *HOME)
    assert story(events) == ["offered H2"]
    assert (referral.due, referral.ladder.taken) == (minutes(15), 1)


def test_when_the_last_hope_declines_the_next_step_is_now() -> None:
    referral = passing(opened().referral, NOON, HOME[0]).referral
    referral = decline(referral, "H1", "busy", minutes(2)).referral
    referral, events, _ = passing(referral, minutes(2), HOME[0])
    assert story(events) == ["escalated 3 sergeant:herts"]
    assert referral.state == "waiting"


def test_an_officer_whom_no_means_reaches_makes_the_next_step_now() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    referral = notice_failed(referral, "H1", minutes(1)).referral
    referral, events, _ = passing(referral, minutes(1), *HOME)
    assert story(events) == ["escalated 1 H2", "offered H2"]
    assert isinstance(events[0], ReferralEscalated)
    assert events[0].why == "unreachable"
    assert accept(referral, Tap("H1", "herts"), facts(minutes(2), *HOME), minutes(2)).referral.holder is not None


def test_while_somebody_else_may_answer_only_the_unreachable_ones_place_is_filled() -> None:
    referral = passing(opened(**{"class": "immediate"}).referral, NOON, *HOME).referral
    referral = passing(referral, minutes(3), *HOME).referral
    referral = notice_failed(referral, "H2", minutes(4)).referral
    referral, events, _ = passing(referral, minutes(4), *HOME)
    assert story(events) == ["offered H4"]
    assert referral.due == minutes(6)


def test_a_notice_that_failed_for_somebody_never_asked_changes_nothing() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    assert notice_failed(referral, "X9", minutes(1)) == (referral, (), ())


def test_after_a_long_stop_the_steps_that_passed_are_one_transition() -> None:
    now = minutes(50)
    referral, events, _ = passing(opened().referral, now, *HOME[:3], *BEDS)
    assert story(events) == ["escalated 4 sergeant:herts", "offered H1 H2 H3 B7 B8"]
    assert all(offer.respond_by > now for offer in referral.offers)
    assert referral.due == now + timedelta(minutes=10)


def test_when_nobody_is_left_to_hope_for_it_looks_again_as_somebody_comes_on_duty() -> None:
    late = officer("H9", duty=shift(15, 23))
    referral = passing(opened().referral, NOON, late).referral
    assert referral.state == "waiting"
    assert referral.recheck_at == at(15)
    referral = referral.model_copy(update={"due": at(20)})
    found = passing(referral, at(15), late)
    assert "offered H9" in story(found.events)


def test_under_the_ladder_a_role_is_asked_again_and_again_and_operations_are_paged() -> None:
    advice = opened(need="officer_advice", **{"class": "officer_advice"}).referral
    _, told = lived(advice, minutes(35))
    assert [line for line in told if line[1] != "breached" and "first_contact" not in line[1]] == [
        (0, "escalated 1 coordinator:herts"),
        (10, "role_alerted coordinator:herts ladder"),
        (10, "role_alerted ops:herts unacknowledged"),
        (10, "waiting fim:herts ladder_ended"),
        (15, "role_alerted coordinator:herts ladder"),
        (15, "role_alerted ops:herts unacknowledged"),
        (20, "role_alerted coordinator:herts ladder"),
        (20, "role_alerted fim:herts ladder_ended"),
        (20, "role_alerted ops:herts unacknowledged"),
        *[
            (minute, f"role_alerted {line}")
            for minute in (25, 30, 35)
            for line in ("coordinator:herts ladder", "fim:herts ladder_ended", "ops:herts unacknowledged")
        ],
    ]


def test_five_working_days_pass_over_the_weekend_and_the_bank_holidays() -> None:
    christmas_eve = datetime.fromisoformat("2026-12-24T10:00:00+00:00")
    event = opened(christmas_eve, need="community_event", **{"class": "community_event"})
    referral = passing(event.referral, christmas_eve, officer("H1", duty=shift(0, 24 * 60))).referral
    assert referral.due == datetime.fromisoformat("2027-01-05T10:00:00+00:00")


def test_nothing_happens_before_its_time() -> None:
    referral = passing(opened().referral, NOON, *HOME).referral
    early = minutes(15) - timedelta(microseconds=1)
    assert advance(referral, facts(early, *HOME), early) == (referral, (), ())

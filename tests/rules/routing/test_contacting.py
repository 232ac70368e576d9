"""Reaching the person: agreed means, no message not allowed, three tries over five days, safeguarding first."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.rules.referral.answers import Refused, acknowledge
from services.routing.rules.referral.contacting import Tried, attempt
from services.routing.rules.referral.holding import Doer, Misgiven
from services.routing.rules.referral.promises import give_update
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralContactAttempted, ReferralContactMade, ReferralUnableToContact
from tests.rules.routing.held import HOLDER, SERGEANT, held, lived, minutes
from tests.rules.routing.people import NOON
from tests.rules.routing.referrals import opened, story


def tried(outcome: str = "no_answer", means: str = "call", at: float = 10, **more: Any) -> Tried:
    return Tried(means, minutes(at), outcome, **more)  # type: ignore[arg-type]


def refusal(referral: Referral, what: Tried) -> tuple[str, str] | str:
    try:
        attempt(referral, HOLDER, what, minutes(10))
    except Misgiven as wrong:
        return wrong.field, wrong.reason
    except Refused as refused:
        return refused.code
    return "taken in"


def after(referral: Referral, *attempts: Tried) -> Referral:
    for made in attempts:
        referral = attempt(referral, HOLDER, made, max(made.at, referral.changed_at)).referral
    return referral


def test_speaking_to_the_person_stops_first_contact_and_starts_the_next_promise() -> None:
    referral, events, _ = attempt(held(), HOLDER, tried("spoke", next_update_by=minutes(300)), minutes(11))
    assert story(events) == ["contact_attempted", "contact_made"]
    assert (referral.state, referral.clocks.first_contact_due) == ("contacted", None)
    assert referral.due == minutes(300)
    assert isinstance(events[1], ReferralContactMade)
    assert (events[1].officer, events[1].made_at, events[1].next_update_by) == ("H1", minutes(10), minutes(300))


def test_without_a_promise_of_the_officers_own_the_next_update_is_the_classs() -> None:
    assert after(held(), tried("spoke")).due == minutes(10) + timedelta(minutes=1440)


def test_an_attempt_says_what_comes_next_and_first_contact_stays_due() -> None:
    what = tried(next_step="try_again", next_at=minutes(40), next_update_by=minutes(90))
    referral, events, _ = attempt(held(), HOLDER, what, minutes(10))
    assert isinstance(events[0], ReferralContactAttempted)
    said = events[0]
    assert (said.attempt, said.next_step, said.next_at, said.next_update_by) == (
        1, "try_again", minutes(40), minutes(90),
    )  # fmt: skip
    assert (referral.state, referral.due) == ("accepted", minutes(60))
    assert referral.clocks.next_update_due == minutes(90)


def test_the_same_attempt_told_twice_is_one_attempt() -> None:
    referral = after(held(), tried())
    assert attempt(referral, HOLDER, tried(), minutes(30)) == (referral, (), ())


def test_an_attempt_told_hours_later_keeps_the_time_at_which_it_was_made() -> None:
    referral, events, _ = attempt(held(), HOLDER, tried("spoke", at=4), minutes(58))
    assert isinstance(events[0], ReferralContactAttempted)
    assert (events[0].attempted_at, referral.clocks.first_contact_due) == (minutes(4), None)


VOICEMAIL = {"contact_rules": {"means": ["call"], "voicemail_ok": True}}
IN_PERSON = {"how": "face_to_face"}
STRANGER = {"contact_route": "none", "contact_rules": {}}
REFERRER = {"contact_route": "referrer", "contact_rules": {"refused": True}}
ADVICE = {"need": "officer_advice", "contact_route": "none", "contact_rules": {}}
CHILD = {"under_18": True}


@pytest.mark.parametrize(
    ("picture", "means", "outcome", "answer"),
    [
        ({}, "call", "no_answer", "taken in"),
        ({}, "phone", "no_answer", "taken in"),
        ({}, "text", "message_left", "taken in"),
        ({}, "email", "spoke", ("means", "not_agreed")),
        ({}, "pigeon", "spoke", ("means", "unknown_code")),
        ({}, "face_to_face", "spoke", ("means", "not_agreed")),
        (IN_PERSON, "face_to_face", "spoke", "taken in"),
        ({"need": "attend_now"}, "face_to_face", "spoke", "taken in"),
        ({}, "call", "message_left", ("outcome", "voicemail_not_allowed")),
        (VOICEMAIL, "call", "message_left", "taken in"),
        (STRANGER, "call", "spoke", "taken in"),
        (STRANGER, "call", "message_left", ("outcome", "voicemail_not_allowed")),
        (REFERRER, "call", "spoke", ("means", "not_agreed")),
        (REFERRER, "text", "spoke", ("means", "not_agreed")),
        ({"contact_rules": {"refused": True}, "contact_route": "none"}, "call", "spoke", ("means", "not_agreed")),
        (ADVICE, "call", "spoke", "taken in"),
        (CHILD, "call", "no_answer", "safeguarding_first"),
        (CHILD | IN_PERSON, "face_to_face", "spoke", "taken in"),
        ({"risks": ("child",)}, "text", "no_answer", "safeguarding_first"),
        ({"risks": ("weapon",)}, "call", "no_answer", "taken in"),
    ],
)
def test_only_what_the_person_agreed_to(
    picture: dict[str, Any], means: str, outcome: str, answer: tuple[str, str] | str
) -> None:
    assert refusal(held(**picture), tried(outcome, means)) == answer


@pytest.mark.parametrize("when", ["next_at", "next_update_by"])
def test_nothing_is_promised_for_a_time_that_has_passed(when: str) -> None:
    assert refusal(held(), tried(**{when: minutes(9)})) == (when, "in_the_past")


@pytest.mark.parametrize("when", ["next_at", "next_update_by"])
def test_nothing_is_promised_so_far_ahead_that_nobody_would_look_before(when: str) -> None:
    assert refusal(held(), tried(**{when: minutes(40 * 24 * 60)})) == (when, "too_far_ahead")


def test_nobody_tells_of_an_attempt_that_is_still_to_come() -> None:
    assert refusal(held(), replace(tried(), at=minutes(60))) == ("at", "in_the_future")


def test_once_a_supervisor_has_taken_on_the_child_the_home_may_be_rung() -> None:
    referral = held(**CHILD)
    seen = acknowledge(referral, "fim:herts", "fim:herts", "referred_to_safeguarding", minutes(5)).referral
    assert refusal(seen, tried()) == "taken in"


def test_an_officer_acts_on_their_own_and_a_supervisor_in_their_place() -> None:
    with pytest.raises(Refused, match="not_yours"):
        attempt(held(), Doer("officer:H2", "H2"), tried(), minutes(10))
    _, events, _ = attempt(held(), SERGEANT, tried(), minutes(10))
    assert isinstance(events[0], ReferralContactAttempted)
    assert events[0].officer == "sergeant:herts"


def test_the_third_failed_attempt_goes_to_the_sergeant_and_nothing_closes() -> None:
    referral = after(held(), tried(at=10), tried("wrong_person", at=20))
    referral, events, _ = attempt(referral, HOLDER, tried("unsafe", "text", at=30), minutes(30))
    assert story(events) == ["contact_attempted", "unable_to_contact"]
    assert isinstance(events[1], ReferralUnableToContact)
    assert (events[1].attempts, events[1].role) == (3, "sergeant:herts")
    assert referral.state == "accepted"
    again = after(referral, tried(at=31), tried(at=32))
    assert again.failed_attempts == 2, "they count anew from there"


def test_two_failed_attempts_go_to_the_sergeant_after_five_days() -> None:
    referral = after(held(**{"class": "scheduled"}), tried(at=10), tried(at=600))
    referral, said = lived(referral, NOON + timedelta(days=5, minutes=9))
    assert "unable_to_contact" not in story(said)
    _, said = lived(referral, NOON + timedelta(days=5, minutes=10))
    assert "unable_to_contact" in story(said)


def test_speaking_to_the_person_ends_the_count() -> None:
    referral = after(held(), tried(at=10), tried(at=20), tried("spoke", at=30), tried(at=40))
    assert referral.failed_attempts == 1


def test_where_the_person_must_not_be_contacted_an_update_to_whoever_asked_is_first_contact() -> None:
    referral, events, _ = give_update(held(**REFERRER), HOLDER, None, minutes(20))
    assert story(events) == ["update_given"]
    assert (referral.state, referral.clocks.first_contact_due) == ("contacted", None)


def test_first_contact_counts_to_the_next_safe_window() -> None:
    evenings = [{"from": "18:00", "until": "20:00"}]
    assert held(contact_windows=evenings).due == minutes(360)


@pytest.mark.parametrize(
    ("opened_at", "window", "due"),
    [
        # The clocks go back at 02:00 on 25 October: 01:30 comes twice, and the first is meant.
        ("2026-10-25T00:00:00+01:00", "01:30-01:45", "2026-10-25T01:30:00+01:00"),
        ("2026-10-25T01:10:00+00:00", "18:00-20:00", "2026-10-25T18:00:00+00:00"),
        # They go forward at 01:00 on 29 March: 01:30 is not there, and comes an hour on.
        ("2026-03-29T00:00:00+00:00", "01:30-01:45", "2026-03-29T01:30:00+00:00"),
        ("2026-03-28T18:00:00+00:00", "18:30-20:00", "2026-03-28T19:00:00+00:00"),
        ("2026-03-28T20:00:00+00:00", "18:30-20:00", "2026-03-29T18:30:00+01:00"),
    ],
)
def test_safe_windows_are_on_the_clock_on_the_persons_wall(opened_at: str, window: str, due: str) -> None:
    now = datetime.fromisoformat(opened_at)
    starts, _, ends = window.partition("-")
    referral = opened(now, contact_windows=[{"from": starts, "until": ends}]).referral
    assert referral.clocks.first_contact_due == datetime.fromisoformat(due)

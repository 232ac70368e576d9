"""Promised updates, breaches and the plan without which none is cleared, pauses that shift what was promised."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import Refused, Tap, accept, acknowledge, release
from services.routing.rules.referral.changes import amend
from services.routing.rules.referral.closing import close
from services.routing.rules.referral.contacting import Tried, attempt
from services.routing.rules.referral.holding import Misgiven
from services.routing.rules.referral.pauses import pause, resume
from services.routing.rules.referral.promises import give_update, record_plan
from services.routing.rules.referral.records import Pause, Plan
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralBreached, ReferralPaused, ReferralResumed
from tests.rules.routing.held import HOLDER, SERGEANT, TEAM, held, lived, minutes
from tests.rules.routing.people import NOON
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened, passing, story

BY = "inspector:herts"


def planned(told: str = "person", by: float = 180, **more: Any) -> Plan:
    words = {"told_at": minutes(70), "told_by": "H1"} if told != "not_safe_until" else {}
    return Plan.model_validate({"by": BY, "next_contact_by": minutes(by), "told": told} | words | more)


def breached(**changes: Any) -> Referral:
    referral, said = lived(held(**changes), minutes(60))
    assert "breached" in story(said)
    return referral


def contacted(**changes: Any) -> Referral:
    return attempt(held(**changes), HOLDER, Tried("call", minutes(5), "spoke"), minutes(5)).referral


def test_a_breach_stays_whatever_else_happens_until_there_is_a_plan() -> None:
    referral = breached()
    referral = acknowledge(referral, "sergeant:herts", "sergeant:herts", "chasing", minutes(61)).referral
    referral = attempt(referral, HOLDER, Tried("call", minutes(65), "spoke"), minutes(65)).referral
    referral = give_update(referral, HOLDER, minutes(400), minutes(66)).referral
    assert referral.clocks.breached == ("first_contact",)
    referral, events, _ = record_plan(referral, planned(), minutes(75))
    assert story(events) == ["plan_recorded"]
    assert (referral.clocks.breached, referral.alerts) == ((), ())
    assert referral.due == minutes(180)


def test_a_plan_sets_when_first_contact_is_due_and_missing_that_is_a_breach_again() -> None:
    referral = record_plan(breached(), planned(), minutes(75)).referral
    assert (referral.state, referral.clocks.first_contact_due) == ("accepted", minutes(180))
    _, said = lived(referral, minutes(180))
    assert [event.was_due for event in said if isinstance(event, ReferralBreached)] == [minutes(180)]


def test_the_same_plan_twice_is_one_plan() -> None:
    referral = record_plan(breached(), planned(), minutes(75)).referral
    assert record_plan(referral, planned(), minutes(76)) == (referral, (), ())


REFUSED = {"contact_route": "referrer", "contact_rules": {"refused": True}}


@pytest.mark.parametrize(
    ("picture", "plan", "wrong"),
    [
        ({}, {"told_at": None}, ("told_at", "required")),
        ({}, {"told_by": None}, ("told_by", "required")),
        ({}, {"by": 70}, ("next_contact_by", "in_the_past")),
        (REFUSED, {"told": "person"}, ("told", "not_allowed_value")),
        (REFUSED, {"told": "referrer"}, None),
        ({}, {"told": "not_safe_until"}, None),
    ],
)
def test_a_plan_says_what_the_person_was_told_or_that_it_is_not_safe_to(
    picture: dict[str, Any], plan: dict[str, Any], wrong: tuple[str, str] | None
) -> None:
    words = {key: value for key, value in plan.items() if key not in ("told", "by")}
    given = planned(plan.get("told", "person"), plan.get("by", 180), **words)
    if wrong is None:
        assert record_plan(breached(**picture), given, minutes(75)).referral.clocks.breached == ()
        return
    with pytest.raises(Misgiven) as caught:
        record_plan(breached(**picture), given, minutes(75))
    assert (caught.value.field, caught.value.reason) == wrong


def test_nothing_is_closed_over_a_breach_without_a_plan() -> None:
    with pytest.raises(Refused, match="breach_without_plan"):
        close(breached(), SERGEANT, "supported", default(), minutes(75))
    planned_for = record_plan(breached(), planned(), minutes(75)).referral
    assert close(planned_for, SERGEANT, "supported", default(), minutes(76)).referral.state == "closed"


def test_the_ladders_plan_is_asked_for_until_there_is_one() -> None:
    referral, _ = lived(opened(**{"class": "priority"}).referral, minutes(61), TEAM[0])
    assert any(alert.why == "plan" and alert.kind == "step" for alert in referral.alerts)
    seen = acknowledge(referral, "inspector:herts", BY, "on_it", minutes(62)).referral
    assert any(alert.why == "plan" and alert.due is not None for alert in seen.alerts), "seeing it is no plan"
    done = record_plan(seen, planned("not_safe_until"), minutes(63)).referral
    assert not any(alert.why == "plan" and alert.kind == "step" for alert in done.alerts)


def test_a_promised_update_that_is_missed_is_a_breach() -> None:
    referral = give_update(contacted(), HOLDER, minutes(90), minutes(30)).referral
    referral, said = lived(referral, minutes(90))
    assert [event.clock for event in said if isinstance(event, ReferralBreached)] == ["next_update"]
    assert record_plan(referral, planned(), minutes(95)).referral.due == minutes(180)


def test_an_update_kept_promises_the_next_and_said_twice_it_is_one() -> None:
    referral, events, _ = give_update(contacted(), HOLDER, minutes(90), minutes(30))
    assert (story(events), referral.due) == (["update_given"], minutes(90))
    assert give_update(referral, HOLDER, minutes(90), minutes(31)) == (referral, (), ())


def test_a_regrade_after_contact_does_not_ask_for_first_contact_again() -> None:
    referral = amend(contacted(), amended(["grade"], **{"class": "immediate"}), default(), minutes(30)).referral
    assert (referral.state, referral.clocks.first_contact_due) == ("contacted", None)


def test_a_regrade_after_a_plan_leaves_what_the_person_was_told() -> None:
    referral = record_plan(breached(), planned(), minutes(75)).referral
    referral = amend(referral, amended(["grade"], **{"class": "immediate"}), default(), minutes(80)).referral
    assert referral.clocks.first_contact_due == minutes(180)


def test_the_clocks_of_a_scheduled_referral_that_becomes_priority_count_from_opening_still() -> None:
    referral = amend(held(**{"class": "scheduled"}), amended(["grade"]), default(), minutes(50)).referral
    assert referral.clocks.first_contact_due == minutes(60)


# ---- pauses ----


def paused(referral: Referral, until: float = 120, now: float = 20, reason: str = "person_asked") -> Referral:
    asked = Pause(since=NOON, until=minutes(until), reason=reason, by="sergeant:herts")
    return pause(referral, asked, default(), minutes(now)).referral


def test_while_it_is_paused_no_clock_runs_out_and_afterwards_each_is_later_by_the_pause() -> None:
    referral, said = lived(paused(held()), minutes(159))
    assert story(said) == ["resumed"]
    assert isinstance(said[0], ReferralResumed)
    assert (said[0].at, said[0].by) == (minutes(120), None)
    assert referral.clocks.first_contact_due == minutes(160)
    assert story(lived(referral, minutes(160))[1])[0] == "breached"


def test_the_ladder_stands_still_too_and_declines_are_made_good_all_the_same() -> None:
    referral = paused(passing(opened().referral, NOON, *TEAM).referral, until=75, now=10)
    assert (referral.state, referral.due) == ("offered", minutes(75))
    referral, said = lived(referral, minutes(79))
    assert story(said) == ["resumed"]
    assert story(lived(referral, minutes(80))[1]) == ["escalated 1 H2", "offered H2"]
    given_back = release(paused(held()), "H1", "abstracted", minutes(30)).referral
    assert story(passing(given_back, minutes(30), *TEAM).events) == ["offered H2"]


def test_a_pause_that_ran_out_during_a_stop_ends_when_it_said() -> None:
    referral, events, _ = advance(paused(held()), facts(minutes(155), *TEAM), minutes(155))
    assert (story(events), referral.due) == (["resumed"], minutes(160))


def test_a_supervisor_ends_it_early_and_the_clocks_shift_by_what_it_was() -> None:
    referral, events, _ = resume(paused(held()), "sergeant:herts", default(), minutes(50))
    assert (story(events), referral.due) == (["resumed"], minutes(90))
    assert resume(referral, "sergeant:herts", default(), minutes(51)) == (referral, (), ())


def test_a_pause_said_twice_is_one_and_a_longer_one_goes_on_from_the_first() -> None:
    referral = paused(held())
    again = Pause(since=NOON, until=minutes(120), reason="person_asked", by="fim:herts")
    assert pause(referral, again, default(), minutes(30)) == (referral, (), ())
    longer = pause(referral, again.model_copy(update={"until": minutes(200)}), default(), minutes(30))
    assert isinstance(longer.events[0], ReferralPaused)
    assert longer.referral.pause is not None
    assert longer.referral.pause.since == minutes(20)


@pytest.mark.parametrize(
    ("until", "reason", "wrong"),
    [
        (19, "person_asked", ("until", "in_the_past")),
        (20 + 14 * 1440 + 1, "person_asked", ("until", "too_far_ahead")),
        (120, "tea_break", ("reason", "unknown_code")),
    ],
)
def test_a_pause_has_a_reason_of_the_policys_and_an_end(until: float, reason: str, wrong: tuple[str, str]) -> None:
    with pytest.raises(Misgiven) as caught:
        paused(held(), until=until, reason=reason)
    assert (caught.value.field, caught.value.reason) == wrong


def test_what_was_breached_before_a_pause_stays_breached_and_when_it_was_due() -> None:
    referral = paused(breached(), until=300, now=90)
    referral, _ = lived(referral, minutes(310))
    assert (referral.clocks.breached, referral.clocks.first_contact_due) == (("first_contact",), minutes(60))


def test_after_a_pause_first_contact_waits_for_a_safe_window_again() -> None:
    window = [{"from": "12:00", "until": "14:00"}]
    referral, _ = lived(paused(held(contact_windows=window), until=200), minutes(200))
    assert referral.clocks.first_contact_due == NOON + timedelta(days=1)


def test_a_role_that_has_to_answer_is_asked_during_a_pause_too() -> None:
    referral = paused(held(risks=("weapon",)), until=60, now=1)
    assert story(lived(referral, minutes(5))[1]) == ["role_alerted fim:herts risk"]


def test_a_regrade_during_a_pause_counts_from_opening_with_the_pause_left_out() -> None:
    referral = paused(held(**{"class": "scheduled"}), until=80, now=20)
    referral = amend(referral, amended(["grade"]), default(), minutes(30)).referral
    referral, _ = lived(referral, minutes(80))
    assert referral.clocks.first_contact_due == minutes(120)
    referral = amend(referral, amended(["grade"], **{"class": "immediate"}), default(), minutes(90)).referral
    assert referral.clocks.first_contact_due == minutes(120)


def test_working_minutes_stand_still_over_night_the_weekend_and_the_bank_holidays() -> None:
    """Five working days from Thursday before Easter 2026, over Good Friday, the weekend and Easter Monday."""
    thursday = datetime.fromisoformat("2026-04-02T15:00:00+01:00")
    event = opened(thursday, need="community_event", **{"class": "community_event"}).referral
    assert event.clocks.ack_due == datetime.fromisoformat("2026-04-13T15:00:00+01:00")


def test_a_repeat_of_an_accept_after_a_pause_is_still_the_same() -> None:
    referral = paused(held())
    assert accept(referral, Tap("H1", "herts"), facts(minutes(30), *TEAM), minutes(30)).events == ()

"""A supervisor chooses: one officer is asked alone, a human accepts, and what comes back comes back to who chose."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.rules.matching.decision import holds
from services.routing.rules.matching.model import Load, Officer
from services.routing.rules.referral.answers import Refused, Tap, accept, decline, notice_failed
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.overriding import Order, choices, override
from services.routing.rules.referral.placing import hand_off
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from shared.contracts.referrals import ReferralAssignedByOverride, ReferralOffered
from tests.rules.routing.people import NOON, mustered, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import facts, opened, passing, story

HOME = [officer(f"H{number}") for number in range(1, 7)]
NEXT_DOOR = officer("B7", "beds")
TEAM = [*HOME, NEXT_DOOR]


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def asked(*team: Officer, **changes: Any) -> Referral:
    return passing(opened(**changes).referral, NOON, *(team or TEAM)).referral


def chosen(
    referral: Referral, who: str, *team: Officer, at: float = 5, reason: str = "local_knowledge", **more: Any
) -> Transition:
    order = Order(who, "sergeant:herts", reason)
    return override(referral, order, facts(minutes(at), *(team or TEAM), **more), minutes(at))


def refusal(referral: Referral, who: str, *team: Officer, **words: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        chosen(referral, who, *team, **words)
    return refused.value.code, refused.value.reason


def test_the_officer_chosen_is_asked_alone_and_the_reason_is_kept() -> None:
    referral, events, _ = chosen(asked(), "H4")
    assert story(events) == ["assigned_by_override", "offered H4"]
    told, offered = events
    assert isinstance(told, ReferralAssignedByOverride)
    assert isinstance(offered, ReferralOffered)
    assert (told.officer, told.by, told.reason) == ("H4", "sergeant:herts", "local_knowledge")
    assert (offered.why, offered.respond_by) == ("override", minutes(15))
    assert (referral.state, referral.holder, referral.due) == ("offered", None, minutes(15))
    assert [(offer.officer, offer.answer) for offer in referral.offers] == [("H1", "retracted"), ("H4", "open")]


@pytest.mark.parametrize("at", [0.0, 5.0, 13.0, 14.5, 20.0, 29.9])
def test_a_choice_never_puts_off_what_was_due_while_nobody_holds_it(at: float) -> None:
    before = passing(asked(), minutes(at), *TEAM).referral
    after = chosen(before, "H4", at=at).referral
    assert before.due is not None
    assert after.due is not None
    assert after.due <= max(before.due, minutes(at + 1))


def test_from_a_holder_it_goes_on_with_the_whole_time_to_answer() -> None:
    held = accept(asked(), Tap("H1", "herts"), facts(minutes(1), *TEAM), minutes(1)).referral
    choice = chosen(held, "H4").referral.choice
    assert choice is not None
    assert choice.respond_by == minutes(20)


def test_a_human_accepts_before_anybody_holds_it() -> None:
    referral = chosen(asked(), "H4").referral
    referral = accept(referral, Tap("H4", "herts"), facts(minutes(6), *TEAM), minutes(6)).referral
    assert referral.holder is not None
    assert (referral.holder.id, referral.choice) == ("H4", None)


def test_while_one_is_asked_alone_nobody_asked_before_can_take_it() -> None:
    referral = chosen(asked(), "H4").referral
    with pytest.raises(Refused, match="not_open"):
        accept(referral, Tap("H1", "herts"), facts(minutes(6), *TEAM), minutes(6))


def test_the_ladder_stands_still_while_one_is_asked_alone_and_goes_on_when_the_time_is_up() -> None:
    referral = chosen(asked(), "H4").referral
    assert passing(referral, minutes(14), *TEAM).events == ()
    referral, events, _ = passing(referral, minutes(20), *TEAM)
    assert story(events) == ["role_alerted sergeant:herts choice_unanswered", "escalated 1 H2", "offered H2"]
    late = accept(referral, Tap("H4", "herts"), facts(minutes(21), *TEAM), minutes(21)).referral
    assert late.held, "a late accept counts while nobody holds it"


@pytest.mark.parametrize("code", ["busy", "conflict"])
def test_a_choice_that_is_declined_tells_the_sergeant_without_a_why_and_the_next_is_asked_at_once(code: str) -> None:
    referral = decline(chosen(asked(), "H4").referral, "H4", code, minutes(7)).referral
    assert referral.due == minutes(7)
    referral, events, _ = passing(referral, minutes(7), *TEAM)
    assert story(events) == ["role_alerted sergeant:herts choice_declined", "offered H2"]


def test_a_choice_that_no_means_reaches_comes_back_at_once() -> None:
    referral = notice_failed(chosen(asked(), "H4").referral, "H4", minutes(6)).referral
    events = passing(referral, minutes(6), *TEAM).events
    assert story(events) == ["role_alerted sergeant:herts choice_unreachable", "escalated 1 H2", "offered H2"]


def test_what_somebody_holds_is_taken_from_them_and_bars_them_from_nothing() -> None:
    referral = accept(asked(), Tap("H1", "herts"), facts(minutes(1), *TEAM), minutes(1)).referral
    referral, events, _ = chosen(referral, "H4")
    assert story(events) == ["assigned_by_override", "offered H4"]
    assert (referral.state, referral.holder) == ("offered", None)
    back = chosen(referral, "H1", at=6).referral
    assert back.choice is not None
    assert accept(back, Tap("H1", "herts"), facts(minutes(7), *TEAM), minutes(7)).referral.held


def test_the_same_choice_again_changes_nothing_and_so_does_choosing_the_holder() -> None:
    referral = chosen(asked(), "H4").referral
    assert chosen(referral, "H4", at=6, reason="risk") == (referral, (), ())
    held = accept(referral, Tap("H4", "herts"), facts(minutes(7), *TEAM), minutes(7)).referral
    assert chosen(held, "H4", at=8) == (held, (), ())


def test_a_choice_that_was_declined_a_moment_ago_cannot_be_made_again() -> None:
    referral = decline(chosen(asked(), "H4").referral, "H4", "conflict", minutes(6)).referral
    assert refusal(referral, "H4", at=6) == ("cannot_be_chosen", None)


def test_another_choice_replaces_the_first() -> None:
    referral = chosen(chosen(asked(), "H4").referral, "H5", at=6).referral
    assert {offer.officer: offer.answer for offer in referral.offers if offer.answer == "open"} == {"H5": "open"}


CANNOT: dict[str, tuple[Officer, dict[str, Any], str | None]] = {
    "an officer of nobody's roster": (officer("X1"), {}, "off_roster"),
    "an officer off duty": (officer("H9", duty=shift(20, 23)), {}, "off_duty"),
    "an officer on leave": (officer("H9", duty=shift(0, 24, "leave")), {}, "leave"),
    "an officer whose training has lapsed": (officer("H9", trained=()), {}, "training_lapsed"),
    "an officer connected with it": (officer("H9"), {"connected_officers": ("H9",)}, None),
    "an officer the person will not have": (officer("H9"), {"excluded_officers": ("H9",)}, None),
    "an officer who avoids the area": (
        officer("H9", avoid=frozenset({"SG4 0"})),
        {"area": {"sector": "SG4 0"}},
        None,
    ),
    "a man where a woman is required": (
        officer("H9", gender="man"),
        {"officer_gender": {"value": "woman", "required": True}},
        "ask_person",
    ),
    "a neighbour where other forces are refused": (officer("B9", "beds"), {"cross_force": False}, "ask_person"),
}


@pytest.mark.parametrize("case", CANNOT, ids=lambda case: case)
def test_nobody_can_choose(case: str) -> None:
    who, picture, reason = CANNOT[case]
    team = HOME if reason == "off_roster" else [*HOME, who]
    referral = asked(*team, **picture)
    assert refusal(referral, who.id, *team) == ("cannot_be_chosen", reason)
    assert who.id not in choices(referral, facts(minutes(5), *team)) or reason == "ask_person"


@pytest.mark.parametrize("code", ["conflict", "busy", "too_far", "unfit"])
def test_whoever_declined_cannot_be_chosen_so_that_a_conflict_looks_like_any_decline(code: str) -> None:
    referral = decline(asked(), "H1", code, minutes(1)).referral
    assert refusal(referral, "H1") == ("cannot_be_chosen", None)
    assert refusal(referral, "H1", at=24 * 60 * 0.2) == ("cannot_be_chosen", None)
    assert "H1" not in choices(referral, facts(minutes(5), *TEAM))


def test_a_conflict_from_another_referral_of_the_same_person_bars_without_a_word() -> None:
    referral = asked(person="p-heron")
    barred = {"p-heron": frozenset({"H4"})}
    assert refusal(referral, "H4", barred=barred) == ("cannot_be_chosen", None)


def test_a_person_who_has_agreed_may_be_given_somebody_else_than_they_wished() -> None:
    wished = {"officer_gender": {"value": "woman", "required": True}, "cross_force": False}
    referral = asked(**wished)
    assert referral.offers == ()
    referral = chosen(referral, "B7", reason="person_agreed").referral
    assert (referral.state, referral.alerts) == ("offered", ())


def test_an_officer_on_call_may_be_chosen() -> None:
    on_call = officer("H9", duty=shift(7, 23, "on_call"))
    assert chosen(asked(*HOME, on_call), "H9", *HOME, on_call).referral.choice is not None


def test_an_officer_at_their_cap_may_be_chosen_with_the_reason_kept() -> None:
    loads = {"H4": Load(3)}
    world = Facts(mustered(*TEAM, now=minutes(5), loads=loads), default())
    referral, _, decisions = override(asked(), Order("H4", "fim:herts", "nobody_else"), world, minutes(5))
    assert referral.choice is not None
    assert (decisions[0]["why"], decisions[0]["chosen"], decisions[0]["out"]["cap"]) == ("override", ["H4"], ["H4"])


def test_what_the_ranking_would_have_said_is_kept_and_ranks_again_the_same() -> None:
    (kept,) = chosen(asked(), "H4").decisions
    decision = json.loads(json.dumps(kept))
    assert holds(decision, mustered(*TEAM, now=minutes(5)).standing)
    assert "H1" in [row[0] for row in decision["ranked"]], "also of those asked before"


def test_choosing_an_officer_says_that_it_is_ours() -> None:
    referral = opened(location_confidence="low", district=None).referral
    referral = chosen(referral, "H4").referral
    assert (referral.unplaced, referral.alerts, referral.state) == (False, (), "offered")


def test_what_was_sent_to_a_desk_is_taken_back_first() -> None:
    referral = hand_off(asked(), "essex", "coordinator:herts", minutes(2)).referral
    assert refusal(referral, "H4") == ("sent_to_desk", None)


def test_a_supervisor_is_shown_who_may_be_chosen_best_first() -> None:
    assert choices(asked(), facts(minutes(5), *TEAM))[:2] == ("H1", "H2")
    assert set(choices(asked(), facts(minutes(5), *TEAM))) == {one.id for one in TEAM}

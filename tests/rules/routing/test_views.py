"""What the pages say of a referral: who has it, what is due, and nothing that hints why."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from services.routing import views
from services.routing.rules.referral.answers import Tap, accept, decline
from services.routing.rules.referral.changes import withdraw
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.transfers import transfer
from tests.rules.routing.people import NOON, officer
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import facts, opened, passing

HOME = [officer(f"H{number}") for number in range(1, 7)]
NAMES = views.places(default())
ADVICE: dict[str, Any] = {"class": "officer_advice", "need": "officer_advice"}


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def asked(**changes: Any) -> Referral:
    return passing(opened(**changes).referral, NOON, *HOME).referral


def owned(by: str, referral: Referral) -> Referral:
    return accept(referral, Tap(by, "herts"), facts(minutes(1), *HOME), minutes(1)).referral


def test_an_offer_says_whom_was_asked_and_when_an_answer_is_due() -> None:
    row = views.row(asked(), "unowned")

    assert (row.owner, row.state) == ("Nobody yet", "On offer to H1")
    assert row.due == views.Due("Answer", minutes(15))


def test_many_officers_asked_are_counted_and_not_listed() -> None:
    assert views.row(asked(**ADVICE), "unowned").state == "On offer to 6 officers"


def test_with_nobody_to_ask_the_role_that_was_told_is_the_owner() -> None:
    referral = passing(opened().referral, NOON).referral

    row = views.row(referral, "unowned")

    assert (row.owner, row.state) == ("The sergeant", "Told, no answer yet")
    assert row.due is not None
    assert row.due.what.endswith("to answer")


def test_an_owner_sees_when_first_contact_is_due() -> None:
    task = views.owned(owned("H1", asked()), minutes(2), NAMES)

    assert task.due == views.Due("First contact", minutes(60))
    assert task.about == "Support for a person. North Hertfordshire."


def test_a_missed_clock_stays_in_sight_beside_the_next_one() -> None:
    referral = passing(owned("H1", asked()), minutes(61), *HOME).referral

    row = views.row(referral, "breached")

    assert row.missed == views.Due("First contact", minutes(60))
    assert row.due is not None
    assert row.due.at > minutes(61)


def test_the_one_who_was_first_is_told_so_and_the_other_kindly() -> None:
    referral = owned("H2", asked(**ADVICE))

    first = views.answered(referral, "H2", False, minutes(2))
    second = views.answered(referral, "H3", True, minutes(2))

    assert first == views.Said("You have K7QM-4T9P.", "First contact by 12:10.", "done")
    assert second is not None
    assert second.headline == "A colleague already has K7QM-4T9P."
    assert "Nothing more is needed from you" in second.more


def test_a_decline_is_thanked_for_in_the_same_words_whatever_its_code() -> None:
    said = {
        code: views.answered(decline(asked(), "H1", code, minutes(1)).referral, "H1", False, minutes(1))
        for code in ("conflict", "busy", "too_far", "unfit")
    }
    assert len(set(said.values())) == 1


def test_whoever_was_never_asked_is_told_nothing() -> None:
    assert views.answered(asked(), "H6", True, minutes(1)) is None


def test_an_answer_that_comes_after_the_end_is_told_of_the_end() -> None:
    said = views.answered(withdraw(asked(), "duplicate", minutes(1)).referral, "H1", True, minutes(2))
    assert said is not None
    assert said.headline == "K7QM-4T9P is closed."


def test_no_view_holds_what_hints_why() -> None:
    told = {
        "risks": ("suicide_or_self_harm",),
        "needs": ("trans",),
        "languages": ("polish",),
        "requester_role": "victim",
    }
    referral = owned("H1", asked(**told))
    shown = str(
        [
            asdict(views.row(referral, "owned")),
            asdict(views.owned(referral, minutes(2), NAMES)),
            views.facts(referral, NAMES, {}),
            views.deadlines(referral),
        ]
    ).lower()
    assert not [word for word in ("suicide", "trans", "polish", "victim", "harm") if word in shown]


def test_a_referral_given_to_another_force_is_still_where_it_was() -> None:
    moved = transfer(asked(), "beds", "coordinator:herts", default(), minutes(3)).referral
    places = dict(views.facts(moved, views.places(default()), views.forces_of(default())))
    assert (moved.force, places["Place"]) == ("beds", "North Hertfordshire, Herts")

"""Handing over and the end of a duty: there is no moment without an owner, and nobody holds it unnoticed."""

from datetime import datetime
from typing import Any

import pytest

from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.answers import Refused, Tap, accept, decline, notice_failed, release
from services.routing.rules.referral.changes import amend
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.handing_over import hand_over, keep
from services.routing.rules.referral.holding import Doer, Misgiven
from services.routing.rules.referral.state import Referral
from services.routing.rules.roster.duty import Duty, Entry, fold
from shared.contracts.referrals import ReferralDutyEnding, ReferralHandedOver, ReferralRoleAlerted
from tests.rules.routing.held import HOLDER, SERGEANT, TEAM, held, lived, minutes
from tests.rules.routing.people import NOON, at, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import amended, facts, opened, passing, story

SCHEDULED = {"class": "scheduled"}


FIVE_PAST = minutes(5)


def handed(referral: Referral, to: str, now: datetime = FIVE_PAST, doer: Doer = HOLDER) -> Transition:
    return hand_over(referral, doer, to, facts(now, *TEAM), now)


def taken(referral: Referral, who: str, now: datetime, force: str = "herts") -> Transition:
    return accept(referral, Tap(who, force), facts(now, *TEAM), now)


def test_until_the_receiver_accepts_the_giver_holds_it() -> None:
    referral, events, _ = handed(held(**SCHEDULED), "H2")
    assert story(events) == ["handed_over"]
    assert isinstance(events[0], ReferralHandedOver)
    assert (events[0].giver, events[0].receiver, events[0].accepted) == ("H1", "H2", False)
    assert (referral.holder.id if referral.holder else None, referral.due) == ("H1", minutes(35))
    referral, events, _ = taken(referral, "H2", minutes(9))
    assert isinstance(events[0], ReferralHandedOver)
    assert (events[0].accepted, story(events)) == (True, ["handed_over"])
    assert (referral.holder.id if referral.holder else None, referral.handover) == ("H2", None)


def test_what_was_promised_stays_promised() -> None:
    before = held()
    referral = taken(handed(before, "B7").referral, "B7", minutes(9), "beds").referral
    assert (referral.state, referral.clocks) == (before.state, before.clocks)
    assert referral.holder is not None
    assert referral.holder.force == "beds"


def test_asked_twice_is_asked_once_and_taken_twice_is_taken_once() -> None:
    referral = handed(held(), "H2").referral
    assert handed(referral, "H2", minutes(7)) == (referral, (), ())
    referral = taken(referral, "H2", minutes(8)).referral
    assert taken(referral, "H2", minutes(9)) == (referral, (), ())


def test_another_receiver_is_asked_instead_of_the_first() -> None:
    referral = handed(handed(held(), "H2").referral, "H3", minutes(6)).referral
    with pytest.raises(Refused, match="already_held"):
        taken(referral, "H2", minutes(7))
    assert taken(referral, "H3", minutes(7)).referral.holder is not None


@pytest.mark.parametrize(
    ("receiver", "changes", "told"),
    [
        ("H9", {}, "off_roster"),
        ("H2", {"excluded_officers": ("H2",)}, None),
        ("H2", {"connected_officers": ("H2",)}, None),
        ("H2", {"officer_gender": {"value": "nobody", "required": True}, "known_officers": ("H1",)}, None),
        ("B7", {"cross_force": False}, None),
    ],
)
def test_why_nobody_may_take_over_is_told_to_no_colleague_and_to_a_supervisor_as_the_roster_says(
    receiver: str, changes: dict[str, Any], told: str | None
) -> None:
    referral = held().model_copy(update={"picture": opened(**changes).referral.picture})
    for doer, reason in ((HOLDER, None), (SERGEANT, told)):
        with pytest.raises(Refused) as caught:
            handed(referral, receiver, doer=doer)
        assert (caught.value.code, caught.value.reason) == ("cannot_receive", reason)


def test_nobody_in_conflict_is_asked_to_take_over() -> None:
    referral = passing(opened(**{"class": "immediate"}).referral, NOON, *TEAM).referral
    referral = passing(referral, minutes(3), *TEAM).referral
    referral = decline(referral, "H2", "conflict", minutes(4)).referral
    referral = taken(referral, "H1", minutes(5)).referral
    with pytest.raises(Refused) as caught:
        handed(referral, "H2", minutes(6), doer=SERGEANT)
    assert (caught.value.code, caught.value.reason) == ("cannot_receive", None)


def test_only_the_holder_or_a_supervisor_hands_over_and_not_to_the_holder() -> None:
    with pytest.raises(Refused, match="not_yours"):
        handed(held(), "H3", doer=Doer("officer:H2", "H2"))
    assert handed(held(), "H3", doer=SERGEANT).referral.handover is not None
    with pytest.raises(Misgiven, match="holds_it_already"):
        handed(held(), "H1")


def test_a_hand_over_nobody_accepts_comes_back_to_its_giver_and_the_coordinator_is_told() -> None:
    referral, said = lived(handed(held(**SCHEDULED), "H2").referral, minutes(35))
    assert story(said) == ["role_alerted coordinator:herts handover_unanswered"]
    assert (referral.holder.id if referral.holder else None, referral.handover) == ("H1", None)
    with pytest.raises(Refused) as caught:
        taken(referral, "H2", minutes(40))
    assert (caught.value.code, caught.value.holder) == ("already_held", referral.holder)


def test_a_receiver_who_declines_or_cannot_be_reached_leaves_it_with_its_giver() -> None:
    _, events, _ = decline(handed(held(), "H2").referral, "H2", "busy", minutes(6))
    assert story(events) == ["declined", "role_alerted coordinator:herts handover_declined"]
    _, events, _ = notice_failed(handed(held(), "H2").referral, "H2", minutes(6))
    assert story(events) == ["role_alerted coordinator:herts handover_unreachable"]


def test_a_receiver_who_turns_out_to_be_connected_is_asked_no_more() -> None:
    connected = amended(["connected_officers"], connected_officers=("H2",))
    referral = amend(handed(held(), "H2").referral, connected, default(), minutes(6)).referral
    assert referral.handover is None
    with pytest.raises(Refused, match="never_offered"):
        taken(referral, "H2", minutes(7))


def test_a_holder_who_gives_it_back_meanwhile_leaves_the_receiver_free_to_take_it() -> None:
    referral = release(handed(held(), "H2").referral, "H1", "abstracted", minutes(6)).referral
    assert (referral.state, referral.handover) == ("waiting", None)
    assert taken(referral, "H2", minutes(7)).referral.state == "accepted"


# ---- the end of the holder's duty ----

EARLY, LATE, NIGHT = shift(7, 13), shift(7, 17), shift(22, 30)


def on(duty: Duty) -> Referral:
    return held(officer("H1", duty=duty), *TEAM[1:], **SCHEDULED)


def at_end(duty: Duty, until: float, referral: Referral | None = None) -> tuple[Referral, list[str]]:
    referral, said = lived(referral or on(duty), at(until), officer("H1", duty=duty), *TEAM[1:])
    return referral, story(said)


def test_half_an_hour_before_the_end_of_their_duty_the_holder_is_asked() -> None:
    referral, said = lived(on(EARLY), at(12.5), officer("H1", duty=EARLY), *TEAM[1:])
    assert story(said) == ["duty_ending"]
    assert isinstance(said[0], ReferralDutyEnding)
    assert (said[0].at, said[0].officer, said[0].ends_at) == (at(12.5), "H1", at(13))
    assert referral.due == NOON.replace(day=24), "what others are told is first contact, as before"


def test_what_is_not_settled_by_then_is_the_coordinators_and_still_has_its_holder() -> None:
    referral, said = at_end(EARLY, 13)
    assert said == ["duty_ending", "role_alerted coordinator:herts duty_ended"]
    assert referral.holder is not None


@pytest.mark.parametrize("settled", ["keep", "give back", "hand over"])
def test_keeping_it_giving_it_back_and_handing_it_over_settle_it(settled: str) -> None:
    referral, _ = at_end(EARLY, 12.5)
    if settled == "keep":
        referral = keep(referral, HOLDER, at(12.6)).referral
    elif settled == "give back":
        referral = release(referral, "H1", "duty_ends", at(12.6)).referral
    else:
        referral = handed(referral, "H2", at(12.6)).referral
        referral = taken(referral, "H2", at(12.7)).referral
    _, said = at_end(EARLY, 14, referral)
    assert not any("duty_ended" in line for line in said)


def test_keeping_it_twice_is_keeping_it_once_and_not_before_one_is_asked() -> None:
    with pytest.raises(Refused, match="not_asked_yet"):
        keep(on(EARLY), HOLDER, at(12.2))
    referral = keep(at_end(EARLY, 12.5)[0], HOLDER, at(12.6)).referral
    assert keep(referral, HOLDER, at(12.7)) == (referral, (), ())


def test_who_keeps_it_is_asked_again_before_the_end_of_their_next_duty() -> None:
    two = fold([Entry("duty", at(7), at(13), "file"), Entry("duty", at(31), at(35), "file")])
    referral = keep(at_end(two, 12.5)[0], HOLDER, at(12.6)).referral
    _, said = lived(referral, at(36), officer("H1", duty=two), *TEAM[1:])
    told = [(event.at, name) for event, name in zip(said, story(said), strict=True) if "duty" in name]
    assert told[:2] == [(at(34.5), "duty_ending"), (at(35), "role_alerted coordinator:herts duty_ended")]


def test_who_keeps_it_and_then_goes_on_leave_is_noticed_as_the_leave_begins() -> None:
    leave = fold([Entry("duty", at(7), at(13), "file"), Entry("leave", at(20), at(200), "file")])
    referral = keep(at_end(leave, 12.5)[0], HOLDER, at(12.6)).referral
    _, said = lived(referral, at(21), officer("H1", duty=leave), *TEAM[1:])
    alert = next(event for event in said if isinstance(event, ReferralRoleAlerted))
    assert (alert.at, alert.why) == (at(20), "duty_ended")


def test_a_longer_duty_moves_the_question_and_a_cut_one_asks_at_once() -> None:
    referral = on(EARLY)
    _, said = at_end(LATE, 16.5, referral)
    assert said == ["duty_ending"]
    sick = fold([Entry("duty", at(7), at(13), "file"), Entry("sick", at(12.1), at(40), "own")])
    looked = referral.model_copy(update={"recheck_at": at(12.2)})
    _, events, _ = advance(looked, facts(at(12.2), officer("H1", duty=sick), *TEAM[1:]), at(12.2))
    assert story(events) == ["role_alerted coordinator:herts duty_ended"]


def test_after_a_stop_over_the_end_of_duty_the_coordinator_is_told_once() -> None:
    _, events, _ = advance(on(EARLY), facts(at(15), officer("H1", duty=EARLY), *TEAM[1:]), at(15))
    assert story(events) == ["role_alerted coordinator:herts duty_ended"]


def test_what_a_leaver_holds_goes_back_to_the_coordinator_and_somebody_else_is_asked() -> None:
    referral = held(**SCHEDULED).model_copy(update={"recheck_at": minutes(9)})
    referral, events, _ = advance(referral, facts(minutes(9), *TEAM[1:]), minutes(9))
    assert story(events) == ["released", "role_alerted coordinator:herts holder_left"]
    assert (referral.state, referral.holder) == ("waiting", None)
    assert story(passing(referral, minutes(9), *TEAM[1:]).events) == ["offered H2"]


def test_the_end_of_a_night_duty_over_the_change_of_clocks_is_the_rosters_instant() -> None:
    """The night of 24 October 2026 has an hour more: half past five in the morning comes nine hours after 21:30."""
    starts, ends = datetime.fromisoformat("2026-10-24T22:00:00+01:00"), datetime.fromisoformat("2026-10-25T06:00:00Z")
    night = officer("H1", duty=fold([Entry("duty", starts, ends, "file")]))
    referral = held(night, now=starts, **SCHEDULED)
    _, said = lived(referral, ends, night)
    assert [event.at.isoformat() for event in said if isinstance(event, ReferralDutyEnding)] == [
        "2026-10-25T05:30:00+00:00"
    ]

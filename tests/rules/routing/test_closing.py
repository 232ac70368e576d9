"""Closing and opening again, links, transfers, and officers who come along."""

from datetime import datetime
from typing import Any

import pytest

from services.routing.rules.referral.answers import Refused, Tap, accept, acknowledge, decline, release
from services.routing.rules.referral.bars import declined_by, declined_under, kept_under, looked_under
from services.routing.rules.referral.changes import amend, withdraw
from services.routing.rules.referral.closing import close, reopen
from services.routing.rules.referral.contacting import Tried, attempt
from services.routing.rules.referral.holding import Doer, Misgiven
from services.routing.rules.referral.links import link, unlink
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.transfers import transfer
from services.routing.rules.referral.wanted import Facts, request_anew
from shared.contracts.referrals import ReferralClosed, ReferralHelperJoined, ReferralTransferred
from tests.rules.routing.held import HOLDER, SERGEANT, TEAM, held, lived, minutes
from tests.rules.routing.people import LUTON, NOON, mustered, officer, shift
from tests.rules.routing.policies import default
from tests.rules.routing.referrals import ID, amended, facts, opened, passing, story


def closed(doer: Doer = HOLDER, **changes: Any) -> Referral:
    return close(held(**changes), doer, "supported", default(), minutes(30)).referral


def test_the_holder_or_a_supervisor_closes_it_with_one_of_the_policys_outcomes() -> None:
    referral, events, _ = close(held(), HOLDER, "supported", default(), minutes(30))
    assert isinstance(events[0], ReferralClosed)
    assert (story(events), events[0].outcome, events[0].by) == (["closed"], "supported", "officer:H1")
    assert (referral.state, referral.wakes_at, referral.duty) == ("closed", None, None)
    assert closed(SERGEANT).state == "closed"
    with pytest.raises(Misgiven, match="unknown_code"):
        close(held(), HOLDER, "eaten_by_the_cat", default(), minutes(30))


def test_nobody_else_closes_it_and_nobody_over_a_risk_that_no_human_has_taken_on() -> None:
    with pytest.raises(Refused, match="not_yours"):
        close(held(), Doer("officer:H2", "H2"), "supported", default(), minutes(30))
    with pytest.raises(Refused, match="risk_unacknowledged"):
        close(held(risks=("weapon",)), HOLDER, "supported", default(), minutes(30))


def test_closed_twice_is_closed_once_and_otherwise_it_is_over() -> None:
    assert close(closed(), HOLDER, "supported", default(), minutes(31)).events == ()
    with pytest.raises(Refused, match="not_open"):
        close(closed(), HOLDER, "advised", default(), minutes(31))


def test_an_answer_after_the_close_changes_nothing() -> None:
    for late in (closed(), withdraw(held(), "no_longer_wanted", minutes(3)).referral):
        assert decline(late, "H1", "busy", minutes(40)).events == () if late.holder is None else True
        with pytest.raises(Refused):
            accept(late, Tap("H2", "herts"), facts(minutes(40), *TEAM), minutes(40))
        assert passing(late, minutes(900), *TEAM) == (late, (), ())


def test_opened_again_its_ladder_and_its_clocks_begin_anew() -> None:
    referral, events, _ = reopen(closed(), "sergeant:herts", "came_back", default(), minutes(600))
    assert story(events) == ["reopened"]
    assert (referral.state, referral.holder, referral.due) == ("waiting", None, minutes(600))
    assert referral.clocks.first_contact_due == minutes(660)
    referral, events, _ = passing(referral, minutes(600), *TEAM)
    assert story(events) == ["offered H1"], "who had it knows it, and may be asked again"
    assert reopen(referral, "sergeant:herts", None, default(), minutes(601)) == (referral, (), ())


def test_opened_again_its_risks_are_told_anew() -> None:
    seen = acknowledge(held(risks=("weapon",)), "fim:herts", "fim:herts", "sent", minutes(1)).referral
    over = close(seen, HOLDER, "supported", default(), minutes(30)).referral
    _, events, _ = reopen(over, "sergeant:herts", None, default(), minutes(90))
    assert story(events) == ["reopened", "role_alerted fim:herts risk"]


def test_a_conflict_outlives_a_close() -> None:
    referral = passing(opened().referral, NOON, *TEAM).referral
    referral = decline(referral, "H1", "conflict", minutes(1)).referral
    referral = close(referral, SERGEANT, "duplicate", default(), minutes(5)).referral
    referral = reopen(referral, "sergeant:herts", None, default(), minutes(9)).referral
    assert story(passing(referral, minutes(9), *TEAM).events) == ["offered H2"]


def test_attempts_before_a_close_are_kept_and_count_no_more() -> None:
    tried = attempt(held(), HOLDER, Tried("call", minutes(5), "no_answer"), minutes(5)).referral
    over = close(tried, SERGEANT, "unable_to_contact", default(), minutes(30)).referral
    again = reopen(over, "sergeant:herts", None, default(), minutes(90)).referral
    assert (len(again.attempts), again.failed_attempts, again.review_at) == (1, 0, None)


def test_what_was_withdrawn_is_not_opened_again_by_us() -> None:
    with pytest.raises(Refused, match="not_to_be_reopened"):
        reopen(withdraw(held(), "duplicate", minutes(3)).referral, "fim:herts", None, default(), minutes(9))


def test_what_a_place_was_doubtful_for_waits_for_a_human_again() -> None:
    over = close(opened(desk="essex").referral, SERGEANT, "duplicate", default(), minutes(3)).referral
    _, events, _ = reopen(over, "sergeant:herts", None, default(), minutes(9))
    assert story(events) == ["reopened", "waiting coordinator:herts hand_off"]


# ---- links ----

OTHER = ID.__class__("0197d2a0-0000-7000-8000-000000000002")


def other(**changes: Any) -> Referral:
    return held(referral_id=OTHER, reference="M3PX-8W2T", **changes)


def test_a_human_links_two_and_each_keeps_its_own_rules() -> None:
    quiet = other(contact_rules={"means": [], "refused": True})
    one, events, _ = link(held(), quiet, "coordinator:herts", minutes(5))
    two = link(quiet, held(), "coordinator:herts", minutes(5)).referral
    assert story(events) == ["linked"]
    assert (one.picture.contact_rules.means, two.picture.contact_rules.means) == (("call", "text"), ())
    assert link(one, quiet, "fim:herts", minutes(6)) == (one, (), ())
    apart, events, _ = unlink(one, quiet, "coordinator:herts", minutes(7))
    assert (story(events), apart.links) == (["linked"], ())
    assert unlink(apart, quiet, "coordinator:herts", minutes(8)).events == ()


def in_conflict(referral: Referral, who: str) -> Referral:
    offers = (*referral.offers, referral.offers[0].model_copy(update={"officer": who, "code": "conflict"}))
    return referral.model_copy(update={"offers": offers})


def test_who_is_in_conflict_about_one_loses_the_other_without_a_word_of_why() -> None:
    _, events, _ = link(held(), in_conflict(other(), "H1"), "coordinator:herts", minutes(5))
    assert story(events) == ["linked", "released"]
    assert "conflict" not in "".join(event.model_dump_json() for event in events)


def asked_elsewhere() -> Referral:
    return passing(opened(referral_id=other().id, reference="M3PX-8W2T").referral, NOON, *TEAM).referral


def test_whoever_declined_one_is_not_asked_for_the_other_so_that_a_conflict_looks_like_any_decline() -> None:
    told = []
    for code in ("conflict", "busy"):
        mine = passing(opened().referral, NOON, *TEAM).referral
        theirs = decline(asked_elsewhere(), "H1", code, minutes(1)).referral
        linked = link(mine, theirs, "coordinator:herts", minutes(5)).referral
        world = Facts(mustered(*TEAM, now=NOON), default(), {declined_under(linked)[0]: declined_by(theirs)})
        told.append(([offer.answer for offer in linked.offers], request_anew(linked, world).named))
    assert told[0] == told[1] == (["retracted"], {"H1": "declined"})


def test_whoever_holds_one_keeps_it_though_they_declined_the_other_unless_in_conflict() -> None:
    theirs = decline(asked_elsewhere(), "H1", "busy", minutes(1)).referral
    referral = link(held(), theirs, "coordinator:herts", minutes(5)).referral
    assert (referral.holder.id if referral.holder else None) == "H1"


def test_a_conflict_declared_later_holds_for_what_is_linked_too() -> None:
    one = opened().referral.model_copy(update={"links": link(held(), other(), "fim:herts", NOON).referral.links})
    assert set(kept_under(other())) & set(looked_under(one))
    barred = {kept_under(other())[0]: frozenset({"H1"})}
    world = Facts(mustered(*TEAM, now=NOON), default(), barred)
    from services.routing.rules.referral.advance import advance

    assert story(advance(one, world, NOON).events) == ["offered H2"]


# ---- transfers ----


def moved(referral: Referral, force: str = "beds", now: datetime = minutes(5)) -> Any:  # noqa: B008
    return transfer(referral, force, "coordinator:herts", default(), now)


def test_the_new_force_owns_it_and_its_coordinator_is_told() -> None:
    referral, events, _ = moved(held())
    assert story(events) == ["transferred", "role_alerted coordinator:beds transferred"]
    assert isinstance(events[0], ReferralTransferred)
    assert (events[0].from_force, events[0].to_force, events[0].force) == ("herts", "beds", "beds")
    assert (referral.force, referral.holder.id if referral.holder else None) == ("beds", "H1")
    assert moved(referral).events == ()


def test_roles_that_have_not_answered_yet_are_those_of_the_new_force() -> None:
    referral = moved(held(risks=("weapon",))).referral
    assert [alert.role for alert in referral.alerts] == ["fim:beds", "coordinator:beds"]
    assert story(lived(referral, minutes(5))[1]) == ["role_alerted fim:beds risk"]


def test_where_nobody_holds_it_somebody_of_the_new_force_is_asked_at_once() -> None:
    referral = moved(passing(opened().referral, NOON, *TEAM).referral).referral
    assert story(passing(referral, minutes(5), *TEAM).events) == ["offered B7"]


def test_an_amendment_that_says_nothing_of_places_does_not_move_it_back() -> None:
    referral = amend(moved(held()).referral, amended(["languages"], languages=("pl",)), default(), minutes(9)).referral
    assert referral.force == "beds"
    referral = amend(referral, amended(["locations"], force="cambs"), default(), minutes(10)).referral
    assert referral.force == "cambs"


def test_moving_it_says_that_it_is_ours() -> None:
    referral = moved(opened(location_confidence="low", district=None).referral).referral
    assert not referral.unplaced
    assert story(passing(referral, minutes(5), *TEAM).events) == ["offered B7"]


def test_it_is_not_moved_to_a_force_that_is_none_of_ours_nor_once_it_is_over() -> None:
    with pytest.raises(Misgiven, match="unknown_code"):
        moved(held(), "atlantis")
    with pytest.raises(Refused, match="not_open"):
        moved(closed())


# ---- officers who come along ----

FETE = {
    "need": "community_event",
    "class": "community_event",
    "event": {"officers_wanted": 3, "venue_district": LUTON},
    "contact_route": "none",
}
CROWD = [officer(f"H{number}", duty=shift(0, 2400)) for number in range(1, 6)]


def fete(*crowd: Any) -> Referral:
    return held(*(crowd or CROWD), **FETE)


def joined(referral: Referral, who: str, now: datetime) -> Any:
    return accept(referral, Tap(who, "herts"), facts(now, *CROWD), now)


def test_once_one_holds_it_as_many_more_as_are_wanted_are_asked_to_come_along() -> None:
    referral, events, _ = passing(fete(), NOON, *CROWD)
    assert (story(events), referral.state) == (["offered H2 H3"], "accepted")
    referral, events, _ = joined(referral, "H2", minutes(5))
    assert isinstance(events[0], ReferralHelperJoined)
    assert (story(events), events[0].still_wanted) == (["helper_joined"], 1)
    assert joined(referral, "H2", minutes(6)) == (referral, (), ())
    referral = joined(referral, "H3", minutes(7)).referral
    assert (referral.holder.id if referral.holder else None, [one.id for one in referral.helpers]) == (
        "H1", ["H2", "H3"],
    )  # fmt: skip
    assert passing(referral, minutes(8), *CROWD).events == ()


def test_whoever_comes_too_late_is_told_who_has_it() -> None:
    referral = passing(held(*CROWD, **(FETE | {"event": {"officers_wanted": 2}})), NOON, *CROWD).referral
    referral = decline(referral, "H2", "busy", minutes(1)).referral
    referral = passing(referral, minutes(1), *CROWD).referral
    referral = joined(referral, "H3", minutes(5)).referral
    with pytest.raises(Refused, match="already_held"):
        joined(referral, "H2", minutes(6))


def test_a_helper_who_declines_or_stays_away_after_all_is_replaced() -> None:
    referral = passing(fete(), NOON, *CROWD).referral
    referral, events, _ = decline(referral, "H3", "busy", minutes(1))
    assert story(events) == ["declined"]
    referral, events, _ = passing(referral, minutes(1), *CROWD)
    assert story(events) == ["offered H4"]
    referral = joined(referral, "H2", minutes(2)).referral
    referral, events, _ = release(referral, "H2", "other_task", minutes(3))
    assert story(events) == ["helper_left"]
    assert story(passing(referral, minutes(3), *CROWD).events) == ["offered H5"]


def test_where_too_few_can_come_the_coordinator_is_told_once() -> None:
    _, events, _ = passing(fete(*CROWD[:2]), NOON, *CROWD[:2])
    assert story(events) == ["offered H2", "role_alerted coordinator:herts helpers_wanted"]


def test_when_the_holder_gives_it_back_everybody_is_asked_from_the_start() -> None:
    referral = joined(passing(fete(), NOON, *CROWD).referral, "H2", minutes(5)).referral
    referral = release(referral, "H1", "abstracted", minutes(6)).referral
    assert (referral.state, referral.helpers) == ("waiting", ())
    assert joined(referral, "H2", minutes(7)).referral.holder is not None

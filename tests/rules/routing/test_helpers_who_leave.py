"""Whoever said they would come along and then cannot is taken off, the coordinator knows, and others are asked."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.rules.matching.model import Officer
from services.routing.rules.referral.answers import Tap, accept, acknowledge
from services.routing.rules.referral.minding import mind_roster
from services.routing.rules.referral.state import Referral
from services.routing.rules.roster.duty import Duty, Entry, fold
from tests.rules.routing.held import held, minutes
from tests.rules.routing.people import LUTON, NOON, at, officer, shift
from tests.rules.routing.referrals import facts, passing, story

BEGINS, ENDS = at(34), at(40)
"""Tomorrow, from ten in the morning to four."""
CROWD = [officer(f"H{number}", duty=shift(0, 2400)) for number in range(1, 6)]
LATER = minutes(60)
SHORT_OF_HELPERS = "role_alerted coordinator:herts helper_away"


def fete(**when: datetime | None) -> Referral:
    """The fête at Wardown Park: H1 holds it, H2 and H3 come along."""
    event = {"officers_wanted": 3, "venue_district": LUTON, "starts_at": BEGINS, "ends_at": ENDS} | when
    words = {"need": "community_event", "class": "community_event", "event": event, "contact_route": "none"}
    referral = passing(held(*CROWD, **words), NOON, *CROWD).referral
    for number, who in enumerate(("H2", "H3"), 5):
        referral = accept(referral, Tap(who, "herts"), facts(minutes(number), *CROWD), minutes(number)).referral
    return referral


def away(kind: str, since: float, until: float) -> Duty:
    return fold([Entry("duty", at(0), at(2400), "file"), Entry(kind, at(since), at(until), "own")])


def crowd(**changed: Duty | None) -> list[Officer]:
    """Everybody, with other duties for some; None: off the roster."""
    return [
        one if one.id not in changed else officer(one.id, duty=changed[one.id])
        for one in CROWD
        if changed.get(one.id, one.duty) is not None
    ]


def minded(referral: Referral, people: list[Officer], now: datetime = LATER) -> Any:
    return mind_roster(referral, facts(now, *people), now)


@pytest.mark.parametrize(
    ("duty", "code"),
    [
        (None, "left_roster"),
        (away("sick", 13, 2400), "away"),
        (away("leave", 24, 48), "away"),
        (away("leave", 39, 41), "away"),
        (away("leave", 30, 34.5), "away"),
    ],
)
def test_a_helper_who_will_not_be_there_is_taken_off_and_somebody_else_is_asked(duty: Duty | None, code: str) -> None:
    people = crowd(H2=duty)
    referral, events, _ = minded(fete(), people)
    assert (story(events), events[0].code) == (["helper_left", SHORT_OF_HELPERS], code)
    assert ([one.id for one in referral.helpers], referral.holder.id) == (["H3"], "H1")
    assert minded(referral, people).events == ()
    assert story(passing(referral, minutes(60), *people).events) == ["offered H4"]


@pytest.mark.parametrize(
    "duty",
    [away("sick", 12, 20), away("leave", 41, 80), away("court", 24, 48), away("busy", 34, 40), shift(0, 12)],
)
def test_whoever_is_only_away_before_or_after_it_or_has_work_elsewhere_still_comes(duty: Duty) -> None:
    referral = fete()
    assert minded(referral, crowd(H2=duty)).referral == referral


def test_without_a_day_nothing_speaks_against_anybody_who_is_still_on_the_roster() -> None:
    referral = fete(starts_at=None, ends_at=None)
    assert minded(referral, crowd(H2=away("leave", 0, 2400))).referral == referral
    assert story(minded(referral, crowd(H2=None)).events) == ["helper_left", SHORT_OF_HELPERS]


def test_once_it_is_over_nobody_is_missed() -> None:
    referral = fete()
    assert story(minded(referral, crowd(H2=away("sick", 41, 2400)), at(42)).events) == []


def test_two_at_once_are_one_alert_and_the_next_after_an_answer_is_another() -> None:
    referral, events, _ = minded(fete(), crowd(H2=None, H3=None))
    assert story(events) == ["helper_left", "helper_left", SHORT_OF_HELPERS]
    referral = acknowledge(referral, "coordinator:herts", "coordinator:herts", "noted", minutes(61)).referral
    referral = passing(referral, minutes(61), *crowd(H2=None, H3=None)).referral
    referral = accept(referral, Tap("H4", "herts"), facts(minutes(62), *CROWD), minutes(62)).referral
    _, events, _ = minded(referral, crowd(H2=None, H3=None, H4=None), minutes(63))
    assert story(events) == ["helper_left", SHORT_OF_HELPERS]


def test_leave_in_a_far_month_is_seen_when_the_event_has_come_near() -> None:
    begins = NOON + timedelta(days=40)
    referral = fete(starts_at=begins, ends_at=begins + timedelta(hours=4))
    people = [officer(one.id, duty=shift(0, 2400)) for one in CROWD]
    referral = passing(referral, minutes(10), *people).referral
    assert referral.recheck_at == begins - timedelta(days=14)
    gone = fold([Entry("leave", begins - timedelta(days=1), begins + timedelta(days=3), "own")])
    near = begins - timedelta(days=14)
    events = passing(referral, near, *crowd(H2=gone)).events
    assert "helper_left" in story(events)
    assert SHORT_OF_HELPERS in story(events)

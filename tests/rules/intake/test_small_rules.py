"""Holding, working time, and what may be known of how a person can be reached."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.intake.rules.contact import facts_of
from services.intake.rules.geography import NOWHERE, Place
from services.intake.rules.holding import hold, overdue
from services.intake.rules.working_time import after
from shared.contracts.contact import ContactDetails
from tests.rules.intake.furniture import NOON, accepted, policy

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("risk", "seconds"),
    [("suicide_or_self_harm", 5), ("child", 5), ("weapon", 5), ("offender_nearby", 5), ("honour_based", 30)],
)
def test_a_life_at_risk_is_held_five_seconds_and_not_thirty(risk: str, seconds: int) -> None:
    assert hold(policy(), ["repeat", risk]) == timedelta(seconds=seconds)


def test_a_hold_is_overdue_when_its_time_has_come_and_not_before() -> None:
    assert overdue(NOON, NOON)
    assert not overdue(NOON, NOON - timedelta(microseconds=1))
    assert not overdue(None, NOON)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-06-01 09:00", 60, "2026-06-01 10:00"),
        ("2026-06-01 16:30", 60, "2026-06-02 09:30"),
        ("2026-06-05 16:00", 120, "2026-06-08 10:00"),
        ("2026-06-06 03:00", 480, "2026-06-08 17:00"),
        ("2026-12-24 16:00", 120, "2026-12-29 10:00"),
        ("2026-03-27 16:00", 120, "2026-03-30 10:00"),
        ("2026-06-01 09:00", 2400, "2026-06-05 17:00"),
    ],
)
def test_working_time_stands_still_at_night_on_sundays_and_at_christmas(start: str, minutes: int, end: str) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=LONDON)
    assert after(begun, minutes, policy().calendar) == datetime.fromisoformat(end).replace(tzinfo=LONDON)


def test_a_parade_has_five_working_days() -> None:
    report = accepted(need="community_event", strands=[], grade=None, event={"officers_wanted": 4}).report
    assert report.ack_due == datetime(2026, 6, 12, 17, 0, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("details", "reachable", "means"),
    [
        ({"phone": "07700 900123", "safe_to_call": True, "safe_to_text": True}, True, ("call", "text")),
        ({"phone": "07700 900123"}, True, ()),
        ({"phone": "07700 900123", "safe_to_call": False}, True, ()),
        ({"email": "ottoline@example.org", "safe_to_email": True, "safe_to_call": True}, True, ("email",)),
        ({"phone": "07700 900123", "safe_to_call": True, "do_not_contact": True}, False, ()),
        ({"name": "Ottoline"}, False, ()),
    ],
)
def test_a_means_is_safe_only_where_the_person_said_so(
    details: dict[str, Any], reachable: bool, means: tuple[str, ...]
) -> None:
    facts = facts_of(ContactDetails.model_validate(details), NOWHERE)
    assert (facts.reachable, facts.rules.means, facts.rules.voicemail_ok) == (reachable, means, False)


def test_nothing_personal_is_among_the_facts() -> None:
    details = ContactDetails.model_validate(
        {
            "name": "Ottoline Featherstonehaugh",
            "phone": "07700 900123",
            "home": {"postcode": "SG8 5AB"},
            "windows": ["18:00-20:00"],
            "must_not_know": "her brother",
            "narrative": "It was a dark and stormy night",
            "referrer": {"name": "Quentin", "phone": "07700 900999"},
        }
    )
    facts = facts_of(details, Place("E07000099", "high"))
    said = facts.model_dump_json()
    assert facts.referrer_reachable
    assert facts.windows[0].start == "18:00"
    for secret in ("Ottoline", "07700", "SG8 5AB", "brother", "stormy", "Quentin"):
        assert secret not in said

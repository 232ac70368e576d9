"""What a referral asks of an officer: the picture as intake gives it, in the roster's own words."""

from datetime import timedelta
from typing import Any

import pytest

from services.routing.rules.matching.explanation import UNTOLD
from services.routing.rules.referral.answers import decline
from services.routing.rules.referral.wanted import request_of
from tests.rules.routing.people import NOON, officer
from tests.rules.routing.referrals import facts, opened, passing

ROYSTON = {"sector": "SG8 7", "easting_km": 535, "northing_km": 240}


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        ({"needs": ["Trans"], "required_skills": ["Trans"]}, {"skills": ("trans",), "required_skills": ("trans",)}),
        (
            {"languages": ["PL", "uk"], "required_languages": ["PL", "uk"]},
            {"languages": ("pl", "uk"), "required_languages": ("pl", "uk")},
        ),
        (
            {"officer_gender": {"value": "Woman", "required": True}},
            {"gender": "woman", "gender_required": True},
        ),
        ({"area": ROYSTON}, {"km": (535, 240), "sector": "SG8 7"}),
        ({"area": ROYSTON, "how": "face_to_face"}, {"km": (535, 240)}),
        ({"area": ROYSTON, "how": "phone"}, {"km": None, "sector": "SG8 7"}),
        ({"area": ROYSTON, "how": "video"}, {"km": None}),
        ({"area": ROYSTON, "need": "officer_advice", "class": "officer_advice"}, {"km": None, "broadcast": True}),
        (
            {"known_officers": ["H1"], "earlier": {"count": 1, "last_officer": "H2"}},
            {"known": frozenset({"H1"}), "last": "H2"},
        ),
        (
            {"connected_officers": ["H1"], "excluded_officers": ["H1", "H2"]},
            {"named": {"H1": "connected", "H2": "excluded"}},
        ),
    ],
)
def test_a_picture_says_what_is_wanted(picture: dict[str, Any], wanted: dict[str, Any]) -> None:
    request = request_of(opened(NOON, **picture).referral, facts(NOON))
    assert {name: getattr(request, name) for name in wanted} == wanted


@pytest.mark.parametrize("hours", [0, 1, 100])
@pytest.mark.parametrize("code", ["busy", "too_far", "conflict"])
def test_a_decline_looks_the_same_however_long_ago_and_whatever_its_reason(code: str, hours: int) -> None:
    asked = passing(opened().referral, NOON, officer("H1"), officer("H2")).referral
    declined = decline(asked, "H1", code, NOON).referral
    named = request_of(declined, facts(NOON + timedelta(hours=hours))).named
    assert UNTOLD.get(named["H1"], named["H1"]) == "not_to_be_asked"

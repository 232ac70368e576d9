"""Where a report belongs: the right force, or a human check, never a guess."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.intake.rules.geography import NOWHERE, Place, Resolution
from shared.contracts.matching import District
from shared.contracts.particulars import Location
from shared.contracts.policy import PolicyDocument, PolicyError, parse_policy
from shared.contracts.postcode import Postcode, parse_postcode
from tests.rules.intake.furniture import (
    BROXBOURNE,
    CAMDEN,
    LUTON,
    NORTH_HERTS,
    SOUTH_CAMBS,
    TODAY,
    UTTLESFORD,
    geography,
    policy,
)


def resolved(*locations: dict[str, Any], home: Place = NOWHERE, venue: str | None = None) -> Resolution:
    places = [Location.model_validate(location) for location in locations]
    return geography().resolve(places, "herts", home=home, venue=venue)


def incident(**where: Any) -> dict[str, Any]:
    return {"kind": "incident", **where}


@pytest.mark.parametrize(
    ("text", "postcode"),
    [
        ("SG8 5AB", Postcode("SG8", "5AB")),
        ("sg85ab", Postcode("SG8", "5AB")),
        ("  s G 8  5a b ", Postcode("SG8", "5AB")),
        ("EN118AA", Postcode("EN11", "8AA")),
        ("W1A 1AA", Postcode("W1A", "1AA")),
        ("sg8", Postcode("SG8")),
        ("Cb11", Postcode("CB11")),
        ("gir 0aa", Postcode("GIR", "0AA")),
        ("SG8-5AB", Postcode("SG8", "5AB")),
        ("SG8 5AB.", Postcode("SG8", "5AB")),
        ("(sg8, 5ab)", Postcode("SG8", "5AB")),
        ("SG8 \u2013 5AB", Postcode("SG8", "5AB")),
        ("SG8.", Postcode("SG8")),
        ("SG8 ?", None),
        ("S?G8 5AB", None),
        ("SG8 5AB?", None),
        ("CB1-2 3AB", None),
        ("not known", None),
        ("Royston", None),
        ("8", None),
        ("SG8 5A", None),
        ("", None),
    ],
)
def test_a_postcode_is_read_in_any_case_spacing_and_punctuation(text: str, postcode: Postcode | None) -> None:
    assert parse_postcode(text) == postcode


@pytest.mark.parametrize(
    ("where", "force", "district", "confidence", "desk"),
    [
        ({"postcode": "en118aa"}, "herts", BROXBOURNE, "high", None),
        ({"postcode": "SG8 5AB"}, "herts", NORTH_HERTS, "high", None),
        ({"postcode": "SG8 6AA"}, "cambs", SOUTH_CAMBS, "high", None),
        ({"postcode": "SG8 8XX"}, "herts", UTTLESFORD, "high", "essex"),
        ({"postcode": "NW1 8QP"}, "herts", CAMDEN, "high", "metropolitan"),
        ({"postcode": "G1 1AA"}, "herts", "S12000049", "high", "scotland"),
        ({"postcode": "SG8-5AB"}, "herts", NORTH_HERTS, "high", None),
        ({"postcode": "SG8 6AA."}, "cambs", SOUTH_CAMBS, "high", None),
        ({"postcode": "SG8 ?"}, "herts", None, "low", None),
        ({"postcode": "not known"}, "herts", None, "low", None),
        ({"postcode": "?"}, "herts", None, "low", None),
        ({"postcode": "SG8"}, "herts", None, "low", None),
        ({"postcode": "LU1"}, "herts", None, "low", None),
        ({"postcode": "SG8 7ZZ"}, "herts", None, "low", None),
        ({"postcode": "ZZ9 9ZZ"}, "herts", None, "low", None),
        ({"district": LUTON}, "beds", LUTON, "high", None),
        ({"district": "e06000032"}, "beds", LUTON, "high", None),
        ({"district": "Luton"}, "beds", LUTON, "high", None),
        ({"district": UTTLESFORD}, "herts", UTTLESFORD, "high", "essex"),
        ({"postcode": "SG8", "district": SOUTH_CAMBS}, "cambs", SOUTH_CAMBS, "high", None),
        ({"postcode": "SG8", "district": LUTON}, "herts", None, "low", None),
        ({"postcode": "SG8 5AB", "district": BROXBOURNE}, "herts", NORTH_HERTS, "high", None),
        ({"postcode": "SG8 5AB", "district": SOUTH_CAMBS}, "herts", None, "low", None),
        ({"postcode": "SG8 5A"}, "herts", None, "low", None),
        ({"postcode": "EN118A"}, "herts", None, "low", None),
        ({"postcode": "Royston"}, "herts", None, "low", None),
        ({"postcode": "SG8 5A", "district": NORTH_HERTS}, "herts", NORTH_HERTS, "high", None),
        ({"postcode": "SG8 7ZZ", "district": SOUTH_CAMBS}, "cambs", SOUTH_CAMBS, "high", None),
        ({"postcode": "BF1 1AA"}, "herts", None, "low", None),
        ({"postcode": "JE2 3AB"}, "herts", "L99999999", "high", "channel_islands"),
        ({"postcode": "IM1 1AA"}, "herts", "M99999999", "high", "isle_of_man"),
        ({"postcode": "BT1 1AA"}, "herts", "N09000003", "high", "northern_ireland"),
        ({"postcode": "ZE9 9AA"}, "herts", None, "low", None),
        ({}, "herts", None, "none", None),
    ],
)
def test_a_place_has_a_force_or_needs_a_human(
    where: dict[str, Any], force: str, district: str | None, confidence: str, desk: str | None
) -> None:
    found = resolved(incident(**where))
    assert (found.force, found.district, found.confidence, found.desk) == (force, district, confidence, desk)


def test_an_area_is_a_sector_and_a_kilometre_square_never_an_address() -> None:
    area = resolved(incident(postcode="SG8 5AB")).area
    assert area is not None
    assert (area.sector, area.easting_km, area.northing_km) == ("SG8 5", 535, 240)
    assert resolved(incident(postcode="SG8 5AB", low_detail=True)).area is None


@pytest.mark.parametrize("postcode", ["JE2 3AB", "BT1 1AA"])
def test_what_is_not_on_the_national_grid_has_no_kilometre_square(postcode: str) -> None:
    area = resolved(incident(postcode=postcode)).area
    assert area is not None
    assert (area.easting_km, area.northing_km) == (None, None)


@pytest.mark.parametrize(
    ("one", "other", "force", "confidence"),
    [
        ("EN11 8AA", "SG8 5AB", "herts", "high"),
        ("SG8 5AB", "SG8 6AA", "herts", "low"),
        ("SG8 6AA", "SG8", "herts", "low"),
        ("SG8 6AA", "LU1 2AA", "herts", "low"),
        ("SG8 6AA", "SG8 8XX", "herts", "low"),
    ],
)
def test_two_incident_places_of_two_owners_need_a_human(one: str, other: str, force: str, confidence: str) -> None:
    found = resolved(incident(postcode=one), incident(postcode=other))
    assert (found.force, found.confidence) == (force, confidence)


NEW = "E06999001"
APRIL = date(2028, 4, 1)


def reorganised() -> PolicyDocument:
    """North Hertfordshire and Broxbourne become one new district on 1 April 2028; the directory still says the old."""
    herts = policy().forces["herts"]
    districts = {
        **herts.districts,
        NORTH_HERTS: District(name="North Hertfordshire", until=APRIL),
        BROXBOURNE: District(name="Broxbourne", until=APRIL),
        NEW: District.model_validate({"name": "Lea and Chilterns", "from": APRIL}),
    }
    superseded = {**herts.superseded, NORTH_HERTS: NEW}
    changed = herts.model_copy(update={"districts": districts, "superseded": superseded})
    return policy().model_copy(update={"forces": {**policy().forces, "herts": changed}})


@pytest.mark.parametrize(
    ("where", "on", "district", "confidence"),
    [
        ({"postcode": "SG8 5AB"}, date(2028, 3, 31), NORTH_HERTS, "high"),
        ({"postcode": "SG8 5AB"}, APRIL, NEW, "high"),
        ({"postcode": "SG8", "district": NEW}, APRIL, NEW, "high"),
        ({"district": "lea and chilterns"}, APRIL, NEW, "high"),
        ({"postcode": "EN11 8AA"}, date(2028, 3, 31), BROXBOURNE, "high"),
        ({"postcode": "EN11 8AA"}, APRIL, None, "low"),
    ],
)
def test_a_district_counts_as_it_stood_on_the_day_and_without_a_successor_a_human_decides(
    where: dict[str, Any], on: date, district: str | None, confidence: str
) -> None:
    places = [Location.model_validate(incident(**where))]
    found = geography(reorganised(), on).resolve(places, "herts", home=NOWHERE, venue=None)
    assert (found.force, found.district, found.confidence, found.desk) == ("herts", district, confidence, None)


@pytest.mark.parametrize(
    ("given", "on", "reason"),
    [
        ("E07000097", TODAY, "superseded_district"),
        ("E07000001", TODAY, "superseded_district"),
        (NORTH_HERTS, APRIL, "superseded_district"),
        ("Broxbourne", APRIL, "superseded_district"),
        (NEW, date(2028, 3, 31), "unknown_district"),
        ("Narnia", TODAY, "unknown_district"),
    ],
)
def test_a_district_that_was_given_up_is_refused_with_that_reason(given: str, on: date, reason: str) -> None:
    places = [Location.model_validate(incident(district=given))]
    assert [one.reason for one in geography(reorganised(), on).faults(places)] == [reason]


def test_a_home_looked_up_under_an_older_code_counts_under_the_newer() -> None:
    found = geography(reorganised(), APRIL).resolve([], "beds", home=Place(NORTH_HERTS, "high"), venue=None)
    assert (found.force, found.district) == ("herts", NEW)


def test_a_district_may_pass_to_another_force_and_may_not_be_two_forces_on_one_day() -> None:
    text = (Path(__file__).parents[3] / "deploy" / "policy.toml").read_text()
    luton = 'E06000032 = { name = "Luton" }'
    passing = text.replace(luton, 'E06000032 = { name = "Luton", until = 2028-04-01 }').replace(
        "E07000095 = {", 'E06000032 = { name = "Luton", from = 2028-04-01 }\nE07000095 = {'
    )
    changed = parse_policy(passing)
    assert [changed.force_of_district(LUTON, day) for day in (date(2028, 3, 31), APRIL)] == ["beds", "herts"]
    with pytest.raises(PolicyError, match="policed_twice"):
        parse_policy(passing.replace("from = 2028-04-01", "from = 2028-03-31"))


def test_the_incident_owns_then_the_home_then_the_source() -> None:
    luton = Place(LUTON, "high")
    assert resolved(incident(postcode="SG8 6AA"), home=luton).force == "cambs"
    assert resolved({"kind": "meeting", "postcode": "SG8 6AA"}, home=luton).force == "beds"
    assert resolved({"kind": "home", "district": LUTON}).force == "beds"
    assert resolved({"kind": "meeting", "postcode": "SG8 6AA"}).force == "herts"
    assert resolved(venue=SOUTH_CAMBS).force == "cambs"


def test_an_incident_that_needs_a_human_is_not_replaced_by_a_home_that_does_not() -> None:
    found = resolved(incident(postcode="SG8"), home=Place(LUTON, "high"))
    assert (found.force, found.confidence) == ("herts", "low")


def test_the_railway_has_a_police_of_its_own() -> None:
    found = resolved({"kind": "rail", "postcode": "SG8 5AB"}, incident(postcode="EN11 8AA"))
    assert (found.force, found.desk) == ("herts", "british_transport_police")


def test_places_that_are_none_are_named() -> None:
    wrong = [incident(postcode="EN11 8AA"), incident(district="E07000097"), incident(district="Narnia")]
    faults = geography().faults([Location.model_validate(location) for location in wrong])
    assert [(one.field, one.reason) for one in faults] == [
        ("locations.1.district", "superseded_district"),
        ("locations.2.district", "unknown_district"),
    ]

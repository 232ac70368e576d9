"""Where a report belongs: the right force, or a human check, never a guess."""

from typing import Any

import pytest

from services.intake.rules.geography import NOWHERE, Place, Resolution
from shared.contracts.particulars import Location
from shared.contracts.postcode import Postcode, parse_postcode
from tests.rules.intake.furniture import (
    BROXBOURNE,
    CAMDEN,
    LUTON,
    NORTH_HERTS,
    SOUTH_CAMBS,
    UTTLESFORD,
    geography,
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
        ("Royston", None),
        ("8", None),
        ("SG8 5A", None),
        ("", None),
    ],
)
def test_a_postcode_is_read_in_any_case_and_spacing(text: str, postcode: Postcode | None) -> None:
    assert parse_postcode(text) == postcode


@pytest.mark.parametrize(
    ("where", "force", "district", "confidence", "desk"),
    [
        ({"postcode": "en118aa"}, "herts", BROXBOURNE, "high", None),
        ({"postcode": "SG8 5AB"}, "herts", NORTH_HERTS, "high", None),
        ({"postcode": "SG8 6AA"}, "cambs", SOUTH_CAMBS, "high", None),
        ({"postcode": "SG8 8XX"}, "herts", UTTLESFORD, "high", "essex"),
        ({"postcode": "NW1 8QP"}, "herts", CAMDEN, "high", "metropolitan"),
        ({"postcode": "G1 1AA"}, "herts", "S12000049", "high", "other_force"),
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
    wrong = [incident(postcode="EN11 8AA"), incident(postcode="X9X9X9"), incident(district="E07000097")]
    faults = geography().faults([Location.model_validate(location) for location in wrong])
    assert [(one.field, one.reason) for one in faults] == [
        ("locations.1.postcode", "not_a_postcode"),
        ("locations.2.district", "unknown_district"),
    ]

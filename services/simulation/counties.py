"""The nineteen districts, with a few real postcodes of each, and postcodes that test a boundary.

Enough for a roster and a first look without the ONS directory. Postcodes are from the ONS Postcode Directory
(contains OS, Royal Mail and National Statistics data, Open Government Licence); they were drawn at random and
stand for nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FORCES = ("herts", "beds", "cambs")

FORCE_NAMES: Mapping[str, str] = {"herts": "Hertfordshire", "beds": "Bedfordshire", "cambs": "Cambridgeshire"}


@dataclass(frozen=True)
class District:
    """An ONS district of one force; `postcodes` lie in it."""

    code: str
    name: str
    force: str
    postcodes: tuple[str, ...]


DISTRICTS: tuple[District, ...] = (
    District("E07000095", "Broxbourne", "herts", ("EN7 6EP", "EN8 1AZ", "EN10 7JX", "EN11 0HJ")),
    District("E07000096", "Dacorum", "herts", ("HP1 1JW", "HP2 7FZ", "HP4 1QA", "HP23 5FJ")),
    District("E07000098", "Hertsmere", "herts", ("WD6 1NE", "WD7 8LP", "EN6 5HR", "WD23 1JT")),
    District("E07000099", "North Hertfordshire", "herts", ("SG4 7RZ", "SG6 1NQ", "SG7 6ZX", "SG5 2GA")),
    District("E07000102", "Three Rivers", "herts", ("WD3 5GJ", "WD5 0BG", "WD19 6JX", "WD3 0NT")),
    District("E07000103", "Watford", "herts", ("WD17 3LA", "WD18 0YZ", "WD24 5EG", "WD25 9EW")),
    District("E07000240", "St Albans", "herts", ("AL1 1LZ", "AL2 3SR", "AL3 4XJ", "AL4 8EU")),
    District("E07000241", "Welwyn Hatfield", "herts", ("AL7 1TX", "AL8 7TQ", "AL9 5LD", "AL10 9WP")),
    District("E07000242", "East Hertfordshire", "herts", ("SG9 0EB", "SG12 8TL", "SG13 7QQ", "SG14 1BZ")),
    District("E07000243", "Stevenage", "herts", ("SG1 4SP", "SG2 9AZ", "SG1 4LR", "SG2 0EL")),
    District("E06000032", "Luton", "beds", ("LU1 5ER", "LU2 0HR", "LU3 9DJ", "LU4 0EQ")),
    District("E06000055", "Bedford", "beds", ("MK40 2XQ", "MK41 8YR", "MK42 9HS", "MK44 1QQ")),
    District("E06000056", "Central Bedfordshire", "beds", ("LU5 4QN", "LU7 3RP", "SG18 8FF", "MK45 1PD")),
    District("E06000031", "Peterborough", "cambs", ("PE1 9LJ", "PE2 6TF", "PE3 6JY", "PE4 5XS")),
    District("E07000008", "Cambridge", "cambs", ("CB1 2TP", "CB2 7AA", "CB4 3YH", "CB5 8NW")),
    District("E07000009", "East Cambridgeshire", "cambs", ("CB6 2WU", "CB7 9HZ", "CB8 9TX", "CB25 9DT")),
    District("E07000010", "Fenland", "cambs", ("PE13 3QE", "PE15 8FG", "PE16 6HW", "PE7 1NX")),
    District("E07000011", "Huntingdonshire", "cambs", ("PE19 4HA", "PE26 1DD", "PE28 4SS", "PE29 3EP")),
    District("E07000012", "South Cambridgeshire", "cambs", ("CB21 5AD", "CB22 5LW", "CB23 8DY", "CB24 5JU")),
)

FORCE_OF: Mapping[str, str] = {district.code: district.force for district in DISTRICTS}

STRADDLING: Mapping[str, tuple[str, ...]] = {
    "SG8": ("SG8 6RX", "SG8 7UT"),
    "AL5": ("AL5 1LY", "AL5 3NG"),
    "LU2": ("LU2 7QB", "LU2 9QA"),
    "PE19": ("PE19 1RF", "PE19 6WL"),
    "SG5": ("SG5 1WT", "SG5 9HA"),
    "SG7": ("SG7 6QZ", "SG7 5RT"),
    "SG19": ("SG19 9BZ", "SG19 3AZ"),
    "PE28": ("PE28 0DJ", "PE28 0NE"),
    "AL3": ("AL3 6JZ", "AL3 8DE"),
}
"""Outward codes that two of the three forces share, each with full postcodes from more than one district."""

OUTSIDE: tuple[str, ...] = (
    "SG8 8XB", "CM23 1DX", "EN6 1PZ", "CB10 9SE", "NN10 8HN", "PE9 2BD", "PE12 8FL", "CB9 9EE", "HP23 4LJ",
    "LU7 9DQ", "WD3 2UW", "CB8 9HW", "IP28 8AL", "PE14 8HA", "EN9 2EQ", "HP5 2XU",
)  # fmt: skip
"""Full postcodes just over the boundary, many of them in outward codes that look like ours."""


def districts_of(force: str) -> tuple[District, ...]:
    """The districts of one force, in order of their codes."""
    return tuple(district for district in DISTRICTS if district.force == force)

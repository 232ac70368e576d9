"""Places: real postcodes, in the districts that the policy knows."""

from random import Random

from services.simulation.counties import DISTRICTS, FORCE_OF, STRADDLING
from services.simulation.names import drama_phone, full_name, mailbox
from services.simulation.places import shipped
from shared.contracts.policy import parse_policy
from shared.policy_file import SHIPPED

POLICY = parse_policy(SHIPPED.read_text(encoding="utf-8"))


def test_the_districts_are_those_of_the_policy_with_its_names() -> None:
    known = {
        (code, district.name, force) for force, its in POLICY.forces.items() for code, district in its.districts.items()
    }
    assert {(district.code, district.name, district.force) for district in DISTRICTS} == known


def test_what_ships_covers_every_district_and_each_straddling_outward_code_twice() -> None:
    rows = [row for rows in shipped().inside.values() for row in rows]
    assert {district for _, district in rows} == set(FORCE_OF)
    assert all(
        len(codes) > 1 and all(code.startswith(f"{outward} ") for code in codes)
        for outward, codes in STRADDLING.items()
    )


def test_every_force_has_something_on_the_line() -> None:
    assert all(shipped().on_the_line[force] for force in shipped().inside)


def test_phone_numbers_are_for_drama_until_they_run_out() -> None:
    numbers = [drama_phone(number) for number in range(14_000)]
    assert len(set(numbers)) == 14_000
    assert all(number and number.startswith("+44") and "77009009" not in number[12:] for number in numbers)
    assert drama_phone(1_000_000) is None


def test_names_make_mailboxes_that_nobody_has() -> None:
    assert mailbox("Rowan Ashby", 7) == "rowan.ashby.7@example.org"
    assert len(full_name(Random(1)).split()) == 2

"""Whoever writes a policy is told the line, however they wrote it."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.policy import PolicyError, parse_policy, read_json
from shared.contracts.toml_lines import line_of, lines_of
from tests.rules.policy.drafts import shipped, text

GARDEN = '''# A garden, with everything TOML has.
title = "Otters [not a table] = \\" # no comment"
'odd key' = 1

[pond]
depth.summer = 3
depth.winter = { cm = 40, frozen = [ true,
] }
"très profond" = 2
verse = """
[not.a.table]
line = two"""""
plain = \'\'\'a = "b
\'\'\'

[[pond.frogs]]
name = "Ludo"
spots = [
  1, # first
  2,
  [ 3,
    4 ],
]

[[pond.frogs]]
name = "Ida"
[pond.frogs.home]
leaf = 7

[shed.tools]
spade = 1979-05-27 07:32:00
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("title", 2),
        ("odd key", 3),
        ("pond", 5),
        ("pond.depth", 6),
        ("pond.depth.winter.cm", 7),
        ("pond.depth.winter.frozen.0", 7),
        ("pond.très profond", 9),
        ("pond.verse", 10),
        ("pond.plain", 13),
        ("pond.frogs.0.name", 17),
        ("pond.frogs.0.spots.1", 20),
        ("pond.frogs.0.spots.2.1", 22),
        ("pond.frogs.1.name", 26),
        ("pond.frogs.1.home.leaf", 28),
        ("shed.tools.spade", 31),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_place_of_a_text_has_its_line(place: str, line: int, ending: str) -> None:
    written = GARDEN.replace("\n", ending)
    assert tomllib.loads(written)

    assert lines_of(written)[place] == line


@pytest.mark.parametrize(
    ("place", "line"),
    [("pond.frogs.1.home.hammock", 27), ("shed.tools.rake.handle", 30), ("nowhere", None), ("", None)],
)
def test_what_is_missing_is_looked_for_where_it_should_stand(place: str, line: int | None) -> None:
    assert line_of(lines_of(GARDEN), place) == line


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield ".".join((*path, str(key)))
        yield from places(inner, (*path, str(key)))


def test_every_place_of_the_default_policy_has_a_line_and_no_other_has() -> None:
    assert set(places(tomllib.loads(shipped()))) == set(lines_of(shipped()))


@given(st.text(alphabet="ab.=\"'[]{}#,1 \n", max_size=60))
@settings(max_examples=400, deadline=None)
def test_whatever_is_toml_has_lines_within_the_text(written: str) -> None:
    try:
        read = tomllib.loads(written)
    except tomllib.TOMLDecodeError:
        return
    found = lines_of(written)

    assert set(found) == set(places(read))
    assert all(1 <= line <= written.count("\n") + 1 for line in found.values())


@pytest.mark.parametrize(
    ("change", "place", "reason", "on_the_line_of"),
    [
        (("cap = 3", "cap = 0"), "matching.cap", "out_of_range", "cap = 0"),
        (("cap = 3", "cap = 3\ncaps = 4"), "matching.caps", "unknown_field", "caps = 4"),
        (("cap = 3", 'cap = 3\n"Mrs Pettifer" = 4'), "matching.?", "unknown_field", '"Mrs Pettifer" = 4'),
        (("cap = 3\n", ""), "matching.cap", "required", "[matching]"),
        (('kind = "sister_forces" },\n  { after_minutes = 60', 'kind = "sisters" },\n  { after_minutes = 60'),
         "classes.priority.steps.4.kind", "not_allowed_value", '  { after_minutes = 45, kind = "sisters" },'),
        (('role = "sergeant" }', 'role = "seargent" }'), "classes.priority.steps.3.role", "unknown_code",
         '  { after_minutes = 30, kind = "role", role = "seargent" },'),
        (("E06000032 =", "E07000099 ="), "forces.beds.districts.E07000099", "policed_twice",
         'E07000099 = { name = "Luton" }'),
        (('timezone = "Europe/London"', 'timezone = "Europe/Watford"'), "calendar.timezone", "unknown_timezone",
         'timezone = "Europe/Watford"'),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line(change: tuple[str, str], place: str, reason: str, on_the_line_of: str) -> None:
    written = text(change)
    with pytest.raises(PolicyError) as refused:
        parse_policy(written)
    (found,) = [one for one in refused.value.errors if (one.field, one.reason) == (place, reason)]

    assert found.line is not None
    assert written.splitlines()[found.line - 1] == on_the_line_of


@pytest.mark.parametrize(
    ("written", "line"),
    [("a = [", 1), ("a = 1\n\nb = oops\n", 3), ("[a]\nb = 1\nb = 2\n", 3), ("x = '''\n\n", 3)],
)
def test_what_is_no_toml_names_its_line_and_repeats_nothing_of_it(written: str, line: int) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(written)
    (found,) = refused.value.errors

    assert (found.field, found.reason, found.line) == ("toml", "not_toml", line)


@pytest.mark.parametrize("written", ["a = " + "[" * 100_000, "a = " + "{b=" * 100_000])
def test_a_bottomless_text_is_refused_like_any_other(written: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [("[]", "not_an_object"), ("{", "not_json"), ("[" * 100_000, "too_deep"), ("3", "not_an_object")],
)
def test_json_that_is_no_policy_is_refused(written: str, reason: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_json(written)

    assert [error.reason for error in refused.value.errors] == [reason]

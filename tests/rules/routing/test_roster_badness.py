"""Every kind of bad roster file: nothing of it is taken, and file, line, column and reason are named."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.rules.roster.files import Known, read_roster
from services.routing.rules.roster.rows import RosterRefused, RosterRows
from services.routing.rules.roster.table import LARGEST_FILE, MOST_FAULTS
from tests.rules.routing.test_roster_files import GOOD, KNOWN

HEAD = {name: text.split("\n")[0] for name, text in GOOD.items()}


def duties(*lines: str) -> dict[str, bytes]:
    return {"duties.csv": "\n".join(("officer,kind,from,until", *lines, "")).encode()}


def roles(*lines: str) -> dict[str, bytes]:
    return {"roles.csv": "\n".join(("force,role,name,phone,email,webhook,from,until", *lines, "")).encode()}


def training(*lines: str) -> dict[str, bytes]:
    return {"training.csv": "\n".join(("officer,course,attended,valid_until", *lines, "")).encode()}


def officers(*lines: str) -> dict[str, bytes]:
    good = GOOD["officers.csv"].split("\n")[1:3]
    return {"officers.csv": "\n".join((HEAD["officers.csv"], *good, *lines, "")).encode()}


BAD: Mapping[str, tuple[dict[str, bytes], tuple[str, int, str, str]]] = {
    "an officer twice": (officers("B7,beds,,,,,,,07700900008,,,,"), ("officers.csv", 4, "id", "repeated")),
    "a force nobody has": (officers("X1,kent,,,,,,,07700900008,,,,"), ("officers.csv", 4, "force", "unknown_force")),
    "a district that is none": (
        officers("X1,herts,,Watford,,,,,07700900008,,,,"),
        ("officers.csv", 4, "districts", "not_a_district_code"),
    ),
    "a district outside": (
        officers("X1,herts,,E09000001,,,,,07700900008,,,,"),
        ("officers.csv", 4, "districts", "unknown_district"),
    ),
    "a skill nobody knows": (
        officers("X1,herts,,,juggling,,,,07700900008,,,,"),
        ("officers.csv", 4, "skills", "unknown_skill"),
    ),
    "nobody can reach them": (officers("X1,herts,,,,,,,,,,,"), ("officers.csv", 4, "phone", "no_means")),
    "a cap of none": (
        officers("X1,herts,,,,,,0,07700900008,,,,"),
        ("officers.csv", 4, "cap", "not_between_1_and_99"),
    ),
    "a base that is no postcode": (
        officers("X1,herts,,,,,,,07700900008,,,,Stevenage"),
        ("officers.csv", 4, "base_postcode", "not_a_postcode"),
    ),
    "training of a stranger": (training("X9,llo,,2027-01-01"), ("training.csv", 2, "officer", "unknown_officer")),
    "training that ends before it was": (
        training("B7,llo,2026-05-01,2026-04-30"),
        ("training.csv", 2, "valid_until", "before_attended"),
    ),
    "training without an end": (training("B7,llo,2026-05-01,"), ("training.csv", 2, "valid_until", "required")),
    "a day that is none": (training("B7,llo,,2027-02-29"), ("training.csv", 2, "valid_until", "not_a_date")),
    "duty of a stranger": (
        duties("X9,duty,2026-11-23T07:00,2026-11-23T15:00"),
        ("duties.csv", 2, "officer", "unknown_officer"),
    ),
    "a kind nobody knows": (
        duties("B7,asleep,2026-11-23T07:00,2026-11-23T15:00"),
        ("duties.csv", 2, "kind", "unknown_kind"),
    ),
    "until before from": (
        duties("B7,duty,2026-11-23T15:00,2026-11-23T07:00"),
        ("duties.csv", 2, "until", "not_after_from"),
    ),
    "until at from": (
        duties("B7,duty,2026-11-23T15:00,2026-11-23T15:00"),
        ("duties.csv", 2, "until", "not_after_from"),
    ),
    "two lines overlapping": (
        duties("B7,duty,2026-11-23T07:00,2026-11-23T15:00", "B7,duty,2026-11-23T14:00,2026-11-23T22:00"),
        ("duties.csv", 3, "from", "overlaps_another_line"),
    ),
    "one line inside another": (
        duties("B7,leave,2026-11-23T09:00,2026-11-23T10:00", "B7,leave,2026-11-23,2026-11-24"),
        ("duties.csv", 3, "from", "overlaps_another_line"),
    ),
    "a local time the spring skips": (
        duties("B7,duty,2026-03-29T01:30,2026-03-29T09:00"),
        ("duties.csv", 2, "from", "no_such_local_time"),
    ),
    "a year that is a slip": (
        duties("B7,duty,0226-11-23T07:00,2026-11-23T15:00"),
        ("duties.csv", 2, "from", "not_a_plausible_year"),
    ),
    "the last day there is": (
        duties("B7,leave,2026-11-23,9999-12-31"),
        ("duties.csv", 2, "until", "not_a_plausible_year"),
    ),
    "a time in words": (duties("B7,duty,7am,2026-11-23T15:00"), ("duties.csv", 2, "from", "not_a_time")),
    "a time by week": (duties("B7,duty,2026-W48-1,2026-11-23T15:00"), ("duties.csv", 2, "from", "not_a_time")),
    "a role without means": (roles("herts,fim,Inspector Plum,,,,,"), ("roles.csv", 2, "phone", "no_means")),
    "a role nobody knows": (roles("herts,juggler,Zoë,07700900001,,,,"), ("roles.csv", 2, "role", "unknown_role")),
    "a role of a force nobody has": (roles("kent,fim,Zoë,07700900001,,,,"), ("roles.csv", 2, "force", "unknown_force")),
    "a turn that ends first": (
        roles("herts,fim,Zoë,07700900001,,,2026-11-24,2026-11-22"),
        ("roles.csv", 2, "until", "not_after_from"),
    ),
    "latin-1": (
        {"roles.csv": HEAD["roles.csv"].encode() + "\nherts,fim,Zoë,07700900001,,,,\n".encode("latin-1")},
        ("roles.csv", 2, "", "not_utf8"),
    ),
    "UTF-16": ({"roles.csv": GOOD["roles.csv"].encode("utf-16")}, ("roles.csv", 1, "", "not_utf8")),
    "a NUL": ({"duties.csv": GOOD["duties.csv"].encode() + b"\x00"}, ("duties.csv", 5, "", "nul_character")),
    "fifty megabytes": ({"duties.csv": b"x" * (50 * 1024 * 1024)}, ("duties.csv", 0, "", "too_large")),
    "just too large": ({"duties.csv": b"x" * (LARGEST_FILE + 1)}, ("duties.csv", 0, "", "too_large")),
    "another file's header": (
        {"duties.csv": GOOD["training.csv"].encode()},
        ("duties.csv", 1, "attended", "unknown_column"),
    ),
    "an empty file": ({"training.csv": b""}, ("training.csv", 1, "officer", "missing_column")),
}


def read(changes: Mapping[str, bytes]) -> RosterRows:
    files = {name: text.encode() for name, text in GOOD.items()}
    return read_roster(files | dict(changes), KNOWN)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_whole_and_says_where_and_why(name: str) -> None:
    changes, fault = BAD[name]
    with pytest.raises(RosterRefused) as caught:
        read(changes)
    assert fault in [(bad.file, bad.line, bad.column, bad.reason) for bad in caught.value.bad]


@pytest.mark.parametrize("missing", GOOD)
def test_a_file_that_is_not_there_is_named(missing: str) -> None:
    with pytest.raises(RosterRefused) as caught:
        read_roster(
            {name: text.encode() for name, text in GOOD.items() if name != missing}, Known(frozenset({"herts"}))
        )
    assert (missing, 0, "missing_file") in [(bad.file, bad.line, bad.reason) for bad in caught.value.bad]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("a byte order mark", {name: b"\xef\xbb\xbf" + text.encode() for name, text in GOOD.items()}),
        ("lines that end as in Windows", {name: text.replace("\n", "\r\n").encode() for name, text in GOOD.items()}),
        ("no line end at the end", {name: text.rstrip("\n").encode() for name, text in GOOD.items()}),
        ("empty lines", {name: text.replace("\n", "\n\n").encode() for name, text in GOOD.items()}),
        ("quotes", {"duties.csv": GOOD["duties.csv"].replace("H1042,", '"H1042",').encode()}),
    ],
)
def test_what_makes_no_difference_makes_none(name: str, changes: Mapping[str, bytes]) -> None:
    assert read(changes) == read({})


def test_the_same_line_twice_says_nothing_new() -> None:
    text = GOOD["duties.csv"]
    assert read({"duties.csv": (text + text.split("\n")[1] + "\n").encode()}) == read({})


def test_shifts_that_touch_do_not_overlap_and_leave_may_lie_on_top_of_a_shift() -> None:
    lines = duties(
        "B7,duty,2026-11-23T07:00,2026-11-23T15:00",
        "B7,duty,2026-11-23T15:00,2026-11-23T23:00",
        "B7,leave,2026-11-23,2026-11-23",
        "B7,restricted,2026-11-24,2026-11-30",
    )
    assert [row.kind for row in read(lines).duties] == ["leave", "duty", "duty", "restricted"]


def test_in_autumn_a_local_time_that_comes_twice_is_the_first_and_an_offset_says_which() -> None:
    first, second, third = (
        row.starts.hour
        for row in read(
            duties(
                "B7,duty,2026-10-25T01:30,2026-10-25T01:45",
                "B7,court,2026-10-25T01:30+00:00,2026-10-25T09:00",
                "B7,event,2026-10-25T02:30,2026-10-25T09:00",
            )
        ).duties
    )
    assert (first, second, third) == (0, 1, 2)


def test_a_wrong_file_is_not_read_to_its_end() -> None:
    lines = "".join(f"B7,duty,{number},soon\n" for number in range(100_000))
    with pytest.raises(RosterRefused) as caught:
        read({"duties.csv": f"officer,kind,from,until\n{lines}".encode()})
    assert len(caught.value.bad) <= MOST_FAULTS + 3
    assert caught.value.bad[-1].reason == "too_many_faults"


@given(st.randoms(use_true_random=False))
def test_the_same_lines_in_any_order_are_the_same_roster(chance: random.Random) -> None:
    shuffled = {}
    for name, text in GOOD.items():
        head, *lines = text.rstrip("\n").split("\n")
        chance.shuffle(lines)
        shuffled[name] = "\n".join((head, *lines, "")).encode()
    assert read(shuffled) == read({})


@given(st.sampled_from(sorted(BAD)), st.sampled_from(sorted(BAD)))
def test_any_two_bad_things_at_once_are_refused_whole(one: str, other: str) -> None:
    with pytest.raises(RosterRefused):
        read(BAD[one][0] | BAD[other][0])

"""Reading a roster: everything or nothing, each bad line named, no value echoed."""

from datetime import UTC, date, datetime

import pytest

from services.routing.rules.roster.files import Known, read_roster
from services.routing.rules.roster.rows import RosterRefused, RosterRows

KNOWN = Known(
    forces=frozenset({"herts", "beds", "cambs"}),
    districts=frozenset({"E07000099", "E06000032"}),
    skills=frozenset({"trans", "youth"}),
    courses=frozenset({"llo", "llo_refresher"}),
)

GOOD = {
    "officers.csv": (
        "id,force,title,districts,skills,languages,gender,cap,phone,email,webhook,avoid,base_postcode\n"
        "H1042,herts,PC,E07000099,trans; youth,pl;BFI,woman,3,07700 900042,,,sg8 7;SG87,sg1 1aa\n"
        "B7,beds,Sgt,E06000032,,,,,,owl@beds.example,https://phones.example/b7,,\n"
    ),
    "training.csv": "officer,course,attended,valid_until\nH1042,,2025-05-19,2027-05-19\nB7,llo,,2026-12-31\n",
    "duties.csv": (
        "officer,kind,from,until\n"
        "H1042,duty,2026-11-23T07:00,2026-11-23T17:00\n"
        "H1042,leave,2026-12-24,2026-12-26\n"
        "B7,on_call,2026-07-01T22:00,2026-07-02T06:00Z\n"
    ),
    "roles.csv": "force,role,name,phone,email,webhook,from,until\nherts,fim,Force incident manager,+441707000000,,,,\n",
}


def read(**changes: str | bytes) -> RosterRows:
    files = {name: text.encode() for name, text in GOOD.items()}
    for name, content in changes.items():
        files[f"{name}.csv"] = content if isinstance(content, bytes) else content.encode()
    return read_roster(files, KNOWN)


def refused(**changes: str | bytes) -> list[tuple[str, int, str, str]]:
    with pytest.raises(RosterRefused) as caught:
        read(**changes)
    return [(bad.file, bad.line, bad.column, bad.reason) for bad in caught.value.bad]


def test_a_good_roster_reads_as_it_is_meant() -> None:
    roster = read()
    beds, herts = roster.officers
    assert (herts.id, herts.cap, herts.skills, herts.languages) == (
        "H1042",
        3,
        ("trans", "youth"),
        ("pl", "bfi"),
    )
    assert herts.avoid == ("SG8 7",)
    assert herts.base_postcode == "SG1 1AA"
    assert [(means.kind, means.address) for means in herts.means] == [("phone", "+447700900042")]
    assert [means.kind for means in beds.means] == ["email", "webhook"]
    assert beds.cap is None
    assert [row.course for row in roster.training] == ["llo", "llo"]


def test_a_time_without_an_offset_is_london_time_in_winter_and_in_summer() -> None:
    duties = {(row.officer, row.kind): row for row in read().duties}
    assert duties["H1042", "duty"].starts == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert duties["B7", "on_call"].starts == datetime(2026, 7, 1, 21, tzinfo=UTC)
    assert duties["B7", "on_call"].ends == datetime(2026, 7, 2, 6, tzinfo=UTC)


def test_leave_given_in_days_covers_its_last_day() -> None:
    leave = next(row for row in read().duties if row.kind == "leave")
    assert (leave.starts.date(), leave.ends) == (date(2026, 12, 24), datetime(2026, 12, 27, tzinfo=UTC))


def test_the_order_of_lines_and_a_byte_order_mark_make_no_difference() -> None:
    head, first, second, _ = GOOD["officers.csv"].split("\n")
    assert read(officers="\ufeff" + "\n".join([head, second, "", first, ""])) == read()


def test_every_bad_line_is_named_and_none_of_the_roster_is_taken() -> None:
    faults = refused(
        officers=(
            "id,force,cap,phone\nH1042,hurts,none,07700 900042\nH1043,herts,3,\n"
            "B7,beds,,07700900007\nB7,beds,,07700900008\n"
        ),
        training="officer,course,valid_until\nH9,llo,2026-02-30\nH1042,juggling,\n",
        duties="officer,kind,from,until\nH1042,duty,2026-11-23T17:00,2026-11-23T07:00\nH1042,asleep,soon,2026-03-29T01:30\n",
    )
    assert faults == [
        ("officers.csv", 2, "cap", "not_between_1_and_99"),
        ("officers.csv", 2, "force", "unknown_force"),
        ("officers.csv", 3, "phone", "no_means"),
        ("officers.csv", 5, "id", "repeated"),
        ("training.csv", 2, "officer", "unknown_officer"),
        ("training.csv", 2, "valid_until", "not_a_date"),
        ("training.csv", 3, "course", "unknown_course"),
        ("training.csv", 3, "valid_until", "required"),
        ("duties.csv", 2, "until", "not_after_from"),
        ("duties.csv", 3, "from", "not_a_time"),
        ("duties.csv", 3, "kind", "unknown_kind"),
        ("duties.csv", 3, "until", "no_such_local_time"),
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"id,force,phone\nH1,herts,\xff\xfe\n", (2, "", "not_utf8")),
        (b"id,force,phone\nH1\x00,herts,07700900001\n", (2, "", "nul_character")),
        (b"id,phone\nH1,07700900001\n", (1, "force", "missing_column")),
        (b"id,force,phone,shoe_size\nH1,herts,07700900001,9\n", (1, "shoe_size", "unknown_column")),
        (b"id,force,phone,phone\nH1,herts,07700900001,9\n", (1, "phone", "repeated_column")),
        (b"id,force,phone\nH1,herts\n", (2, "", "wrong_number_of_columns")),
        (b'id,force,phone\n"H1,herts\n', (2, "", "not_csv")),
        (b"", (1, "force", "missing_column")),
        (b"id,force,email\nH1,herts,two@at@signs\n", (2, "email", "not_an_email_address")),
        (b"id,force,webhook\nH1,herts,ftp://old.example\n", (2, "webhook", "not_a_web_address")),
        (b"id,force,webhook\nH1,herts,http://plum.example:99999/\n", (2, "webhook", "not_a_web_address")),
        (b"id,force,webhook\nH1,herts,http://plum.example:0/\n", (2, "webhook", "not_a_web_address")),
        (b"id,force,webhook\nH1,herts,http://plum jam.example/\n", (2, "webhook", "not_a_web_address")),
        (b"id,force,webhook\nH1,herts,http://167772161/\n", (2, "webhook", "not_a_web_address")),
        (b"id,force,webhook\nH1,herts,http://10.1/\n", (2, "webhook", "not_a_web_address")),
        (b"id,force,webhook\nH1,herts,http://0xa000001/\n", (2, "webhook", "not_a_web_address")),
        ("id,force,webhook\nH1,herts,http://\uff11\uff10.0.0.1/\n".encode(), (2, "webhook", "not_a_web_address")),
        (b"id,force,phone\nH 1,herts,07700900001\n", (2, "id", "not_an_id")),
        (b"id,force,phone,avoid\nH1,herts,07700900001,SG8\n", (2, "avoid", "not_a_postcode_sector")),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, fault: tuple[int, str, str]) -> None:
    assert refused(officers=content, training="officer,valid_until\n", duties="officer,kind,from,until\n")[0] == (
        "officers.csv",
        *fault,
    )


def test_a_missing_file_is_named() -> None:
    files = {name: text.encode() for name, text in GOOD.items() if name != "roles.csv"}
    with pytest.raises(RosterRefused) as caught:
        read_roster(files, KNOWN)
    assert [(bad.file, bad.reason) for bad in caught.value.bad] == [("roles.csv", "missing_file")]


def test_no_reason_repeats_a_cell() -> None:
    for fault in refused(officers="id,force,phone,email\nSecret Name,atlantis,ring me,Secret Name\n"):
        assert "Secret" not in str(fault)
        assert "atlantis" not in str(fault)

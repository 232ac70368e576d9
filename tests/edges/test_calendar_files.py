"""Calendars as duty systems and phones write them: each occurrence at its hour, each fault by component and reason."""

from datetime import UTC, datetime, timedelta

import pytest

from services.routing.calendar_file import LARGEST_FILE, Asked, CalendarRefused, Occurrence, read_calendar

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
ASKED = Asked("H1042", frozenset({"H1042", "H1043"}), NOW - timedelta(days=7), NOW + timedelta(days=92))
ZONE = """BEGIN:VTIMEZONE
TZID:Nowhere/Cornfield
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
"""


def calendar(*events: str, head: str = "") -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Plum//Rota//EN\n{head}{inside}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def event(start: str, end: str = "", *more: str, uid: str = "plum-1", kind: str = "CATEGORIES:Duty") -> str:
    return "\n".join(line for line in (f"UID:{uid}", start, end, kind, *more) if line)


def read(*events: str, asked: Asked = ASKED, head: str = "") -> list[Occurrence]:
    return sorted(read_calendar(calendar(*events, head=head), asked).occurrences, key=lambda one: one.starts)


def times(*events: str) -> list[tuple[str, str]]:
    return [(f"{one.starts:%m-%d %H:%M}", f"{one.ends:%m-%d %H:%M}") for one in read(*events)]


def refused(content: bytes, asked: Asked = ASKED) -> list[tuple[int, str, str, str]]:
    with pytest.raises(CalendarRefused) as caught:
        read_calendar(content, asked)
    return [(bad.line, bad.component, bad.name, bad.reason) for bad in caught.value.bad]


LONDON_SHIFT = (
    "DTSTART;TZID=Europe/London:20261023T220000",
    "DTEND;TZID=Europe/London:20261024T060000",
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("DTSTART:20261123T070000Z", "DTEND:20261123T150000Z"), ("11-23 07:00", "11-23 15:00")),
        (("DTSTART:20261020T070000", "DTEND:20261020T150000"), ("10-20 06:00", "10-20 14:00")),
        (("DTSTART;TZID=America/New_York:20261123T070000", "DURATION:PT8H"), ("11-23 12:00", "11-23 20:00")),
        (("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261026"), ("10-23 23:00", "10-26 00:00")),
        (("DTSTART;VALUE=DATE:20261123",), ("11-23 00:00", "11-24 00:00")),
        (("DTSTART:20261123T070000Z", "DURATION:P1D"), ("11-23 07:00", "11-24 07:00")),
        (("DTSTART;TZID=Nowhere/Cornfield:20261123T070000", "DURATION:PT1H"), ("11-23 04:00", "11-23 05:00")),
    ],
)
def test_a_single_event_is_at_its_hour(lines: tuple[str, ...], expected: tuple[str, str]) -> None:
    (one,) = read(event(lines[0], lines[1] if len(lines) > 1 else ""), head=ZONE)
    assert (f"{one.starts:%m-%d %H:%M}", f"{one.ends:%m-%d %H:%M}") == expected
    assert (one.officer, one.kind, one.entry) == ("H1042", "duty", "ical:plum-1")


def test_a_night_shift_ends_at_six_by_the_clock_on_the_wall_on_every_night() -> None:
    """British summer time ended at 01:00 UTC on 25 October 2026."""
    assert times(event(*LONDON_SHIFT, "RRULE:FREQ=DAILY;COUNT=3")) == [
        ("10-23 21:00", "10-24 05:00"),
        ("10-24 21:00", "10-25 06:00"),
        ("10-25 22:00", "10-26 06:00"),
    ]


def test_a_duration_in_hours_is_so_many_hours_whatever_the_clock_does() -> None:
    night = event("DTSTART;TZID=Europe/London:20261024T220000", "DURATION:PT8H")
    assert times(night) == [("10-24 21:00", "10-25 05:00")]


def test_a_local_time_that_spring_skips_is_read_by_the_offset_before_it() -> None:
    spring = Asked("H1042", ASKED.officers, datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 5, tzinfo=UTC))
    skipped = event("DTSTART;TZID=Europe/London:20270327T013000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    assert [one.starts.isoformat() for one in read(skipped, asked=spring)] == [
        "2027-03-27T01:30:00+00:00",
        "2027-03-28T01:30:00+00:00",
        "2027-03-29T00:30:00+00:00",
    ]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=4", ["10-20", "10-22", "10-27", "10-29"]),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20261026T220000Z", ["10-20", "10-22", "10-24", "10-26"]),
        ("FREQ=DAILY;UNTIL=20261022", ["10-20", "10-21", "10-22"]),
        ("FREQ=MONTHLY;BYDAY=3TU", ["10-20", "11-17", "12-15", "01-19"]),
    ],
)
def test_a_recurrence_is_written_out(rule: str, days: list[str]) -> None:
    shift = event("DTSTART;TZID=Europe/London:20261020T090000", "DURATION:PT8H", f"RRULE:{rule}")
    assert [start.split()[0] for start, _ in times(shift)] == days


def test_a_recurrence_is_written_out_from_a_week_back_to_thirteen_weeks_ahead() -> None:
    for_ever = event("DTSTART;TZID=Europe/London:20200101T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY")
    found = read(for_ever)
    assert (found[0].starts.date(), found[-1].starts.date()) == (
        (NOW - timedelta(days=7)).date(),
        (NOW + timedelta(days=92)).date(),
    )
    assert len({one.entry for one in found}) == len(found) == 100


def test_a_single_event_stands_however_far_ahead() -> None:
    assert len(read(event("DTSTART;VALUE=DATE:20271220", "DTEND;VALUE=DATE:20280103", kind="CATEGORIES:LEAVE"))) == 1


def test_days_taken_out_do_not_take_place_and_days_added_do() -> None:
    shift = event(
        "DTSTART;TZID=Europe/London:20261020T090000",
        "DURATION:PT8H",
        "RRULE:FREQ=DAILY;COUNT=6",
        "EXDATE;TZID=Europe/London:20261021T090000,20261022T090000",
        "EXDATE:20261025T090000Z",
        "EXDATE;VALUE=DATE:20261023",
        "RDATE;TZID=Europe/London:20261101T090000",
    )
    assert [start for start, _ in times(shift)] == ["10-20 08:00", "10-24 08:00", "11-01 09:00"]


def test_an_occurrence_that_was_moved_stands_where_it_was_moved_to_and_keeps_its_name() -> None:
    shift = event("DTSTART;TZID=Europe/London:20261020T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=3")
    moved = event(
        "DTSTART;TZID=Europe/London:20261021T140000",
        "DURATION:PT8H",
        "RECURRENCE-ID;TZID=Europe/London:20261021T090000",
    )
    assert [start for start, _ in times(shift, moved)] == ["10-20 08:00", "10-21 13:00", "10-22 08:00"]
    assert [one.entry for one in read(shift, moved)][1] == [one.entry for one in read(shift)][1]


def test_what_was_cancelled_does_not_take_place() -> None:
    shift = event("DTSTART;TZID=Europe/London:20261020T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=2")
    gone = event(
        "DTSTART;TZID=Europe/London:20261021T090000",
        "DURATION:PT8H",
        "RECURRENCE-ID;TZID=Europe/London:20261021T090000",
        "STATUS:CANCELLED",
    )
    party = event("DTSTART;VALUE=DATE:20261020", kind="SUMMARY:Aunt Plum's birthday", uid="party")
    assert [start for start, _ in times(shift, gone, f"{party}\nSTATUS:CANCELLED")] == ["10-20 08:00"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("CATEGORIES:Duty", "duty"),
        ("CATEGORIES:ON-CALL", "on_call"),
        ("CATEGORIES:Rostered,Annual Leave", "leave"),
        ("SUMMARY:sick", "sick"),
        ("SUMMARY:Court duty\nCATEGORIES:Green", "court"),
        ("CATEGORIES:Restricted duties", "restricted"),
        ("CATEGORIES:Red\nCATEGORIES:Busy", "busy"),
    ],
)
def test_a_category_or_else_the_whole_summary_says_what_it_is(said: str, kind: str) -> None:
    assert [one.kind for one in read(event("DTSTART;VALUE=DATE:20261020", kind=said))] == [kind]


def test_without_an_officer_named_for_all_each_event_says_whose_it_is() -> None:
    nobody = Asked(None, ASKED.officers, ASKED.since, ASKED.until)
    own = event("DTSTART;VALUE=DATE:20261020", "X-LIAISON-OFFICER:H1043")
    other = event("DTSTART;VALUE=DATE:20261021", uid="plum-2")
    found = read(own, other, asked=nobody, head="X-LIAISON-OFFICER:H1042\n")
    assert [one.officer for one in found] == ["H1043", "H1042"]


def test_reading_it_again_gives_the_same() -> None:
    shift = event(*LONDON_SHIFT, "RRULE:FREQ=WEEKLY;BYDAY=FR")
    assert read(shift) == read(shift)


DAY = "DTSTART;VALUE=DATE:20261020"

BAD = {
    "no kind": (event(DAY, kind="SUMMARY:Dentist with Marguerite"), "CATEGORIES", "unknown_kind"),
    "no start": (event("", "DURATION:PT8H"), "DTSTART", "required"),
    "a start that is none": (event("DTSTART:tomorrow", "DURATION:PT8H"), "DTSTART", "not_readable"),
    "two starts": (event(DAY, "DTSTART;VALUE=DATE:20261021"), "DTSTART", "repeated"),
    "no end": (event("DTSTART:20261020T090000Z"), "DTEND", "required"),
    "an end before the start": (
        event("DTSTART:20261020T090000Z", "DTEND:20261020T080000Z"), "DTEND", "not_after_start",
    ),
    "no length": (event("DTSTART:20261020T090000Z", "DURATION:PT0S"), "DURATION", "not_after_start"),
    "a day that ends at an hour": (event(DAY, "DTEND:20261020T080000Z"), "DTEND", "not_like_start"),
    "a time zone nobody knows": (
        event("DTSTART;TZID=Moon/Base:20261020T090000", "DURATION:PT8H"), "DTSTART", "unknown_time_zone",
    ),
    "a year that is a slip": (event("DTSTART;VALUE=DATE:02261020"), "DTSTART", "not_a_plausible_year"),
    "every second": (event(DAY, "RRULE:FREQ=SECONDLY"), "RRULE", "unsupported_recurrence"),
    "several times a day": (event(DAY, "RRULE:FREQ=DAILY;BYHOUR=9,12"), "RRULE", "unsupported_recurrence"),
    "a rule that is none": (event(DAY, "RRULE:FREQ=SOMETIMES"), "RRULE", "not_readable"),
    "a rule that never moves": (event(DAY, "RRULE:FREQ=DAILY;INTERVAL=0"), "RRULE", "not_readable"),
    "two rules": (event(DAY, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "RRULE", "repeated"),
    "this and all after it": (
        event(DAY, "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261020"), "RECURRENCE-ID", "unsupported_recurrence",
    ),
    "periods added": (
        event("DTSTART:20261020T090000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20261021T090000Z/PT1H"),
        "RDATE", "unsupported_recurrence",
    ),
    "no name": (event(DAY, uid="").replace("UID:\n", ""), "UID", "required"),
    "a name without end": (event(DAY, uid="p" * 200), "UID", "not_an_id"),
    "a line that is none": (event(DAY, "Marguerite was here"), "", "not_readable"),
    "somebody else's": (event(DAY, "X-LIAISON-OFFICER:H1043"), "X-LIAISON-OFFICER", "another_officer"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_event_is_named_with_its_property_and_reason_and_nothing_is_taken(name: str) -> None:
    text, prop, reason = BAD[name]
    found = refused(calendar(event("DTSTART;VALUE=DATE:20261122", uid="good"), text))
    assert found == [(9, "VEVENT 2", prop, reason)]
    assert "arguerite" not in str(found)


def test_the_same_name_twice_is_one_too_many() -> None:
    assert refused(calendar(event(DAY), event("DTSTART;VALUE=DATE:20261022"))) == [(9, "VEVENT 2", "UID", "repeated")]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked(None, ASKED.officers, ASKED.since, ASKED.until), "required"),
        (Asked("X9", ASKED.officers, ASKED.since, ASKED.until), "unknown_officer"),
    ],
)
def test_an_event_of_nobody_and_one_of_a_stranger_are_refused(asked: Asked, reason: str) -> None:
    assert refused(calendar(event(DAY)), asked) == [(4, "VEVENT 1", "X-LIAISON-OFFICER", reason)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_a_calendar"),
        (b"<!doctype html><title>Sign in</title>", "not_a_calendar"),
        (calendar(event(DAY))[:-20], "not_a_calendar"),
        (calendar(event(DAY)) * 2, "not_a_calendar"),
        (calendar(event(DAY), head="METHOD:CANCEL\n"), "unsupported"),
        (calendar(event(DAY)).replace(b"Duty", b"D\xfcty"), "not_utf8"),
        (calendar(event(DAY)).replace(b"Duty", b"D\x00uty"), "nul_character"),
        (b"x" * (LARGEST_FILE + 1), "too_large"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "not_a_calendar"),
    ],
)
def test_what_is_no_calendar_is_refused_whole(content: bytes, reason: str) -> None:
    ((_, component, _, why),) = refused(content)
    assert (component, why) == ("VCALENDAR", reason)

"""The line a control room's log gets: short, local, and nothing in it about anybody."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.log_lines import LONGEST, LONGEST_DESK, line, log_line, sentence
from shared.contracts import outbound
from shared.contracts.logline import Outbound

NOON_UTC = datetime(2026, 6, 6, 12, 0, tzinfo=UTC)
NAMES = sorted(
    kind.name
    for kind in vars(outbound).values()
    if isinstance(kind, type) and issubclass(kind, Outbound) and "name" in vars(kind)
)


def test_it_reads_like_a_line_of_a_log() -> None:
    line = log_line("report.accepted", NOON_UTC, reference="K7QM-4T9P", due=NOON_UTC + timedelta(minutes=15))
    assert line == "13:00 K7QM-4T9P Report accepted. Next due 13:15."


def test_in_winter_london_is_at_greenwich() -> None:
    assert log_line("service.heartbeat", datetime(2026, 12, 6, 12, 0, tzinfo=UTC)).startswith("12:00 ")


def test_another_day_is_said() -> None:
    line = log_line("report.accepted", NOON_UTC, reference="K7QM-4T9P", due=NOON_UTC + timedelta(days=2))
    assert line.endswith("Next due Mon 08 Jun 13:00.")


def test_another_year_is_said() -> None:
    says = log_line(
        "report.accepted", datetime(2026, 12, 31, 12, 0, tzinfo=UTC), due=datetime(2027, 1, 4, 9, tzinfo=UTC)
    )
    assert says == "12:00 Report accepted. Next due Mon 04 Jan 2027 09:00."


@pytest.mark.parametrize("ago", [timedelta(), timedelta(seconds=1), timedelta(days=400)])
def test_what_is_not_to_come_is_not_said(ago: timedelta) -> None:
    assert log_line("referral.amended", NOON_UTC, due=NOON_UTC - ago) == "13:00 Amendment taken in."


DESKS = {"essex": "Essex Police", "far": "x" * (LONGEST_DESK + 1)}


@pytest.mark.parametrize(
    ("name", "facts", "says"),
    [
        ("referral.handed_over", {"accepted": False}, "Hand-over asked for; still with its officer."),
        ("referral.handed_over", {"accepted": True}, "Handed over between officers."),
        ("referral.handed_off", {"desk": "essex", "received": False}, "Handed off to Essex Police, receipt awaited."),
        ("referral.handed_off", {"desk": "essex", "received": True}, "Handed off: received by Essex Police."),
        ("referral.handed_off", {"desk": "far", "received": False}, "Sent to an outside desk. Receipt awaited."),
        ("referral.handed_off", {"desk": "far", "received": True}, "Handed off: the outside desk has it."),
        ("referral.handed_off", {"desk": None, "received": False}, "Sent to an outside desk. Receipt awaited."),
        ("referral.closed", {"desk": "essex", "accepted": False}, "Closed."),
    ],
)
def test_a_line_says_how_far_a_handing_over_has_come(name: str, facts: dict[str, object], says: str) -> None:
    assert sentence(name, facts, DESKS) == says


def test_the_longest_name_of_a_desk_fits_with_all_the_rest() -> None:
    says = sentence("referral.handed_off", {"desk": "longest"}, {"longest": "x" * LONGEST_DESK})
    due = NOON_UTC + timedelta(days=400)
    assert line(says, NOON_UTC, reference="K7QM-4T9P", due=due, exercise=True).endswith(
        "Next due Sun 11 Jul 2027 13:00."
    )


def test_an_exercise_says_so_first() -> None:
    assert log_line("referral.offered", NOON_UTC, reference="K7QM-4T9P", exercise=True).startswith("EXERCISE 13:00 ")


@pytest.mark.parametrize("name", NAMES)
def test_every_outbound_event_has_a_line_that_tells_nothing(name: str) -> None:
    line = log_line(name, NOON_UTC, reference="K7QM-4T9P", due=NOON_UTC + timedelta(days=200), exercise=True)
    assert len(line) <= LONGEST
    assert not any(word in line.lower() for word in ("lgbt", "hate", "gay", "trans ", "orientation", "conflict"))


@given(st.sampled_from(NAMES), st.datetimes(timezones=st.just(UTC)), st.timedeltas(max_value=timedelta(days=900)))
def test_it_is_never_too_long(name: str, at: datetime, ahead: timedelta) -> None:
    if not 1901 < at.year < 9000:
        return
    assert len(log_line(name, at, reference="K7QM-4T9P", due=at + max(ahead, timedelta()), exercise=True)) <= LONGEST

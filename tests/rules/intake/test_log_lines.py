"""The line a control room's log gets: short, local, and nothing in it about anybody."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.log_lines import LONGEST, log_line
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

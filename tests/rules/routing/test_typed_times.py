"""Times as somebody types them: London's, on the two nights when the clocks change too."""

from datetime import UTC, datetime, timedelta

import pytest

from services.routing.rules.roster.fields import BadCell
from services.routing.typed_times import Lies, clock_change, read_time

OCTOBER = datetime(2026, 10, 25, tzinfo=UTC)
"""The night on which 01:00 to 02:00 comes twice: first at 00:00Z, then at 01:00Z."""


def after_midnight(minutes: int) -> datetime:
    return OCTOBER + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-06-27T22:45", datetime(2026, 6, 27, 21, 45, tzinfo=UTC)),
        ("2026-11-23T09:00", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("2026-11-23T09:00+01:00", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_londons(text: str, read: datetime) -> None:
    assert read_time(text, OCTOBER, "ahead") == read


@pytest.mark.parametrize(
    ("now", "lies", "read"),
    [
        (-60, "ahead", 30),
        (29, "ahead", 30),
        (31, "ahead", 90),
        (70, "ahead", 90),
        (31, "behind", 30),
        (89, "behind", 30),
        (95, "behind", 90),
        (600, "behind", 90),
    ],
)
def test_half_past_one_in_october_is_the_next_to_come_or_the_last_that_has_been(
    now: int, lies: Lies, read: int
) -> None:
    assert read_time("2026-10-25T01:30", after_midnight(now), lies) == after_midnight(read)


def test_an_offset_leaves_no_doubt() -> None:
    assert read_time("2026-10-25T01:30+00:00", after_midnight(0), "ahead") == after_midnight(90)


def test_half_past_one_in_march_does_not_exist() -> None:
    with pytest.raises(BadCell, match="no_such_local_time"):
        read_time("2026-03-29T01:30", datetime(2026, 3, 28, tzinfo=UTC), "ahead")


def test_a_form_speaks_of_a_clock_change_that_is_near_and_of_no_other() -> None:
    assert "back on Sunday 25 October: the time from 01:00 to 02:00 comes twice" in clock_change(OCTOBER)
    assert "forward on Sunday 29 March" in clock_change(datetime(2026, 3, 25, 12, tzinfo=UTC))
    assert clock_change(datetime(2026, 10, 17, 12, tzinfo=UTC)) == ""
    assert clock_change(datetime(2026, 11, 23, 12, tzinfo=UTC)) == ""

"""Times as people read them: London, whatever the server and the season."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.local_time import clock_time, day_and_time, length_of, to_go, written_out

SUMMER = datetime(2026, 6, 27, 22, 45, tzinfo=UTC)


def test_summer_time_is_an_hour_ahead_of_the_server() -> None:
    assert clock_time(SUMMER) == "23:45"
    assert written_out(SUMMER) == "Saturday 27 June 2026, 23:45 BST"


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (timedelta(minutes=5), "23:50"),
        (timedelta(minutes=20), "tomorrow 00:05"),
        (timedelta(days=-1), "yesterday 23:45"),
        (timedelta(days=3), "Tue 30 Jun, 23:45"),
        (timedelta(days=300), "Fri 23 Apr 2027, 23:45"),
    ],
)
def test_a_day_is_named_only_where_it_is_another(later: timedelta, words: str) -> None:
    assert day_and_time(SUMMER + later, SUMMER) == words


def test_the_hour_that_comes_twice_in_october_is_told_apart() -> None:
    before, after = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert [written_out(at)[-9:] for at in (before, after)] == ["01:30 BST", "01:30 GMT"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "less than a minute"),
        (60, "1 min"),
        (59 * 60 + 59, "59 min"),
        (3600, "1 h"),
        (3 * 3600 + 20 * 60, "3 h 20 min"),
        (24 * 3600, "1 day"),
        (53 * 3600, "2 days 5 h"),
    ],
)
def test_a_length_is_rounded_down_so_that_nobody_is_promised_time(seconds: int, words: str) -> None:
    assert length_of(timedelta(seconds=seconds)) == words


def test_a_deadline_that_has_passed_is_late() -> None:
    assert to_go(SUMMER + timedelta(minutes=8), SUMMER) == "in 8 min"
    assert to_go(SUMMER - timedelta(minutes=8), SUMMER) == "8 min late"

"""Working time and safe windows, by the clock on the wall in London."""

from datetime import UTC, datetime

import pytest

from services.routing.rules.calendar import after, next_safe
from shared.contracts.contact import Window
from tests.rules.routing.policies import default


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-23T10:00", 60, "2026-11-23T11:00"),
        ("2026-11-23T16:30", 60, "2026-11-24T09:30"),
        ("2026-11-20T16:30", 60, "2026-11-23T09:30"),
        ("2026-11-21T12:00", 60, "2026-11-23T10:00"),
        ("2026-12-24T16:00", 120, "2026-12-29T10:00"),
        ("2026-07-06T06:00", 480, "2026-07-06T16:00"),
        ("2026-11-23T03:00", 2400, "2026-11-27T17:00"),
    ],
)
def test_working_minutes_pass_in_working_hours_alone(start: str, minutes: int, end: str) -> None:
    assert after(utc(start), minutes, "working", default().calendar) == utc(end)


def test_clock_minutes_pass_at_night_too() -> None:
    assert after(utc("2026-11-21T23:50"), 20, "clock", default().calendar) == utc("2026-11-22T00:10")


def window(words: str, *days: str) -> Window:
    starts, ends = words.split("-")
    return Window.model_validate({"from": starts, "until": ends} | ({"days": days} if days else {}))


@pytest.mark.parametrize(
    ("windows", "target", "safe"),
    [
        ([], "2026-11-23T12:00", "2026-11-23T12:00"),
        ([window("18:00-20:00")], "2026-11-23T12:00", "2026-11-23T18:00"),
        ([window("18:00-20:00")], "2026-11-23T19:00", "2026-11-23T19:00"),
        ([window("18:00-20:00")], "2026-11-23T20:00", "2026-11-24T18:00"),
        ([window("18:00-20:00")], "2026-07-06T12:00", "2026-07-06T17:00"),
        ([window("22:00-02:00")], "2026-11-23T01:00", "2026-11-23T01:00"),
        ([window("09:00-10:00", "sun"), window("18:00-19:00", "fri")], "2026-11-23T12:00", "2026-11-27T18:00"),
    ],
)
def test_first_contact_waits_for_the_next_safe_window(windows: list[Window], target: str, safe: str) -> None:
    assert next_safe(utc(target), windows, "Europe/London") == utc(safe)

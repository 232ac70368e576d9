"""The first few messages go by themselves, a storm goes as one, and no phone network blocks the number."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.rules.bundling import SINGLES, WINDOW, Pace, Storm, bundle

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
NEVER = Pace(datetime(1970, 1, 1, tzinfo=UTC), 0)


SINGLY = ("singly", "singly")


@pytest.mark.parametrize(
    ("sent", "storm", "kinds", "counted"),
    [
        (0, Storm(1), SINGLY, 1),
        (0, Storm(3), SINGLY, 3),
        (2, Storm(1), SINGLY, 3),
        (1, Storm(2, urgent=2), SINGLY, 3),
        (0, Storm(4), ("singly", "together"), 3),
        (0, Storm(200), ("singly", "together"), 3),
        (2, Storm(2), ("singly", "together"), 3),
        (0, Storm(200, urgent=2), ("singly", "together"), 3),
        (3, Storm(1), ("singly", "later"), 3),
        (3, Storm(200), ("singly", "later"), 3),
        (3, Storm(2, urgent=1), ("singly", "later"), 3),
        (3, Storm(4, urgent=4), ("together", "later"), 3),
        (0, Storm(200, urgent=200), ("together", "together"), 3),
    ],
)
def test_what_becomes_of_urgent_messages_and_of_others(
    sent: int, storm: Storm, kinds: tuple[str, str], counted: int
) -> None:
    found = bundle(Pace(NOON - timedelta(seconds=10), sent), storm, NOON)
    assert ((found.urgent, found.others), found.pace.sent) == (kinds, counted)


def test_those_that_wait_are_due_when_the_window_is_over_and_then_they_go_together() -> None:
    held = bundle(Pace(NOON, SINGLES), Storm(40), NOON + timedelta(seconds=119))
    assert (held.others, held.until) == ("later", NOON + WINDOW)
    assert bundle(held.pace, Storm(40), held.until).others == "together"


def test_somebody_never_written_to_begins_a_window() -> None:
    assert bundle(NEVER, Storm(1), NOON).pace == Pace(NOON, 1)


@given(st.lists(st.tuples(st.integers(0, 3_599), st.integers(1, 50)), max_size=120))
def test_no_storm_reaches_a_hundred_messages_an_hour(bursts: list[tuple[int, int]]) -> None:
    pace, left, messages = NEVER, 0, 0
    for seconds, arriving in sorted(bursts):
        now = NOON + timedelta(seconds=seconds)
        left += arriving
        found = bundle(pace, Storm(left), now)
        pace = found.pace
        messages += {"singly": left, "together": 1, "later": 0}[found.others]
        left = left if found.others == "later" else 0
    assert messages < 100

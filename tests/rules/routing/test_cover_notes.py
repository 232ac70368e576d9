"""When coordinators are told of tonight's gaps: from the afternoon until the quiet hours, by the local clock."""

from datetime import UTC, datetime, timedelta

import pytest

from services.routing.rules.coverage.gaps import night, note_due
from shared.contracts.matching import Coverage
from shared.contracts.policy import PolicyError, parse_policy
from tests.rules.routing.policies import DEFAULT, default

TOML = DEFAULT.read_text("utf-8")

# (now in UTC, the evening it is told of)
WINTER_EVENING = datetime(2026, 11, 23, 18, tzinfo=UTC)
SUMMER_EVENING = datetime(2026, 6, 21, 17, tzinfo=UTC)
SPRING_FORWARD = datetime(2027, 3, 28, 17, tzinfo=UTC)
AUTUMN_BACK = datetime(2026, 10, 25, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "evening"),
    [
        ("2026-11-23T14:59:59+00:00", None),
        ("2026-11-23T15:00:00+00:00", WINTER_EVENING),
        ("2026-11-23T21:59:59+00:00", WINTER_EVENING),
        ("2026-11-23T22:00:00+00:00", None),
        ("2026-11-24T03:00:00+00:00", None),
        ("2026-11-24T09:00:00+00:00", None),
        ("2026-06-21T13:59:59+00:00", None),
        ("2026-06-21T14:00:00+00:00", SUMMER_EVENING),
        ("2027-03-28T13:59:59+00:00", None),
        ("2027-03-28T14:00:00+00:00", SPRING_FORWARD),
        ("2026-10-25T14:30:00+00:00", None),
        ("2026-10-25T15:00:00+00:00", AUTUMN_BACK),
    ],
)
def test_the_note_is_due_from_three_oclock_until_the_quiet_hours_whatever_the_clocks_did(
    now: str, evening: datetime | None
) -> None:
    assert note_due(default(), datetime.fromisoformat(now)) == evening


@pytest.mark.parametrize("day", ["2026-11-28", "2026-11-29", "2026-12-25", "2026-11-23"])
def test_it_is_due_on_every_day_working_or_not(day: str) -> None:
    assert note_due(default(), datetime.fromisoformat(f"{day}T15:00:00+00:00")) is not None


def test_a_policy_may_have_it_in_the_evening_for_what_is_left_of_the_night() -> None:
    late = default().model_copy(update={"coverage": Coverage(note_at="19:30")})
    assert note_due(late, WINTER_EVENING + timedelta(minutes=89)) is None
    assert note_due(late, WINTER_EVENING + timedelta(minutes=90)) == WINTER_EVENING


def test_the_nights_in_which_the_clocks_change_are_an_hour_shorter_or_longer() -> None:
    lengths = [
        end - start for start, end in (night(at - timedelta(days=1, hours=2)) for at in (SPRING_FORWARD, AUTUMN_BACK))
    ]
    assert lengths == [timedelta(hours=13), timedelta(hours=15)]


def test_a_policy_that_says_nothing_about_it_means_three_in_the_afternoon() -> None:
    older = parse_policy(TOML.replace('[coverage]\nnote_at = "15:00"\n', ""))
    assert older.coverage.note_at == "15:00"


def test_a_note_before_the_last_night_is_over_is_refused_by_its_line() -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(TOML.replace('note_at = "15:00"', 'note_at = "07:59"'))
    (error,) = refused.value.errors
    line = TOML.splitlines().index('note_at = "15:00"') + 1
    assert (error.field, error.reason, error.line) == ("coverage.note_at", "out_of_range", line)

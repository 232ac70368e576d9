"""What will be missing on the roster if nobody acts, and who hears of it, and when."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.routing.rules.roster.rota import ALWAYS, FOR_EVER, Turn
from services.routing.rules.roster.warnings import Warned, may_be_told, roles_unstaffed, told, training_ends
from shared.contracts.matching import Calendar

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CALENDAR = Calendar.model_validate(
    {
        "timezone": "Europe/London",
        "working_days": ["mon", "tue", "wed", "thu", "fri"],
        "work_from": "09:00",
        "work_until": "17:00",
        "quiet_from": "22:00",
        "quiet_until": "07:00",
    }
)


def turn(hours: float | None = None, until: float | None = None) -> Turn:
    begins = ALWAYS if hours is None else NOON + timedelta(hours=hours)
    ends = FOR_EVER if until is None else NOON + timedelta(hours=until)
    return Turn(UUID(int=1), "file", begins, ends)


def ending(*days: int) -> list[tuple[str, datetime | None]]:
    today = date(2026, 11, 23)
    trained = [("H1042", "herts", today + timedelta(days=day)) for day in days]
    return [(one.subject, one.due) for one in training_ends(trained, CALENDAR, NOON)]


@pytest.mark.parametrize(
    ("days", "warned"),
    [
        (61, False),
        (60, True),
        (1, True),
        (0, True),  # the last day on which it counts
        (-1, False),  # lapsed: matching leaves them out, the page says so, and there is nothing left to prevent
    ],
)
def test_training_is_warned_of_from_sixty_days_before_its_last_day_to_that_day(days: int, warned: bool) -> None:
    assert bool(ending(days)) == warned


def test_training_is_missing_from_the_midnight_after_its_last_day_on_the_clock_people_live_by() -> None:
    assert ending(1) == [("H1042", datetime(2026, 11, 25, tzinfo=UTC))]


def test_who_has_been_on_a_later_course_is_not_warned_of_the_earlier_one() -> None:
    assert ending(10, 500) == []


@pytest.mark.parametrize(
    ("turns", "missing"),
    [
        ([turn()], None),
        ([turn(None, 23.9), turn(23.9, None)], None),
        ([turn(None, 25)], None),  # more than a day ahead
        ([turn(None, 23)], 23),
        ([turn(None, 2), turn(6, None)], 2),
        ([turn(None, 10), turn(10 + 1 / 60, None)], None),  # "until 21:59" is no gap
        ([turn(-9, -1)], -1),  # nobody since eleven
    ],
)
def test_a_role_is_warned_of_a_day_before_nobody_staffs_it(turns: list[Turn], missing: float | None) -> None:
    found = list(roles_unstaffed({("herts", "fim"): turns}, NOON))
    expected = [] if missing is None else [("fim:herts", NOON + timedelta(hours=missing))]
    assert [(one.subject, one.due) for one in found] == expected


def test_a_role_that_nobody_ever_staffed_is_missing_already_and_nobody_knows_since_when() -> None:
    assert list(roles_unstaffed({("beds", "psd"): []}, NOON)) == [Warned("role_unstaffed", "psd:beds", "beds", None)]


def test_the_coordinator_hears_of_it_and_where_there_is_none_who_stands_above() -> None:
    there = {("herts", "coordinator"): [turn()], ("herts", "sergeant"): [turn()]}
    assert told("herts", there, NOON) == "coordinator:herts"
    assert told("herts", there | {("herts", "coordinator"): [turn(1)]}, NOON) == "sergeant:herts"
    assert told("herts", {}, NOON) == "coordinator:herts"


@pytest.mark.parametrize(
    ("hour", "training", "role"),
    [(12, True, True), (21, True, True), (23, False, True), (6, False, True), (7, True, True)],
)
def test_training_can_wait_for_the_morning_and_an_empty_post_cannot(hour: int, training: bool, role: bool) -> None:
    now = NOON.replace(hour=hour)
    assert may_be_told(Warned("training", "H1042", "herts", NOON), CALENDAR, now) == training
    assert may_be_told(Warned("role_unstaffed", "fim:herts", "herts", NOON), CALENDAR, now) == role

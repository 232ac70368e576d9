"""Quiet hours: who is asleep is told in the morning what can wait, and nobody else waits for anything."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest

from services.notify.rules.attempts import Moment
from services.notify.rules.desk import Desk
from services.notify.rules.patience import Patience, Wait, patience_of, wait_for_receipt
from services.notify.rules.planning import Draft, Plan, Recipient, Task, Way, remind
from services.notify.rules.quiet import CAN_WAIT, Quiet, begins
from shared.contracts.deliveries import NoticeType
from tests.rules.policy.drafts import default

NIGHT = Quiet("22:00", "07:00", "Europe/London")
SIESTA = Quiet("13:00", "15:00", "Europe/London")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


@pytest.mark.parametrize(
    ("quiet", "at", "over"),
    [
        (NIGHT, "2026-01-06T21:59", None),
        (NIGHT, "2026-01-06T22:00", "2026-01-07T07:00"),
        (NIGHT, "2026-01-07T06:59", "2026-01-07T07:00"),
        (NIGHT, "2026-01-07T07:00", None),
        (NIGHT, "2026-06-06T21:00", "2026-06-07T06:00"),
        (NIGHT, "2026-06-06T20:59", None),
        (NIGHT, "2026-10-24T23:30", "2026-10-25T07:00"),
        (NIGHT, "2026-03-28T23:30", "2026-03-29T06:00"),
        (SIESTA, "2026-01-06T13:30", "2026-01-06T15:00"),
        (SIESTA, "2026-01-06T15:00", None),
    ],
)
def test_quiet_hours_are_local_summer_winter_and_on_the_nights_the_clocks_change(
    quiet: Quiet, at: str, over: str | None
) -> None:
    found = quiet.over_at(utc(at))
    assert (found.astimezone(UTC) if found else None) == (utc(over) if over else None)


MIDNIGHT, MORNING = utc("2026-01-07T00:30"), utc("2026-01-07T07:00")


@pytest.mark.parametrize(
    ("kind", "quiet", "duty_until", "starts"),
    [
        ("task.closed", NIGHT, MIDNIGHT - timedelta(hours=2), MORNING),
        ("task.taken", NIGHT, MIDNIGHT, MORNING),
        ("task.reminder", NIGHT, MIDNIGHT - timedelta(hours=2), MORNING),
        ("task.closed", NIGHT, MIDNIGHT + timedelta(minutes=1), MIDNIGHT),
        ("task.closed", NIGHT, None, MIDNIGHT),
        ("task.closed", None, MIDNIGHT - timedelta(hours=2), MIDNIGHT),
        ("task.offered", NIGHT, MIDNIGHT - timedelta(hours=2), MIDNIGHT),
        ("role.alert", NIGHT, MIDNIGHT - timedelta(hours=2), MIDNIGHT),
        ("task.shift_ending", NIGHT, MIDNIGHT - timedelta(hours=2), MIDNIGHT),
    ],
)
def test_only_what_can_wait_waits_and_only_for_somebody_known_to_be_off_duty(
    kind: NoticeType, quiet: Quiet | None, duty_until: datetime | None, starts: datetime
) -> None:
    assert begins(kind, quiet, duty_until, MIDNIGHT) == starts


def test_an_offer_an_alert_and_a_shifts_end_are_not_among_what_can_wait() -> None:
    assert set(get_args(NoticeType)) - CAN_WAIT == {"task.offered", "task.shift_ending", "role.alert", "test"}


def test_immediate_and_priority_break_through_by_the_shipped_policy() -> None:
    patience = patience_of("bch", default())
    quiet = {code: wait_for_receipt([patience], "bch", code, MIDNIGHT).quiet for code in patience.receipt_seconds}
    assert {code for code, hours in quiet.items() if hours is None} == {"immediate", "priority", "officer_advice"}
    assert quiet["scheduled"] == NIGHT


def told(kind: NoticeType, duty_until: datetime) -> Desk:
    """Peggy, whose duty ends at `duty_until`, is told something of a scheduled task half an hour past midnight."""
    task = Task(UUID("01997b5c-0000-7000-8000-000000000042"), "K7QM-4T9P", "herts", duty_until={"H1042": duty_until})
    draft = Draft("H1042", kind, None, MIDNIGHT + timedelta(hours=4))
    desk = Desk({"H1042": Recipient("H1042", (Way("phone", "sealed", True),))}, Moment(MIDNIGHT, MIDNIGHT))
    wait = Wait(timedelta(minutes=10), "default-1", None, NIGHT)
    desk.carry_out(Plan(task, (draft,)), [uuid4()], wait, MIDNIGHT)
    return desk


def test_what_waits_is_due_in_the_morning_and_worth_telling_for_as_long_as_ever() -> None:
    (notice,) = told("task.closed", MIDNIGHT - timedelta(hours=3)).new_notices()
    assert notice.course.due is not None
    assert MORNING <= notice.course.due < MORNING + timedelta(seconds=1)
    assert notice.course.not_after == MORNING + timedelta(hours=4)


def test_on_night_duty_it_is_told_at_once() -> None:
    (notice,) = told("task.closed", MIDNIGHT + timedelta(hours=3)).new_notices()
    assert (notice.course.due, notice.course.not_after) == (MIDNIGHT, MIDNIGHT + timedelta(hours=4))


def test_a_reminder_is_for_whoever_is_still_asked() -> None:
    task = Task(UUID("01997b5c-0000-7000-8000-000000000042"), "K7QM-4T9P", "herts", open=("H1042",))
    (draft,) = remind(task, "H1042", MORNING).drafts
    assert (draft.type, draft.respond_by, draft.not_after) == ("task.reminder", MORNING, MORNING)
    assert remind(task._replace(open=()), "H1042", MORNING).drafts == ()


def test_a_version_written_before_there_were_reminders_reminds_nobody() -> None:
    old = Patience("bch", "old", datetime(1970, 1, 1, tzinfo=UTC), {"priority": 60})
    assert wait_for_receipt([old], "bch", "priority", MIDNIGHT).remind_after is None

"""When a control room's webhook is tried, how soon again, and when we stop: tables for every rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.rules.attempts import Outcome
from services.notify.rules.control_rooms import (
    FAILING_FOR,
    FORGIVEN,
    LEASE,
    LONGEST_ASKED,
    PROBE_EVERY,
    REFUSALS,
    WIDTH,
    Room,
    gave_up,
    pause,
    probed,
    resume,
    room_for,
    take_in,
    wait_of,
)

NOW = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
OPEN = Room("herts")
TAKEN = Outcome("delivered")
DOWN = Outcome("retry", "http_503")
HANGS = Outcome("retry", "timeout")
NO = Outcome("refused", "http_400")
GONE = Outcome("refused", "http_410")
MIDDLE = 0.5
"""The jitter that changes nothing."""


def after(room: Room, *outcomes: Outcome, now: datetime = NOW) -> Room:
    for outcome in outcomes:
        room = take_in(room, outcome, now, MIDDLE)
    return room


def test_a_room_that_answers_stays_as_it_is_and_takes_many_keys_at_once() -> None:
    assert after(OPEN, TAKEN, TAKEN) == OPEN
    assert room_for(OPEN, NOW) == WIDTH


@pytest.mark.parametrize(
    ("tries", "outcome", "seconds"),
    [
        (1, DOWN, 1),
        (2, DOWN, 2),
        (3, HANGS, 4),
        (4, NO, 8),
        (6, DOWN, 32),
        (7, DOWN, 60),
        (400, DOWN, 60),
        (1, Outcome("retry", "http_429", 17.0), 17),
        (7, Outcome("retry", "http_429", 17.0), 60),
        (1, Outcome("retry", "http_503", 86_400.0), LONGEST_ASKED),
    ],
)
def test_an_event_that_was_not_taken_waits_longer_each_time(tries: int, outcome: Outcome, seconds: float) -> None:
    assert wait_of(tries, outcome, MIDDLE) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 0.8), (1.0, 1.2)])
def test_waits_differ_by_a_fifth_so_that_nobody_comes_back_in_step(jitter: float, seconds: float) -> None:
    assert wait_of(1, DOWN, jitter).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, None), (2, None), (3, 1), (4, 2), (5, 4), (8, 32), (9, 60), (30, 60)]
)
def test_from_the_third_failure_in_a_row_the_whole_room_waits(failures: int, seconds: float | None) -> None:
    room = after(OPEN, *[DOWN] * failures)
    assert room.state == "open"
    assert room.next_at == (None if seconds is None else NOW + timedelta(seconds=seconds))
    assert (failures < FORGIVEN) == (room.next_at is None)


def test_a_room_that_waits_is_tried_by_one_event_and_by_one_process() -> None:
    room = after(OPEN, *[DOWN] * 3)
    assert room_for(room, NOW) == 0
    due = NOW + timedelta(seconds=1)
    assert room_for(room, due) == 1
    assert room_for(probed(room, due), due) == 0
    assert probed(room, due).next_at == due + LEASE
    assert probed(OPEN, due) == OPEN


def test_one_that_says_when_to_come_back_is_left_alone_by_every_key_until_then() -> None:
    room = after(OPEN, Outcome("retry", "http_429", 17.0))
    assert room.next_at == NOW + timedelta(seconds=17)


def test_the_first_answer_opens_it_wide_again() -> None:
    room = after(OPEN, *[DOWN] * 9, TAKEN)
    assert room == OPEN


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([GONE], "paused"),
        ([NO], "open"),
        ([NO] * (REFUSALS - 1), "open"),
        ([NO] * REFUSALS, "paused"),
        ([NO] * (REFUSALS - 1) + [TAKEN, NO], "open"),
        ([NO] * (REFUSALS - 1) + [DOWN, NO], "open"),
        ([Outcome("refused", "redirect")] * REFUSALS, "paused"),
        ([Outcome("refused", "private_address")] * REFUSALS, "paused"),
        ([DOWN] * 500, "open"),
    ],
)
def test_what_pauses_a_room(outcomes: list[Outcome], state: str) -> None:
    assert after(OPEN, *outcomes).state == state


@pytest.mark.parametrize("minutes", [59, 60, 61])
def test_an_hour_without_one_good_answer_pauses_a_room(minutes: int) -> None:
    failing = after(OPEN, HANGS)
    room = after(failing, HANGS, now=NOW + timedelta(minutes=minutes))
    assert (room.state == "paused") == (timedelta(minutes=minutes) >= FAILING_FOR)


def test_a_paused_room_is_probed_each_five_minutes_and_says_why_it_stands_still() -> None:
    room = after(OPEN, GONE)
    assert (room.reason, room.since, room.next_at) == ("http_410", NOW, NOW + PROBE_EVERY)
    assert gave_up(OPEN, room)
    later = NOW + PROBE_EVERY
    again = take_in(probed(room, later), DOWN, later, MIDDLE)
    assert (again.state, again.since, again.next_at) == ("paused", NOW, later + PROBE_EVERY)
    assert not gave_up(room, again)


def test_the_probe_that_is_taken_ends_the_pause() -> None:
    later = NOW + PROBE_EVERY
    room = take_in(probed(after(OPEN, GONE), later), TAKEN, later, MIDDLE)
    assert room == replace(OPEN, since=later)
    assert room_for(room, later) == WIDTH


def test_what_a_person_has_paused_only_a_person_resumes() -> None:
    room = pause(OPEN, "fim:herts", NOW)
    assert (room.state, room.by, room.since) == ("paused", "fim:herts", NOW)
    night = NOW + timedelta(hours=8)
    assert room_for(room, night) == 0
    assert take_in(room, TAKEN, night, MIDDLE).state == "paused"
    assert room_for(take_in(room, DOWN, night, MIDDLE), night) == 0
    assert not gave_up(OPEN, room)
    back = resume(room, night)
    assert (back.state, back.by, back.since, room_for(back, night)) == ("open", None, night, WIDTH)


def test_a_person_takes_over_a_pause_of_ours_and_resuming_forgets_what_was() -> None:
    ours = replace(after(OPEN, GONE), dropped=7)
    theirs = pause(ours, "coordinator:herts", NOW + PROBE_EVERY)
    assert (theirs.since, theirs.by, theirs.next_at) == (NOW, "coordinator:herts", None)
    assert resume(theirs, NOW) == Room("herts", since=NOW, dropped=7)

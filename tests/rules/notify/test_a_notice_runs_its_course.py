"""One notice over its means: retries, the next means, late answers, and when it is over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.rules.attempts import (
    LEASE,
    NOBODY,
    OPEN,
    REACHED,
    Course,
    Leg,
    Moment,
    News,
    Outcome,
    State,
    backoff,
    begin,
    read,
    settle,
    supersede,
)
from services.notify.rules.setting_out import course_over, course_unknown

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
QUARTER_PAST = NOON + timedelta(minutes=15)
PATIENCE = 60.0
DELIVERED, SENT = Outcome("delivered"), Outcome("sent")
BUSY, GONE = Outcome("retry", "http_503"), Outcome("refused", "http_410")
MIDDLE = 0.5
"""The jitter that changes nothing."""


def at(seconds: float) -> Moment:
    return Moment(NOON + timedelta(seconds=seconds), NOON + timedelta(seconds=seconds))


def fresh(*means: str) -> Course:
    return course_over(means, QUARTER_PAST, PATIENCE, NOON)


def sent_off(course: Course, place: int = 0, seconds: float = 0) -> Course:
    course, going = begin(course, course.legs[place], at(seconds))
    assert going
    return course


def came_back(course: Course, outcome: Outcome, place: int = 0, seconds: float = 0) -> tuple[Course, tuple[News, ...]]:
    return settle(course, course.legs[place], outcome, at(seconds), MIDDLE)


def test_a_2xx_is_delivered_and_routing_hears_it_once() -> None:
    course, news = came_back(sent_off(fresh("webhook")), DELIVERED)
    assert (course.state, course.due) == (State.DELIVERED, None)
    assert news == (News("delivered", "webhook"),)


def test_smtps_250_is_only_sent() -> None:
    course, news = came_back(sent_off(fresh("email")), SENT)
    assert (course.state, course.due, news) == (State.SENT, None, ())


def test_before_anything_is_sent_it_is_written_down_as_sending_under_a_lease() -> None:
    course = sent_off(fresh("webhook"))
    assert (course.state, course.in_flight, course.due) == (State.SENDING, True, NOON + LEASE)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (10, 512), (11, 600), (99, 600)])
def test_the_wait_doubles_from_one_second(tries: int, seconds: float) -> None:
    assert backoff(tries, MIDDLE) == pytest.approx(seconds)


@given(st.integers(1, 12), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_never_more_than_a_fifth_off(tries: int, jitter: float) -> None:
    assert 0.8 <= backoff(tries, jitter) / backoff(tries, MIDDLE) <= 1.2


def test_a_busy_receiver_is_tried_again_after_one_two_four_seconds_with_the_same_leg() -> None:
    course, now, waits = fresh("webhook"), 0.0, []
    for _ in range(4):
        course, news = came_back(sent_off(course, seconds=now), BUSY, seconds=now)
        assert (course.state, news, course.due) == (State.PLANNED, (), course.legs[0].due)
        assert course.due is not None
        waits.append((course.due - at(now).real).total_seconds())
        now += waits[-1]
    assert waits == pytest.approx([1, 2, 4, 8])
    assert course.legs[0].tries == 4


def test_a_receiver_that_says_when_to_come_back_is_not_asked_sooner() -> None:
    course, _ = came_back(sent_off(fresh("webhook")), Outcome("retry", "http_429", after=30))
    assert course.due == NOON + timedelta(seconds=30)


def test_retries_end_with_the_deadline() -> None:
    course = sent_off(fresh("webhook"), seconds=895)
    course, _ = settle(course, course.legs[0], Outcome("retry", "http_429", after=7200), at(896), MIDDLE)
    assert course.due is not None
    assert QUARTER_PAST <= course.due < QUARTER_PAST + timedelta(seconds=1)
    course, going = begin(course, course.legs[0], at(900.1))
    assert (going, course.state, course.due) == (False, State.EXPIRED, None)


def test_a_deadline_of_domain_time_is_reached_sooner_when_the_day_runs_faster() -> None:
    hurried = Moment(NOON, NOON, speed=60)
    assert hurried.real_at(QUARTER_PAST) == NOON + timedelta(seconds=15, milliseconds=1)


def test_nothing_goes_out_once_its_deadline_has_passed() -> None:
    course, going = begin(fresh("webhook", "phone"), fresh("webhook", "phone").legs[0], at(901))
    assert (going, course.state, course.due) == (False, State.EXPIRED, None)


def test_a_means_that_fails_for_good_hands_over_to_the_next_at_once() -> None:
    course, news = came_back(sent_off(fresh("webhook", "phone")), GONE, seconds=3)
    assert news == (News("failed", "webhook", last=False, reason="http_410"),)
    assert (course.state, course.due) == (State.PLANNED, NOON + timedelta(seconds=3))
    assert course.legs[1].due == course.due


def test_when_the_last_means_fails_routing_hears_that_nothing_is_left() -> None:
    course, _ = came_back(sent_off(fresh("webhook", "phone")), GONE)
    course, news = came_back(sent_off(course, 1), GONE, 1)
    assert (course.state, course.due) == (State.FAILED, None)
    assert news == (News("failed", "phone", last=True, reason="http_410"),)


def test_a_means_that_fails_behind_one_that_was_sent_is_not_the_end() -> None:
    course, _ = came_back(sent_off(fresh("email", "phone")), SENT)
    course, news = came_back(sent_off(course, 1, 60), GONE, 1, 60)
    assert course.state is State.SENT
    assert news == (News("failed", "phone", last=False, reason="http_410"),)


def test_without_a_receipt_in_the_classs_time_the_next_means_starts_beside_the_first() -> None:
    course, _ = came_back(sent_off(fresh("email", "phone")), SENT)
    assert course.due == NOON + timedelta(seconds=PATIENCE)
    course = sent_off(course, 1, PATIENCE)
    assert [leg.state for leg in course.legs] == [State.SENT, State.SENDING]


def test_a_receiver_that_keeps_being_busy_does_not_keep_the_next_means_waiting() -> None:
    course, _ = came_back(sent_off(fresh("webhook", "phone")), BUSY)
    assert course.legs[1].due == NOON + timedelta(seconds=PATIENCE)


def test_once_delivered_no_other_means_is_tried() -> None:
    course, _ = came_back(sent_off(fresh("webhook", "email", "phone")), DELIVERED)
    assert [leg.state for leg in course.legs[1:]] == [State.SUPERSEDED, State.SUPERSEDED]
    assert course.due is None


def test_delivered_over_two_means_is_told_once() -> None:
    course, _ = came_back(sent_off(fresh("webhook", "phone")), BUSY)
    course = sent_off(course, 1, PATIENCE)
    course = sent_off(course, 0, PATIENCE)
    course, first = came_back(course, DELIVERED, 1, PATIENCE)
    course, second = came_back(course, DELIVERED, 0, PATIENCE)
    assert (first, second) == ((News("delivered", "phone"),), ())


def test_an_attempt_left_by_a_crash_is_not_repeated_once_another_means_has_delivered() -> None:
    course, _ = came_back(sent_off(fresh("webhook", "phone")), BUSY)
    course = sent_off(sent_off(course, 1, PATIENCE), 0, PATIENCE)
    course, _ = came_back(course, DELIVERED, 1, PATIENCE)
    course, going = begin(course, course.legs[0], at(PATIENCE + 9))
    assert (going, course.state, course.due) == (False, State.DELIVERED, None)


def test_a_crash_while_sending_sends_again_when_the_lease_has_run_out() -> None:
    crashed = sent_off(fresh("webhook"))
    again = sent_off(crashed, seconds=LEASE.total_seconds())
    assert (again.state, again.legs[0].tries) == (State.SENDING, 2)


def test_the_late_answer_of_an_attempt_taken_over_counts_only_if_it_says_delivered() -> None:
    first = sent_off(fresh("webhook"))
    again = sent_off(first, seconds=9)
    assert settle(again, first.legs[0], BUSY, at(10), MIDDLE) == (again, ())
    reached, news = settle(again, first.legs[0], DELIVERED, at(10), MIDDLE)
    assert (reached.state, news) == (State.DELIVERED, (News("delivered", "webhook"),))
    assert settle(reached, again.legs[0], BUSY, at(11), MIDDLE) == (reached, ())


def test_a_superseded_notice_is_not_tried_again() -> None:
    course = supersede(sent_off(fresh("webhook", "phone")))
    course, news = came_back(course, BUSY)
    assert (course.state, course.due, news) == (State.SUPERSEDED, None, ())


def test_a_superseded_notice_left_by_a_crash_is_let_go_when_its_lease_runs_out() -> None:
    course = supersede(sent_off(fresh("webhook")))
    course, going = begin(course, course.legs[0], at(9))
    assert (going, course.state, course.in_flight, course.due) == (False, State.SUPERSEDED, False, None)


def test_what_had_gone_out_before_it_was_superseded_still_says_so() -> None:
    course, news = came_back(supersede(sent_off(fresh("webhook"))), DELIVERED)
    assert (course.state, news) == (State.DELIVERED, (News("delivered", "webhook"),))


def test_opening_the_task_after_sign_in_is_read_and_ends_every_other_way() -> None:
    course, _ = came_back(sent_off(fresh("email", "phone")), SENT)
    course = read(course)
    assert (course.state, course.due) == (State.READ, None)
    assert read(course) == course


def test_somebody_not_known_yet_is_waited_for_until_the_deadline() -> None:
    course = course_unknown(QUARTER_PAST, PATIENCE, at(0))
    assert (course.state, course.waiting, course.means) == (State.PLANNED, True, None)
    course, going = begin(course, course.legs[0], at(901))
    assert (going, course.state, course.waiting) == (False, State.EXPIRED, False)


def test_somebody_known_without_any_means_cannot_be_told() -> None:
    course = fresh()
    assert (course.state, course.legs[0].means, course.means) == (State.FAILED, NOBODY, None)


def test_two_phones_of_one_role_are_told_apart() -> None:
    assert [(leg.means, leg.nth) for leg in fresh("email", "phone", "phone").legs] == [
        ("email", 0),
        ("phone", 0),
        ("phone", 1),
    ]


@pytest.mark.parametrize(
    ("legs", "means"),
    [
        ((Leg("webhook"), Leg("phone")), "webhook"),
        ((Leg("webhook", tries=2), Leg("phone", tries=1)), "phone"),
        ((Leg("webhook", state=State.DELIVERED, tries=1), Leg("phone", tries=1)), "webhook"),
    ],
)
def test_a_notice_shows_the_means_that_says_most_about_it(legs: Sequence[Leg], means: str) -> None:
    assert fresh("webhook")._replace(legs=tuple(legs)).means == means


outcomes = st.sampled_from([DELIVERED, SENT, BUSY, GONE])
steps = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["begin", "settle", "supersede"]), outcomes), max_size=40)


@given(steps, st.lists(st.sampled_from(["webhook", "email", "phone"]), min_size=1, max_size=3, unique=True))
def test_whatever_happens_an_open_notice_has_something_due_and_a_closed_one_has_not(
    history: list[tuple[int, str, Outcome]], means: list[str]
) -> None:
    course, seconds, heard = fresh(*means), 0.0, []
    for place, step, outcome in history:
        leg = course.legs[place % len(course.legs)]
        seconds += 7
        if step == "begin" and leg.due is not None and leg.due <= at(seconds).real:
            reached = course.state in REACHED
            course, going = begin(course, leg, at(seconds))
            assert not (going and reached)
        elif step == "settle" and leg.state is State.SENDING:
            course, news = settle(course, leg, outcome, at(seconds), MIDDLE)
            heard += list(news)
        elif step == "supersede":
            course = supersede(course)
        if course.state in OPEN - {State.SENT}:
            assert course.due is not None
        if course.state not in OPEN and not course.in_flight:
            assert course.due is None
    assert len([one for one in heard if one.kind == "delivered"]) <= 1
    assert len([one for one in heard if one.last]) <= 1
    assert not ([one for one in heard if one.last] and course.state in REACHED)

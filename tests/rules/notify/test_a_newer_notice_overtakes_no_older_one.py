"""The desk: new notices, and what becomes of those on their way to the same person."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.notify.rules.attempts import NOBODY, SINK, UNKNOWN, Moment, News, State, begin
from services.notify.rules.desk import Desk, Standing
from services.notify.rules.patience import Wait
from services.notify.rules.planning import Draft, Plan, Recipient, Task, Way
from services.notify.rules.setting_out import ways_now

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=15)
MINUTE = timedelta(seconds=60)
WAIT = Wait(MINUTE, "default-1")
TANDEM = UUID("01997b5c-0000-7000-8000-00000000beef")
TASK = Task(TANDEM, "K7QM-4T9P", "herts", "priority")
PEGGY, IRIS = "H1042", "B0007"
REACHABLE = {PEGGY: Recipient(PEGGY, (Way("phone", "s1", True), Way("webhook", "s2", True)))}


def desk(people: dict[str, Recipient] | None = None) -> Desk:
    return Desk(REACHABLE if people is None else people, Moment(NOON, NOON))


def offer(to: str = PEGGY) -> Draft:
    return Draft(to, "task.offered", SOON, SOON)


def taken(to: str = PEGGY) -> Draft:
    return Draft(to, "task.taken", None, NOON + timedelta(hours=4))


def ids(number: int) -> list[UUID]:
    return [UUID(int=number)]


def states(at: Desk) -> list[tuple[str, State]]:
    return [(notice.type, notice.course.state) for notice in at.new_notices()]


def test_means_are_tried_in_the_order_the_roster_gives() -> None:
    at = desk()
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    (notice,) = at.new_notices()
    assert [leg.means for leg in notice.course.legs] == ["phone", "webhook"]
    assert notice.course.due == NOON


def test_a_newer_notice_ends_what_was_planned_before_it() -> None:
    at = desk()
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    at.carry_out(Plan(TASK, (taken(),)), ids(2), WAIT, NOON)
    assert states(at) == [("task.offered", State.SUPERSEDED), ("task.taken", State.PLANNED)]


def test_a_newer_notice_to_somebody_else_ends_nothing() -> None:
    at = desk()
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    at.carry_out(Plan(TASK, (taken(IRIS),)), ids(2), WAIT, NOON)
    assert states(at)[0] == ("task.offered", State.PLANNED)


def test_a_recall_ends_what_is_on_its_way_without_a_word() -> None:
    at = desk()
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    at.carry_out(Plan(TASK, recalls=(PEGGY,)), [], WAIT, NOON)
    assert states(at) == [("task.offered", State.SUPERSEDED)]


def test_silence_ends_everything_about_the_referral_and_nothing_about_another() -> None:
    other = Task(UUID(int=7), "0000-0000", "beds")
    at = desk()
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    at.carry_out(Plan(other, (offer(),)), ids(2), WAIT, NOON)
    at.carry_out(Plan(TASK, silence=True), [], WAIT, NOON)
    assert [notice.course.state for notice in at.new_notices()] == [State.SUPERSEDED, State.PLANNED]


def test_what_is_being_sent_is_left_to_report_and_is_written_back_as_superseded() -> None:
    first = desk()
    first.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    (notice,) = first.new_notices()
    sending, _ = begin(notice.course, notice.course.legs[0], Moment(NOON, NOON))
    at = desk()
    at.standing[TANDEM].append(Standing(notice.id, TANDEM, PEGGY, sending))
    at.carry_out(Plan(TASK, (taken(),)), ids(2), WAIT, NOON)
    ((identity, course),) = at.changed_courses()
    assert (identity, course.state, course.superseded) == (notice.id, State.SENDING, True)


def test_somebody_not_on_the_roster_yet_is_waited_for() -> None:
    at = desk({})
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    (notice,) = at.new_notices()
    assert (notice.course.waiting, notice.course.legs[0].means, at.news) == (True, UNKNOWN, [])


def test_somebody_with_no_way_to_reach_them_is_reported_at_once() -> None:
    at = desk({PEGGY: Recipient(PEGGY, (Way("phone", "s1", verified=False),))})
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    ((notice, news),) = at.news
    assert (notice.course.state, notice.course.legs[0].means) == (State.FAILED, NOBODY)
    assert news == News("failed", None, last=True, reason="no_means")


def test_an_exercise_never_takes_a_real_way_even_to_somebody_unknown() -> None:
    drill = Task(TANDEM, "K7QM-4T9P", "herts", "priority", exercise=True)
    for people in (REACHABLE, {}):
        at = desk(people)
        at.carry_out(Plan(drill, (offer(),)), ids(1), WAIT, NOON)
        assert [leg.means for leg in at.new_notices()[0].course.legs] == [SINK]


def test_a_rota_is_followed_to_the_minute() -> None:
    handover = NOON + timedelta(hours=2)
    role = Recipient(
        "fim:herts",
        (Way("phone", "early", True, NOON - MINUTE, handover), Way("phone", "late", True, handover, None)),
    )
    assert [way.sealed for way in ways_now(role, NOON)] == ["early"]
    assert [way.sealed for way in ways_now(role, handover)] == ["late"]


def test_what_is_planned_leaves_at_once_unless_something_older_to_the_same_person_is_on_its_way() -> None:
    earlier = desk()
    earlier.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    (notice,) = earlier.leaving()
    assert notice.id == UUID(int=1)
    sending, _ = begin(notice.course, notice.course.legs[0], Moment(NOON, NOON))

    at = desk(REACHABLE | {IRIS: Recipient(IRIS, (Way("webhook", "s3", True),))})
    at.standing[TANDEM].append(Standing(notice.id, TANDEM, PEGGY, sending))
    at.carry_out(Plan(TASK, (taken(), taken(IRIS))), [UUID(int=2), UUID(int=3)], WAIT, NOON)
    assert [(one.id, one.to) for one in at.leaving()] == [(UUID(int=3), IRIS)]
    assert len(at.new_notices()) == 2


def test_what_waits_for_the_morning_or_for_somebody_to_be_known_does_not_leave_at_once() -> None:
    at = desk({})
    at.carry_out(Plan(TASK, (offer(),)), ids(1), WAIT, NOON)
    assert at.leaving() == []

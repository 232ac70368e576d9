"""What the dispatcher does with tables: take what is due, write down what is under way, settle what came of it.

A notice's row lock covers its legs and attempts; a referral's lock is always taken before its notices'.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.notify.rules.attempts import Course, Leg, Moment
from services.notify.rules.planning import Kind, Notice, Recipient, Subject
from services.notify.rules.wordings import EDITION
from services.notify.store.courses import COURSE, course_of
from services.notify.store.recipients import ways_of
from shared.database import Unit


class Due(NamedTuple):
    """A notice that something must be done about now, its row locked. Somebody not on the roster has no ways.

    `sent_as`: under which id it went over a means before, by means and nth, where that was not its own. `lane` is the
    one it has been waiting for.
    """

    id: UUID
    recipient: Recipient
    type: Kind
    referral_id: UUID | None
    reference: str | None
    response_class: str | None
    exercise: bool
    respond_by: datetime | None
    at: datetime
    course: Course
    sent_as: Mapping[tuple[str, int], UUID]
    lane: str | None = None

    def goes_as(self, leg: Leg) -> UUID:
        """The id this leg leaves under by itself: always the same, so that whoever may have it can be asked."""
        return self.sent_as.get((leg.means, leg.nth), self.id)


def just_planned(notice: Notice, recipient: Recipient | None) -> Due:
    """The same of a notice that is about to be written for the first time."""
    task = notice.task
    return Due(
        id=notice.id,
        recipient=recipient or Recipient(notice.to),
        type=notice.type,
        referral_id=task and task.referral_id,
        reference=task and task.reference,
        response_class=task and task.response_class,
        exercise=task is not None and task.exercise,
        respond_by=notice.respond_by,
        at=notice.at,
        course=notice.course,
        sent_as={},
    )


class Attempt(NamedTuple):
    """One try over one means. `state` is sending, sent, delivered or failed; `sent_as` as in `Due`."""

    notice_id: UUID
    means: str
    nth: int
    number: int
    state: str
    reason: str | None = None
    provider_id: str | None = None
    sent_as: UUID | None = None


_DUE = sa.text(f"""
select n.id, n.recipient, n.type, n.referral_id, n.reference, n.response_class, n.exercise, n.respond_by, n.at, n.lane,
       {COURSE}, r.ways::text as ways, clock_timestamp() as real,
       case when n.repeat then (select jsonb_agg(jsonb_build_array(a.means, a.nth, a.sent_as))::text
       from notify.attempts a where a.notice_id = n.id and a.sent_as is not null) end as sent_as
from notify.notices n left join notify.recipients r on r.id = n.recipient
where n.due_at <= clock_timestamp() and (n.lane is null or n.lane <> all(cast(:full as text[])))
  and not exists (select 1 from notify.notices o where o.referral_id = n.referral_id
                  and o.recipient = n.recipient and o.in_flight and o.id <> n.id)
order by n.repeat, n.due_at limit :limit for update of n skip locked
""")


async def moment_of(unit: Unit) -> Moment:
    """This instant in both times, by the database's clock."""
    return _moment(unit, await unit.real_now())


def _moment(unit: Unit, real: datetime) -> Moment:
    return Moment(real, unit.clock.domain(real), unit.clock.speed)


async def due_notices(unit: Unit, limit: int, full: Sequence[str]) -> tuple[list[Due], Moment]:
    """At most `limit` notices that are due, first offers before repeats, locked; what others hold is passed over.

    Notices in a `full` lane wait, and so does one whose older notice about the same thing is under way.
    """
    rows = list(await unit.connection.execute(_DUE, {"limit": limit, "full": list(full)}))
    due = [
        Due(
            id=row.id,
            recipient=Recipient(row.recipient, ways_of(row.ways)),
            type=row.type,
            referral_id=row.referral_id,
            reference=row.reference,
            response_class=row.response_class,
            exercise=row.exercise,
            respond_by=row.respond_by,
            at=row.at,
            course=course_of(row),
            sent_as=_sent_as(row),
            lane=row.lane,
        )
        for row in rows
    ]
    # No lock was waited for, so the clock read on the way is as good as one read behind them.
    return due, _moment(unit, max(row.real for row in rows)) if rows else await moment_of(unit)


def _sent_as(row: Any) -> dict[tuple[str, int], UUID]:
    return {(means, nth): UUID(one) for means, nth, one in orjson.loads(row.sent_as or "[]")}


def _next(condition: str) -> sa.TextClause:
    earliest = "(select min(due_at) from notify.notices where due_at is not null and repeat = {} {})"
    each = ", ".join(earliest.format(repeat, condition) for repeat in ("false", "true"))
    return sa.text(f"select extract(epoch from least({each}) - clock_timestamp())")


_NEXT = _next("")
_NEXT_OUTSIDE = _next("and (lane is null or lane <> all(cast(:full as text[])))")


async def seconds_to_next(unit: Unit, full: Sequence[str]) -> float:
    """Real seconds until the next notice is due: below 0 when it is overdue, infinite when there is none."""
    row = await unit.connection.execute(_NEXT_OUTSIDE if full else _NEXT, {"full": list(full)} if full else {})
    seconds = row.scalar_one()
    return math.inf if seconds is None else float(seconds)


_HOLD = sa.text(
    "update notify.notices n set lane = v.lane from unnest(cast(:ids as uuid[]), cast(:lanes as text[])) "
    "as v(id, lane) where n.id = v.id"
)


async def hold_in_lane(unit: Unit, held: Iterable[tuple[UUID, str]]) -> None:
    """Write down which lane these due notices wait for, so that they are not looked at while it is full."""
    pairs = list(held)
    if not pairs:
        return
    await unit.connection.execute(
        _HOLD,
        {"ids": [pair[0] for pair in pairs], "lanes": [pair[1] for pair in pairs]},
    )


_CLOSE = sa.text(
    "update notify.attempts a set state = 'failed', reason = 'interrupted' "
    "from unnest(cast(:ids as uuid[]), cast(:means as text[]), cast(:nths as integer[])) "
    "as v(notice_id, means, nth) where a.notice_id = v.notice_id and a.means = v.means "
    "and a.nth = v.nth and a.state = 'sending'"
)


async def start_attempts(unit: Unit, attempts: Sequence[Attempt], now: datetime) -> None:
    """Write attempts down before they are made, and close those that were left under way. `now` is domain time."""
    if not attempts:
        return
    if any(attempt.number > 1 for attempt in attempts):
        await unit.connection.execute(
            _CLOSE,
            {
                "ids": [attempt.notice_id for attempt in attempts],
                "means": [attempt.means for attempt in attempts],
                "nths": [attempt.nth for attempt in attempts],
            },
        )
    await _write_attempts(unit, attempts, now)


async def finish_attempts(unit: Unit, attempts: Sequence[Attempt], now: datetime) -> None:
    """Write down what came of attempts; `at` stays when each was started."""
    if attempts:
        await _write_attempts(unit, attempts, now)


# A receipt may come before what sending led to is written down: what it said stays.
_SAYS_MORE = "a.state = 'sending' or a.reason = 'interrupted' or excluded.state = 'delivered'"
_WRITE = sa.text(
    "insert into notify.attempts as a (notice_id, means, nth, number, at, state, reason, provider_id, "
    "sent_as, wording) "
    "select notice_id, means, nth, number, :now, state, reason, provider_id, sent_as, cast(:wording as integer) "
    "from unnest(cast(:ids as uuid[]), cast(:means as text[]), cast(:nths as integer[]), cast(:numbers as integer[]), "
    "cast(:states as text[]), cast(:reasons as text[]), cast(:provider_ids as text[]), "
    "cast(:sent_as as uuid[])) as v(notice_id, means, nth, number, state, reason, provider_id, sent_as) "
    "on conflict (notice_id, means, nth, number) do update set "
    f"state = case when {_SAYS_MORE} then excluded.state else a.state end, "
    f"reason = case when {_SAYS_MORE} then excluded.reason else a.reason end, "
    "provider_id = coalesce(excluded.provider_id, a.provider_id)"
)


async def _write_attempts(unit: Unit, attempts: Sequence[Attempt], now: datetime) -> None:
    await unit.connection.execute(
        _WRITE,
        {
            "now": now,
            "ids": [attempt.notice_id for attempt in attempts],
            "means": [attempt.means for attempt in attempts],
            "nths": [attempt.nth for attempt in attempts],
            "numbers": [attempt.number for attempt in attempts],
            "states": [attempt.state for attempt in attempts],
            "reasons": [attempt.reason for attempt in attempts],
            "provider_ids": [attempt.provider_id for attempt in attempts],
            "sent_as": [attempt.sent_as for attempt in attempts],
            "wording": EDITION,
        },
    )


_LOCK = sa.text(f"select n.id, {COURSE} from notify.notices n where n.id = any(:ids) order by n.id for update")


async def lock_courses(unit: Unit, ids: Iterable[UUID]) -> dict[UUID, Course]:
    """The courses of these notices, locked in id order, after their referrals."""
    rows = await unit.connection.execute(
        _LOCK,
        {"ids": sorted(set(ids))},
    )
    return {row.id: course_of(row) for row in rows}


_WAITING = sa.text(
    "select n.id, n.recipient, n.type, n.referral_id, n.reference, n.exercise from notify.notices n "
    "join notify.recipients r on r.id = n.recipient where n.waiting order by n.id limit :limit"
)


async def waiting_notices(unit: Unit, limit: int = 500) -> list[Subject]:
    """Notices that wait for somebody who has since become known; not locked."""
    rows = await unit.connection.execute(
        _WAITING,
        {"limit": limit},
    )
    return [Subject(*row) for row in rows]

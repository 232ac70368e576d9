"""Takes in what came of attempts, many at once, in one transaction: courses, attempts, and what routing hears."""

import math
from collections.abc import Sequence
from datetime import datetime
from random import random
from typing import NamedTuple
from uuid import UUID

from services.notify.rules.attempts import Course, Leg, News, Outcome, settle
from services.notify.rules.planning import Subject
from services.notify.store.courses import save_courses
from services.notify.store.leases import Attempt, finish_attempts, lock_courses, moment_of
from services.notify.store.referrals import lock_referrals
from services.notify.telling import tell
from shared.database import Unit

SHOWN = {"delivered": "delivered", "sent": "sent", "retry": "failed", "refused": "failed"}
"""An attempt's state, by what came of it."""

LEFT_ALONE = Outcome("retry", "host_shut", elsewhere=True)
"""What comes of an attempt that is not made: the other side has failed too often just now."""

_TELLING = frozenset({"delivered", "refused"})


class Flight(NamedTuple):
    """An attempt under way: the leg as it was started, and the lane it takes up; "" where another's does for both.

    `sent_as` is the id its message leaves under: its notice's, or one for all that leave together. `planned_at` is when
    its notice was planned (domain time).
    """

    subject: Subject
    leg: Leg
    lane: str
    sent_as: UUID
    planned_at: datetime


Landed = tuple[Flight, Outcome]


async def settle_all(unit: Unit, landed: Sequence[Landed]) -> float:
    """Settle attempts in their order; gives the real seconds until the first of their notices is due again.

    A referral is locked before its notices whenever there may be news of it.
    """
    await lock_referrals(
        unit,
        [
            flight.subject.referral_id
            for flight, outcome in landed
            if flight.subject.referral_id is not None and outcome.kind in _TELLING
        ],
    )
    courses = await lock_courses(unit, [flight.subject.notice_id for flight, _ in landed])
    moment = await moment_of(unit)
    changed: dict[UUID, Course] = {}
    news: list[tuple[Subject, News]] = []
    # Attempts that one message stood for are tried again at one time, so that one message stands for them again.
    jitters: dict[int, float] = {}
    for flight, outcome in landed:
        course = courses.get(flight.subject.notice_id)
        if course is None:
            continue
        settled, heard = settle(course, flight.leg, outcome, moment, jitters.setdefault(id(outcome), random()))
        courses[flight.subject.notice_id] = changed[flight.subject.notice_id] = settled
        news += [(flight.subject, one) for one in heard]
    await save_courses(unit, changed.items(), moment.domain)
    await finish_attempts(unit, [finished(flight, outcome) for flight, outcome in landed], moment.domain)
    await tell(unit, news, moment.domain)
    dues = [course.due for course in changed.values() if course.due is not None]
    return (min(dues) - moment.real).total_seconds() if dues else math.inf


def started(flight: Flight) -> Attempt:
    """The attempt as it is written down before it is made."""
    notice, leg = flight.subject.notice_id, flight.leg
    sent_as = flight.sent_as if flight.sent_as != notice else None
    return Attempt(notice, leg.means, leg.nth, leg.tries, "sending", sent_as=sent_as)


def finished(flight: Flight, outcome: Outcome) -> Attempt:
    """The attempt as it is written down when it is over."""
    shown = SHOWN[outcome.kind]
    return started(flight)._replace(state=shown, reason=outcome.reason, provider_id=outcome.provider_id)

"""Takes in a provider's receipts: what became of a message after the provider took it."""

from dataclasses import dataclass
from random import random
from uuid import UUID

from services.notify.rules.attempts import News, receive
from services.notify.rules.planning import Subject
from services.notify.rules.receipts import outcome_of
from services.notify.settling import SHOWN
from services.notify.store.courses import save_courses
from services.notify.store.leases import lock_courses, moment_of
from services.notify.store.receipts import attempts_told_of, correct_attempts
from services.notify.store.referrals import lock_referrals
from services.notify.telling import tell
from shared.database import Unit


@dataclass(frozen=True)
class Receipt:
    """What a provider says: its own id of the message, ours if it carries one, over which means, and the status."""

    provider_id: str
    notice_id: UUID | None
    means: str
    status: str


async def take_in(unit: Unit, receipt: Receipt) -> bool:
    """Settle what a receipt is about, as often as it comes; False where nothing here is known by it."""
    told = await attempts_told_of(unit, receipt.provider_id, receipt.notice_id, receipt.means)
    outcome = outcome_of(receipt.status, receipt.provider_id)
    if not told or outcome is None:
        return bool(told)
    subjects = [one.subject for one in told]
    await lock_referrals(unit, [one.referral_id for one in subjects if one.referral_id is not None])
    courses = await lock_courses(unit, [one.notice_id for one in subjects])
    moment = await moment_of(unit)
    news: list[tuple[Subject, News]] = []
    for one in told:
        course, heard = receive(courses[one.subject.notice_id], one.leg, outcome, moment, random())
        courses[one.subject.notice_id] = course
        news += [(one.subject, each) for each in heard]
    await save_courses(unit, courses.items(), moment.domain)
    await correct_attempts(unit, told, SHOWN[outcome.kind], outcome)
    await tell(unit, news, moment.domain)
    unit.wake("dispatcher")
    return True

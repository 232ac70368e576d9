"""What routing hears on `deliveries`: each referral's own events, numbered without gaps."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.rules.attempts import News
from services.notify.rules.planning import MEANS, Subject, said_as
from services.notify.rules.replies import Answer, Coded
from services.notify.store.referrals import next_deliveries
from shared.contracts.deliveries import NoticeDelivered, NoticeFailed, NoticeReplied
from shared.database import Unit
from shared.journal import Outgoing

TOPIC = "deliveries"


@dataclass(frozen=True)
class Answered:
    """An officer's answer to an offer, by the code that stands for it."""

    offer: Coded
    code: str
    answer: Answer


async def tell(unit: Unit, news: Sequence[tuple[Subject, News]], now: datetime) -> None:
    """Append news to the journal; the referrals it is about are locked already. `now` is domain time."""
    counts = Counter(subject.referral_id for subject, _ in news if subject.referral_id is not None)
    numbers = await next_deliveries(unit, counts)
    entries = []
    for subject, one in news:
        number = numbers.get(subject.referral_id) if subject.referral_id is not None else None
        if subject.referral_id is not None and number is not None:
            numbers[subject.referral_id] = number + 1
        key = str(subject.referral_id or subject.to)
        entries.append(Outgoing(TOPIC, key, _event(subject, one, number, now), now))
    await unit.append(entries)


def _event(subject: Subject, news: News, number: int | None, now: datetime) -> NoticeDelivered | NoticeFailed:
    shared = {
        "notice_id": subject.notice_id,
        "referral_id": subject.referral_id,
        "reference": subject.reference,
        "sequence": number,
        "at": now,
        "to": subject.to,
        "means": news.means if news.means in MEANS else None,
        "type": said_as(subject.type),
        "exercise": subject.exercise,
    }
    if news.kind == "delivered":
        return NoticeDelivered.model_validate(shared)
    return NoticeFailed.model_validate({**shared, "last_means": news.last, "reason": news.reason})


async def tell_answer(unit: Unit, answered: Answered, now: datetime) -> None:
    """Append an officer's answer to the journal; its referral is locked already. `now` is domain time."""
    offer = answered.offer
    numbers = await next_deliveries(unit, {offer.referral_id: 1})
    event = NoticeReplied(
        notice_id=offer.notice_id,
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=numbers[offer.referral_id],
        at=now,
        to=offer.recipient,
        means="phone",
        officer=offer.recipient,
        offer_code=answered.code,
        answer=answered.answer,
    )
    await unit.append([Outgoing(TOPIC, str(offer.referral_id), event, now)])

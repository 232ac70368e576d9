"""An officer's offer as it changes: put to them, put again, answered."""

from datetime import datetime

from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.state import Answer, Offer


def answer_offer(draft: Draft, offer: Offer, answer: Answer, code: str | None) -> None:
    """The offer has its answer, as of now."""
    answered = offer.model_copy(update={"answer": answer, "code": code, "answered_at": draft.now})
    draft.put(offers=tuple(answered if one.officer == offer.officer else one for one in draft.referral.offers))


def put_alone(draft: Draft, officer: str, respond_by: datetime) -> Offer:
    """One officer is asked by name, whatever they answered before. Says nothing."""
    offer = Offer(
        offer_id=draft.offer_id(),
        officer=officer,
        step=max(draft.referral.ladder.taken - 1, 0),
        at=draft.now,
        respond_by=respond_by,
    )
    others = (one for one in draft.referral.offers if one.officer != officer)
    draft.put(offers=(*others, offer))
    return offer

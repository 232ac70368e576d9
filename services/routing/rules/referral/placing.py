"""Where a referral belongs: handing it off to a desk outside, their receipt, and a human's word that it is ours."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.opening import wait_for_place
from services.routing.rules.referral.roles import ENDS_WITH_HOLDER, alert_role, new_alert, settle
from services.routing.rules.referral.state import IN_HAND, HandOff, Offer, Referral
from shared.contracts.referrals import ReferralHandedOff, ReferralWaiting

TAKEN_BACK = "taken_back"
"""The code of an offer that a supervisor's decision took back; it bars nobody."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Who has it at the desk, and what they call it; `by` wrote it down."""

    person: str
    their_ref: str
    by: str


def hand_off(referral: Referral, desk: str, by: str, now: datetime) -> Transition:
    """Send it to a desk outside. It stays ours, waiting with the coordinator, until the desk's receipt.

    Whoever was asked or held it is not any more. To the same desk again it changes nothing; before it goes to another
    desk `recall` takes it back, which it can until there is a receipt. Raises Refused: not_open, handed_off_already.
    """
    if referral.hand_off is not None and referral.hand_off.desk == desk:
        return Transition(referral)
    if not referral.is_open:
        raise Refused("not_open")
    if referral.hand_off is not None:
        raise Refused("handed_off_already", desk=referral.hand_off.desk)
    draft = Draft(referral, now)
    take_back(draft)
    settle(draft, ENDS_WITH_HOLDER)
    due = _await_receipt(draft)
    draft.put(state="waiting", hand_off=HandOff(desk=desk, by=by, receipt_due=due), looking=False, recheck_at=None)
    draft.say(ReferralHandedOff, desk=desk, received=False, receipt_due=due, by=by)
    return draft.done()


def receive(referral: Referral, receipt: Receipt, now: datetime) -> Transition:
    """The desk has it: nothing is waited for here any more.

    The same receipt again changes nothing. Raises Refused: nothing_handed_off, already_answered.
    """
    sent = referral.hand_off
    if sent is None:
        raise Refused("nothing_handed_off")
    if sent.received:
        if (sent.person, sent.their_ref) == (receipt.person, receipt.their_ref):
            return Transition(referral)
        raise Refused("already_answered")
    if not referral.is_open:
        raise Refused("not_open")
    draft = Draft(referral, now)
    noted = sent.model_copy(update={"person": receipt.person, "their_ref": receipt.their_ref})
    draft.put(state="handed_off", hand_off=noted, alerts=(), looking=False, recheck_at=None)
    draft.ladder(vacancies=0, hurried=False, floor_at=None)
    draft.say(ReferralHandedOff, desk=sent.desk, received=True, their_ref=receipt.their_ref, by=receipt.by)
    return draft.done()


def recall(referral: Referral, now: datetime) -> Transition:
    """Take it back before the desk has said that it has it. Raises Refused: nothing_handed_off, not_open.

    Where a human had to say first where it belongs, the coordinator is asked that again; else somebody is asked at
    once, and the coordinator holds it until then.
    """
    if referral.hand_off is None:
        raise Refused("nothing_handed_off")
    if not referral.awaits_receipt or not referral.is_open:
        raise Refused("not_open")
    draft = Draft(referral, now)
    draft.put(hand_off=None)
    settle(draft, frozenset({"receipt"}))
    if draft.referral.unplaced:
        wait_for_place(draft)
        return draft.done()
    if referral.ladder.taken:
        draft.ladder(vacancies=1)
    alert = new_alert(draft, "step", "coordinator", "hand_off_recalled", referral.terms.place_minutes)
    draft.say(ReferralWaiting, role=alert.role, due=alert.due, why=alert.why)
    return draft.done()


def chase_receipt(draft: Draft) -> None:
    """Once the coordinator has been told and a receipt still fails to come, the role under the ladder is told too."""
    floor = draft.referral.terms.floor
    waiting = [alert for alert in draft.referral.alerts if alert.kind == "receipt"]
    told = {alert.role for alert in waiting}
    if any(alert.times > 1 for alert in waiting) and draft.referral.role(floor.role) not in told:
        alert_role(draft, "receipt", floor.role, "receipt_awaited", floor.ack_minutes)


def take_back(draft: Draft) -> None:
    """Nobody holds it or is asked any more, because a supervisor decided so; it bars nobody."""
    holder = draft.referral.holder.id if draft.referral.holder else None
    offers = (
        _taken_back(offer, draft.now) if offer.answer in IN_HAND or offer.officer == holder else offer
        for offer in draft.referral.offers
    )
    draft.put(offers=tuple(offers), holder=None, choice=None)
    draft.ladder(vacancies=0, hurried=False, floor_at=None)


def decide_ours(draft: Draft) -> None:
    """A human has said that it is ours, whatever is known of its place."""
    draft.put(placed=True)
    settle(draft, frozenset({"place"}))


def keep_place(draft: Draft, before: Referral) -> None:
    """An amendment that changes where it was asks the human anew."""
    was, its = before.picture, draft.referral.picture
    if (was.desk, was.location_confidence, was.district) != (its.desk, its.location_confidence, its.district):
        draft.put(placed=False)


def _taken_back(offer: Offer, now: datetime) -> Offer:
    return offer.model_copy(update={"answer": "retracted", "code": TAKEN_BACK, "answered_at": now})


def _await_receipt(draft: Draft) -> datetime:
    """The coordinator is told when the receipt is overdue, not before: it was they, or their like, who sent it."""
    terms = draft.referral.terms
    due = draft.now + timedelta(minutes=terms.receipt_minutes)
    page = due + timedelta(minutes=terms.floor.page_ops_after_minutes)
    new_alert(draft, "receipt", "coordinator", "receipt_awaited", terms.receipt_minutes)
    *others, alert = draft.referral.alerts
    draft.put(alerts=(*others, alert.model_copy(update={"times": 0, "ops_at": page})))
    return due

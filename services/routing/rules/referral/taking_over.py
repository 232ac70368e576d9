"""What becomes of a hand-over: the receiver takes it, or the giver keeps it and the coordinator is told."""

from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.duty_end import COORDINATOR, begin_duty
from services.routing.rules.referral.offers import answer_offer
from services.routing.rules.referral.roles import alert_role
from services.routing.rules.referral.wanted import Facts
from shared.contracts.model import Holder
from shared.contracts.referrals import ReferralHandedOver


def take_over(draft: Draft, receiver: Holder, facts: Facts) -> None:
    """The receiver holds it from here; state, clocks and what was promised stay as they are."""
    handover, giver = draft.referral.handover, draft.referral.holder
    if handover is None or giver is None:
        return
    offer = draft.referral.offer_to(giver.id)
    if offer is not None:
        answer_offer(draft, offer, "released", "handed_over")
    draft.put(holder=receiver, handover=None, last_holder=receiver.id)
    begin_duty(draft, facts)
    draft.say(ReferralHandedOver, giver=giver.id, receiver=receiver.id, accepted=True)


def end_handover(draft: Draft, why: str) -> None:
    """Nobody takes it: it stays with the giver, and the coordinator is told."""
    handover = draft.referral.handover
    if handover is None:
        return
    drop_handover(draft)
    alert_role(draft, "handover", COORDINATOR, why, draft.referral.terms.floor.ack_minutes)


def drop_handover(draft: Draft) -> None:
    """Nobody is asked to take over any more."""
    handover = draft.referral.handover
    offer = draft.referral.offer_to(handover.receiver) if handover else None
    draft.put(handover=None)
    if offer is not None and offer.answer == "open":
        answer_offer(draft, offer, "retracted", "handover_over")


def lapse_handover(draft: Draft) -> None:
    """The receiver has not answered in time."""
    handover = draft.referral.handover
    if handover is not None and handover.respond_by <= draft.now:
        end_handover(draft, "handover_unanswered")

"""Handing over: the giver holds it until the receiver accepts, so that there is no moment without an owner."""

from datetime import datetime, timedelta

from services.routing.rules.matching.muster import ROLL
from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.duty_end import ALERT
from services.routing.rules.referral.helping import helps
from services.routing.rules.referral.holding import Doer, Misgiven, held_by
from services.routing.rules.referral.offers import put_alone
from services.routing.rules.referral.records import Handover
from services.routing.rules.referral.roles import settle
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.taking_over import drop_handover
from services.routing.rules.referral.wanted import Facts, ruled_out
from shared.contracts.referrals import ReferralHandedOver, ReferralKept

ON_THE_ROSTER = frozenset({*ROLL, "off_roster", "shift_ends_too_soon", "cap"})
"""Rules that a supervisor may be told about somebody else: the roster and the board say the same."""


def hand_over(referral: Referral, doer: Doer, receiver: str, facts: Facts, now: datetime) -> Transition:
    """Ask another officer to take over. The same one again changes nothing; another one is asked instead.

    `facts` must know the receiver. Raises Misgiven, and Refused: cannot_receive where a hard filter rules the receiver
    out. An officer is never told which, since it would tell them of a colleague; a supervisor what the roster says.
    """
    holder = held_by(referral, doer)
    if referral.handover is not None and referral.handover.receiver == receiver:
        return Transition(referral)
    if receiver == holder.id:
        raise Misgiven("to", "holds_it_already")
    code = ruled_out(referral, receiver, facts)
    if code is not None or helps(referral, receiver):
        told = doer.officer is None and code in ON_THE_ROSTER
        raise Refused("cannot_receive", reason=code if told else None)
    draft = Draft(referral, now)
    drop_handover(draft)
    respond_by = draft.now + timedelta(minutes=max(referral.terms.handover_minutes, 1))
    put_alone(draft, receiver, respond_by)
    handover = Handover(giver=holder.id, receiver=receiver, by=doer.addressee, respond_by=respond_by)
    draft.put(handover=handover)
    draft.say(ReferralHandedOver, giver=holder.id, receiver=receiver, accepted=False, respond_by=respond_by)
    return draft.done()


def keep(referral: Referral, doer: Doer, now: datetime) -> Transition:
    """The holder keeps it beyond the end of their duty, and is asked again before the end of the next.

    Raises Refused where no end of duty is near.
    """
    holder = held_by(referral, doer)
    duty = referral.duty
    if duty is None or duty.ends_at is None or not duty_ends_soon(referral):
        if duty is not None and duty.kept_until is not None:
            return Transition(referral)
        raise Refused("not_asked_yet")
    draft = Draft(referral, now)
    kept = duty.ends_at
    settled = {"kept_until": kept, "ends_at": None, "stage": "to_come", "next_at": None}
    draft.put(duty=duty.model_copy(update=settled))
    draft.put(recheck_at=draft.now)
    settle(draft, ALERT)
    draft.say(ReferralKept, officer=holder.id, beyond=kept)
    return draft.done()


def duty_ends_soon(referral: Referral) -> bool:
    """Whether its holder has been asked what becomes of it when their duty ends, and has not settled it."""
    duty = referral.duty
    return referral.held and duty is not None and duty.ends_at is not None and duty.stage != "to_come"

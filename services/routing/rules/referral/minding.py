"""What a change of the roster does to a referral at once: whoever left it, or is sick or on leave, is asked no more."""

from datetime import datetime

from services.routing.rules.referral.answers import keep_out
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.duty_end import LONG_AWAY, follow_duty
from services.routing.rules.referral.helping import mind_helpers
from services.routing.rules.referral.state import IN_HAND, Referral
from services.routing.rules.referral.taking_over import end_handover
from services.routing.rules.referral.wanted import Facts


def mind_roster(referral: Referral, facts: Facts, now: datetime) -> Transition:
    """The referral under the roster as it stands now; `facts` must know everybody in the pool.

    An open offer of somebody who is not there any more is taken back and the next is asked; the holder's duty is
    followed, and what a leaver holds goes back to the coordinator. A helper who will not be there is replaced.
    Nothing happens twice.
    """
    if not referral.is_open or referral.pool not in facts.policy.pools:
        return Transition(referral)
    draft = Draft(referral, now)
    if referral.held:
        if referral.handover is not None and _is_away(referral.handover.receiver, facts):
            end_handover(draft, "receiver_away")
        follow_duty(draft, facts)
        if draft.referral.held:
            mind_helpers(draft, facts)
    else:
        asked = (offer.officer for offer in referral.offers if offer.answer in IN_HAND)
        keep_out(draft, frozenset(officer for officer in asked if _is_away(officer, facts)))
    return Transition(referral) if draft.referral == referral else draft.done()


def _is_away(officer: str, facts: Facts) -> bool:
    """Off the roster, sick or on leave. Whoever is only off duty, in court or busy may still answer."""
    standing = facts.muster.standing
    if officer not in standing.forces:
        return True
    duty = standing.duties.get(officer)
    return duty is not None and duty.at(facts.muster.now) in LONG_AWAY

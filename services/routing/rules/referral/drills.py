"""A drill has done its work once a notice of it has been delivered: every hop was there."""

from datetime import datetime

from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralClosed

OUTCOME = "drill_complete"


def drilled(referral: Referral, now: datetime) -> Transition:
    """The drill closed, the one referral that nobody has to; any other, and one that is not open, is left alone."""
    if not referral.picture.drill or not referral.is_open:
        return Transition(referral)
    draft = Draft(referral, now)
    draft.put(state="closed", holder=None, alerts=(), looking=False, recheck_at=None)
    draft.ladder(vacancies=0, hurried=False, floor_at=None)
    draft.say(ReferralClosed, outcome=OUTCOME, by="ops")
    return draft.done()

"""What time does to a referral."""

from datetime import datetime

from services.routing.rules.referral.clocks import overdue
from services.routing.rules.referral.contacting import review_attempts
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.duty_end import follow_duty
from services.routing.rules.referral.helping import foresee, mind_helpers, seek_helpers
from services.routing.rules.referral.ladder import climb
from services.routing.rules.referral.overriding import end_choice
from services.routing.rules.referral.placing import chase_receipt
from services.routing.rules.referral.resuming import wake_up
from services.routing.rules.referral.roles import alert_role, remind
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.taking_over import lapse_handover
from services.routing.rules.referral.wanted import Facts
from shared.contracts.referrals import ReferralBreached


def advance(referral: Referral, facts: Facts, now: datetime) -> Transition:
    """The referral as time has made it at `now`. Nothing happens before `wakes_at`, and nothing twice."""
    wakes_at = referral.wakes_at
    if wakes_at is None or wakes_at > now:
        return Transition(referral)
    draft = Draft(referral, now)
    wake_up(draft, facts.policy)
    remind(draft)
    chase_receipt(draft)
    end_choice(draft)
    if not referral.held and not referral.unplaced and draft.referral.choice is None:
        climb(draft, facts)
    else:
        draft.put(looking=False, recheck_at=None)
        _mind_holder(draft, facts)
    _breach(draft)
    return draft.done()


def look_again(referral: Referral, now: datetime) -> Referral:
    """The referral, due for another look at `now` because the roster changed; the same where it is not looking."""
    return referral.model_copy(update={"recheck_at": now}) if referral.looking else referral


def _mind_holder(draft: Draft, facts: Facts) -> None:
    """What a holder has before them: an answer to a hand-over, the end of duty, tries that fail, helpers to find."""
    lapse_handover(draft)
    follow_duty(draft, facts)
    if draft.referral.held:
        review_attempts(draft)
        mind_helpers(draft, facts)
    if draft.referral.helpers_wanted:
        seek_helpers(draft, facts)
    foresee(draft)


def _breach(draft: Draft) -> None:
    """Clocks that ran out are breaches, told to a supervisor again and again until there is an answer."""
    terms = draft.referral.terms
    for name, was_due in overdue(draft.referral, draft.now):
        draft.clocks(breached=(*draft.referral.clocks.breached, name))
        draft.say(ReferralBreached, clock=name, was_due=was_due)
        alert_role(draft, "breach", terms.review_role, f"{name}_overdue", terms.floor.ack_minutes)

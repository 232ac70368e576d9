"""Closing and opening again: only a human does either, and nothing is closed over a breach without a plan."""

from datetime import datetime

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.clocks import class_of, frozen_clocks, frozen_ladder, frozen_terms
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.holding import Doer, Misgiven, held_by
from services.routing.rules.referral.opening import tell_of_risks, wait_for_place
from services.routing.rules.referral.state import Referral
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralClosed, ReferralReopened


def close(referral: Referral, doer: Doer, outcome: str, policy: PolicyDocument, now: datetime) -> Transition:
    """The holder or a supervisor says that it is done, with one of the policy's outcomes.

    Said again the same, nothing changes. Raises Refused: not_open, not_yours, breach_without_plan,
    risk_unacknowledged; and Misgiven.
    """
    if referral.state == "closed" and referral.outcome == outcome:
        return Transition(referral)
    if not referral.is_open:
        raise Refused("not_open")
    if doer.officer is not None:
        held_by(referral, doer)
    if policy.codes.close_outcomes and outcome not in policy.codes.close_outcomes:
        raise Misgiven("outcome", "unknown_code")
    if (obstacle := keeps_open(referral)) is not None:
        raise Refused(obstacle)
    draft = Draft(referral, now)
    draft.put(state="closed", outcome=outcome, alerts=(), pause=None, choice=None, looking=False, recheck_at=None)
    draft.ladder(vacancies=0, hurried=False, floor_at=None)
    draft.say(ReferralClosed, outcome=outcome, by=doer.name)
    return draft.done()


def keeps_open(referral: Referral) -> str | None:
    """What stands in the way of closing it: breach_without_plan or risk_unacknowledged; None for nothing."""
    if referral.clocks.breached:
        return "breach_without_plan"
    if any(alert.kind == "risk" and not alert.acknowledged for alert in referral.alerts):
        return "risk_unacknowledged"
    return None


def may_reopen(referral: Referral) -> bool:
    """Whether it is over in a way that can be undone."""
    return not (referral.is_open or referral.erased or referral.state == "withdrawn")


def reopen(referral: Referral, by: str, reason: str | None, policy: PolicyDocument, now: datetime) -> Transition:
    """A supervisor opens it again: ladder, clocks and terms anew from now, and its risks told anew.

    Everybody may be asked again but those in conflict. Open already, nothing changes. Raises Refused.
    """
    if referral.is_open:
        return Transition(referral)
    if not may_reopen(referral):
        raise Refused("not_to_be_reopened")
    draft = Draft(referral, now)
    its = class_of(policy, referral.picture.response_class)
    draft.put(
        state="waiting",
        holder=None,
        outcome=None,
        hand_off=None,
        plan=None,
        counts_from=draft.now,
        policy_version=policy.version,
        terms=frozen_terms(its, policy),
        ladder=frozen_ladder(its, policy, draft.now),
        clocks=frozen_clocks(referral.picture, its, policy, draft.now),
        failed_attempts=0,
        review_at=None,
        offers=tuple(offer for offer in referral.offers if offer.code == "conflict"),
    )
    draft.say(ReferralReopened, by=by, reason=reason)
    tell_of_risks(draft, policy, frozenset())
    if draft.referral.unplaced:
        wait_for_place(draft)
    return draft.done()

"""Officers who come along, where an event wants more than one (contract §1, `event.officers_wanted`)."""

from services.routing.rules.referral.asking import Asking
from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.duty_end import COORDINATOR
from services.routing.rules.referral.offers import answer_offer
from services.routing.rules.referral.roles import alert_role, settle
from services.routing.rules.referral.state import Offer, Referral
from services.routing.rules.referral.wanted import Facts
from shared.contracts.lifecycle import code_shown
from shared.contracts.model import Holder
from shared.contracts.referrals import ReferralHelperJoined, ReferralHelperLeft

ALERT = frozenset({"helpers"})


def helps(referral: Referral, officer: str) -> bool:
    """Whether an officer comes along."""
    return any(helper.id == officer for helper in referral.helpers)


def may_join(referral: Referral, officer: str) -> bool:
    """Whether an officer who was asked may still come along."""
    offer = referral.offer_to(officer)
    return referral.helpers_wanted > 0 and offer is not None and not _asked_to_take_over(referral, officer)


def join(draft: Draft, helper: Holder) -> None:
    """One more officer comes along; the holder stays the holder."""
    draft.put(helpers=(*draft.referral.helpers, helper), recheck_at=draft.now)
    if not draft.referral.helpers_wanted:
        settle(draft, ALERT)
    draft.say(ReferralHelperJoined, officer=helper.id, still_wanted=draft.referral.helpers_wanted)


def leave(draft: Draft, officer: str, code: str) -> None:
    """An officer does not come along after all; somebody else is asked."""
    offer = draft.referral.offer_to(officer)
    if offer is not None:
        answer_offer(draft, offer, "released", code)
    left = tuple(helper for helper in draft.referral.helpers if helper.id != officer)
    draft.put(helpers=left, recheck_at=draft.now)
    draft.say(ReferralHelperLeft, officer=officer, code=code_shown(code))


def seek_helpers(draft: Draft, facts: Facts) -> None:
    """Ask as many more as are still wanted; look again when an offer lapses or somebody comes on duty."""
    referral = draft.referral
    live = [offer for offer in referral.offers if offer.live(draft.now) and _may_help(referral, offer)]
    missing = referral.helpers_wanted - len(live)
    if missing > 0:
        live += _ask(draft, facts, missing)
    short = len(live) < referral.helpers_wanted
    next_on = facts.muster.next_on_duty(set(facts.muster.standing.forces.values())) if short else None
    times = [offer.respond_by for offer in live] + ([next_on] if next_on else [])
    draft.put(looking=short, recheck_at=min(times, default=None))
    if short and not any(alert.kind == "helpers" for alert in draft.referral.alerts):
        alert_role(draft, "helpers", COORDINATOR, "helpers_wanted", referral.terms.floor.ack_minutes)


def _ask(draft: Draft, facts: Facts, count: int) -> list[Offer]:
    """The offers made to the best `count` who have not been asked yet; a search that finds nobody is not kept."""
    decided, state = len(draft.decisions), draft.referral.state
    asking = Asking(draft, facts)
    if not asking.choose("next", count, "helpers"):
        del draft.decisions[decided:]
        return []
    asking.offer(max(draft.referral.ladder.taken - 1, 0), "helpers")
    draft.put(state=state)
    return [offer for offer in draft.referral.offers if offer.officer in asking.chosen]


def _may_help(referral: Referral, offer: Offer) -> bool:
    holds = referral.holder is not None and referral.holder.id == offer.officer
    return not (holds or helps(referral, offer.officer) or _asked_to_take_over(referral, offer.officer))


def _asked_to_take_over(referral: Referral, officer: str) -> bool:
    return referral.handover is not None and referral.handover.receiver == officer

"""Officers who come along, where an event wants more than one (contract §1, `event.officers_wanted`).

Whoever leaves the roster, or is sick or on leave while the event takes place, does not come along: that is found out
when the roster changes, and once more when the event is near enough to be on everybody's rota.
"""

from datetime import timedelta

from services.routing.rules.referral.asking import Asking
from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.duty_end import COORDINATOR, LONG_AWAY
from services.routing.rules.referral.offers import answer_offer
from services.routing.rules.referral.roles import alert_role, settle
from services.routing.rules.referral.state import Offer, Referral
from services.routing.rules.referral.wanted import Facts
from shared.contracts.lifecycle import code_shown
from shared.contracts.model import Holder
from shared.contracts.referrals import ReferralHelperJoined, ReferralHelperLeft

ALERT = frozenset({"helpers"})
FORESEEN = timedelta(days=14)
"""How far ahead an officer's time is known for certain: the roster is read fifteen days ahead."""


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


def mind_helpers(draft: Draft, facts: Facts) -> None:
    """Take off helpers who cannot be there, and tell the coordinator; `facts` must know everybody in the pool."""
    pool = facts.policy.pools.get(draft.referral.pool)
    ours = [helper for helper in draft.referral.helpers if pool is not None and helper.force in pool.forces]
    gone = [(helper.id, why) for helper in ours if (why := _why_not_there(draft, facts, helper.id)) is not None]
    for officer, why in gone:
        leave(draft, officer, why)
    if gone and all(alert.acknowledged for alert in draft.referral.alerts if alert.kind in ALERT):
        settle(draft, ALERT)
        alert_role(draft, "helpers", COORDINATOR, "helper_away", draft.referral.terms.floor.ack_minutes)


def foresee(draft: Draft) -> None:
    """Look at the helpers once more when the event has come near."""
    event, again = draft.referral.picture.event, draft.referral.recheck_at
    if event is None or event.starts_at is None or not draft.referral.helpers:
        return
    near = event.starts_at - FORESEEN
    if draft.now < near:
        draft.put(recheck_at=min(again or near, near))


def _why_not_there(draft: Draft, facts: Facts, officer: str) -> str | None:
    """Why an officer cannot be at the event, None for one who can, or whose time nothing is known against."""
    standing, event = facts.muster.standing, draft.referral.picture.event
    if officer not in standing.forces:
        return "left_roster"
    duty = standing.duties.get(officer)
    if duty is None or event is None or event.starts_at is None:
        return None
    begins, ends = event.starts_at, event.ends_at or event.starts_at
    meanwhile = (one for one in duty.stretches if one.starts <= ends and one.ends > max(begins, draft.now))
    return "away" if any(one.kind in LONG_AWAY for one in meanwhile) else None


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

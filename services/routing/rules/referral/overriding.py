"""A supervisor chooses, against or before the ranking, and says why.

Ranking suggests and a human accepts (domain.md §5): so an officer who is chosen is asked alone and holds the referral
once they accept. Until then it is on offer with a deadline, the ladder stands still, and what comes back unanswered
comes back to the role that chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.rules.calendar import after
from services.routing.rules.matching.decision import OVERRIDE, record
from services.routing.rules.matching.muster import Muster
from services.routing.rules.matching.rank import rank, why_not
from services.routing.rules.matching.wishes import without_any
from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.clocks import next_due
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.offers import put_alone
from services.routing.rules.referral.placing import decide_ours, take_back
from services.routing.rules.referral.roles import ENDS_WITH_HOLDER, alert_role, settle
from services.routing.rules.referral.state import Choice, Referral
from services.routing.rules.referral.wanted import Facts, request_anew
from shared.contracts.referrals import ReferralAssignedByOverride, ReferralOffered

AGREED = "person_agreed"
"""The reason that says that the person was asked and gives up what they had required."""

YIELDING = frozenset({"cap", "shift_left"})
"""The policy's filters that a supervisor may set aside with a reason."""

WISHES = frozenset({"gender_required", "language_required", "skill_required", "person_refused_other_forces"})

UNSAID = "unsaid"
"""Stands for every reason that nobody may learn."""

_ENDED: Mapping[str, str] = {"declined": "choice_declined", "failed": "choice_unreachable", "open": "choice_unanswered"}


@dataclass(frozen=True, slots=True)
class Order:
    """Whom a supervisor chose and why: `by` as signed in, `reason` a code, `note_id` of words in the vault."""

    officer: str
    by: str
    reason: str
    note_id: UUID | None = None


def override(referral: Referral, order: Order, facts: Facts, now: datetime) -> Transition:
    """Ask one officer alone; whoever was asked or held it is not any more, and is barred from nothing.

    The officer must be on duty or on call, and may be over their cap. Chosen again, or holding it already, nothing
    changes. It counts as a human's word that the referral is ours, whatever is known of its place.
    Raises Refused: not_open, sent_to_desk, cannot_be_chosen.
    """
    if _has_it(referral, order.officer):
        return Transition(referral)
    if not referral.is_open:
        raise Refused("not_open")
    if referral.awaits_receipt:
        raise Refused("sent_to_desk")
    barred = why_not_chosen(referral, order.officer, facts, agreed=order.reason == AGREED)
    if barred is not None:
        raise Refused("cannot_be_chosen", reason=None if barred == UNSAID else barred)
    draft = Draft(referral, now)
    request = request_anew(referral, facts)
    ranking = rank(request, facts.muster, "pool")
    draft.decisions.append(record(request, facts.muster, ranking, [order.officer], OVERRIDE))
    take_back(draft)
    settle(draft, ENDS_WITH_HOLDER)
    decide_ours(draft)
    draft.say(
        ReferralAssignedByOverride,
        officer=order.officer,
        by=order.by,
        reason=order.reason,
        note_id=order.note_id,
    )
    _ask_alone(draft, order, facts, held=referral.held)
    return draft.done()


def why_not_chosen(referral: Referral, officer: str, facts: Facts, *, agreed: bool = False) -> str | None:
    """Why a supervisor cannot choose an officer now; None where they can.

    `off_roster`, a lapsed training or a kind of absence is said as it is: everybody's roster says the same.
    `ask_person` is a wish of the person that stands in the way until they have `agreed`. UNSAID is anything else:
    connected, excluded, a conflict, any decline of this referral, an area they avoid. Those look alike, so that a
    refusal gives none of them away; a plain decline is among them because a conflict reads like one.
    """
    if officer not in facts.muster.standing.forces:
        return "off_roster"
    absent = next((code for code, ids in facts.muster.standing.absent.items() if officer in ids), None)
    if absent is not None:
        return absent
    offer = referral.offer_to(officer)
    if offer is not None and offer.answer == "declined":
        return UNSAID
    request = request_anew(referral, facts)
    code = why_not(request, _yielding(facts.muster), officer)
    if code in WISHES and agreed:
        code = why_not(without_any(request), _yielding(facts.muster), officer)
    if code is None:
        return None
    return "ask_person" if code in WISHES else UNSAID


def choices(referral: Referral, facts: Facts) -> tuple[str, ...]:
    """Officers a supervisor may choose now as things stand: the owning force's first, as the ranking prefers them."""
    ranking = rank(without_any(request_anew(referral, facts)), _yielding(facts.muster), "pool")
    out = {offer.officer for offer in referral.offers if offer.answer == "declined"}
    fitting = [row for row in ranking.ranked if row.officer not in out and not _has_it(referral, row.officer)]
    return tuple(row.officer for row in sorted(fitting, key=lambda row: row.force != referral.force))


def end_choice(draft: Draft) -> None:
    """A choice that was declined, cannot be reached or stays unanswered: the role that chose is told, at once."""
    choice = draft.referral.choice
    if choice is None or draft.referral.held:
        return
    offer = draft.referral.offer_to(choice.officer)
    if offer is not None and offer.live(draft.now):
        return
    draft.put(choice=None, state="waiting")
    why = _ENDED.get(offer.answer if offer else "", "choice_over")
    alert_role(draft, "choice", choice.by.partition(":")[0], why, draft.referral.terms.floor.ack_minutes)


def _has_it(referral: Referral, officer: str) -> bool:
    if referral.holder is not None:
        return referral.holder.id == officer
    offer = referral.offer_to(officer)
    chosen = referral.choice is not None and referral.choice.officer == officer
    return chosen and offer is not None and offer.answer == "open"


def _ask_alone(draft: Draft, order: Order, facts: Facts, *, held: bool) -> None:
    """Ask, with the class's own time to answer; where nobody `held` it, nothing is due later than it was before.

    A minute is the least that somebody can answer in.
    """
    terms, before = draft.referral.terms, None if held else draft.referral.due
    respond_by = after(draft.now, terms.ack_minutes, terms.counts, facts.policy.calendar)
    choice = Choice(officer=order.officer, by=order.by, reason=order.reason, respond_by=respond_by)
    asked = draft.referral.model_copy(update={"choice": choice, "state": "offered"})
    if before is not None and (next_due(asked, draft.now) or before) > before:
        respond_by = min(respond_by, before)
    respond_by = max(respond_by, draft.now + timedelta(minutes=1))
    made = put_alone(draft, order.officer, respond_by)
    choice = choice.model_copy(update={"respond_by": respond_by})
    draft.put(choice=choice, state="offered", looking=False, recheck_at=None)
    words = {"offer_id": made.offer_id, "officers": (order.officer,), "respond_by": respond_by}
    draft.say(ReferralOffered, **words, step=made.step, why=OVERRIDE)


def _yielding(muster: Muster) -> Muster:
    """The same muster under a policy without the filters that a supervisor may set aside."""
    matching = muster.standing.matching
    kept = tuple(name for name in matching.filters if name not in YIELDING)
    standing = replace(muster.standing, matching=matching.model_copy(update={"filters": kept}))
    return Muster(standing, muster.now, muster.loads)

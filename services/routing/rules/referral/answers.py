"""What officers and roles answer. One holder, whoever else taps; what does not apply changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.duty_end import begin_duty
from services.routing.rules.referral.helping import helps, join, leave, may_join
from services.routing.rules.referral.offers import answer_offer
from services.routing.rules.referral.roles import ENDS_WITH_HOLDER, acknowledged, settle, unacknowledged
from services.routing.rules.referral.state import IN_HAND, Offer, Referral
from services.routing.rules.referral.taking_over import drop_handover, end_handover, take_over
from services.routing.rules.referral.wanted import Facts, barred_from, ruled_out
from shared.contracts.lifecycle import code_shown
from shared.contracts.model import Holder
from shared.contracts.referrals import ReferralAccepted, ReferralDeclined, ReferralReleased, ReferralViewed


class Refused(Exception):
    """An answer that does not apply: `code` is stable; `holder`, `reason` and `desk` say more where they may."""

    def __init__(
        self, code: str, holder: Holder | None = None, reason: str | None = None, desk: str | None = None
    ) -> None:
        self.code, self.holder, self.reason, self.desk = code, holder, reason, desk
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Tap:
    """An officer's answer: who, of which force, and when they tapped (None: now; a phone may have been offline)."""

    officer: str
    force: str
    tapped_at: datetime | None = None


def view(referral: Referral, officer: str, now: datetime) -> Transition:
    """The officer has opened the task after signing in; said once, while it is on offer to them or theirs."""
    offer = referral.offer_to(officer)
    if offer is None or not unseen(referral, offer):
        return Transition(referral)
    draft = Draft(referral, now)
    draft.put(
        offers=tuple(
            one.model_copy(update={"viewed_at": draft.now}) if one.officer == officer else one
            for one in referral.offers
        )
    )
    draft.say(ReferralViewed, officer=officer)
    return draft.done()


def unseen(referral: Referral, offer: Offer) -> bool:
    """Whether an offer is to be answered and its officer has not opened it yet."""
    theirs = referral.is_open and has_part(referral, offer.officer)
    return offer.viewed_at is None and (theirs or is_asked(referral, offer))


def accept(referral: Referral, tap: Tap, facts: Facts, now: datetime) -> Transition:
    """The officer becomes the holder, takes over from one who asked them to, or comes along where more are wanted.

    Their own repeat changes nothing. An answer after its time, or after another answer, counts if nobody holds the
    referral and the hard filters pass now. Raises Refused.
    """
    offer = _asked(referral, tap.officer)
    if has_part(referral, tap.officer):
        return Transition(referral)
    takes_over, joins = asked_to_take_over(referral, tap.officer), may_join(referral, tap.officer)
    if not takes_over and not joins:
        _must_be_free(referral, tap.officer)
    _must_pass(referral, offer, tap, facts, now)
    draft = Draft(referral, now)
    if takes_over:
        take_over(draft, Holder(force=tap.force, id=tap.officer), facts)
    elif joins:
        join(draft, Holder(force=tap.force, id=tap.officer))
    else:
        _hold(draft, offer, tap, facts)
    return draft.done()


def _hold(draft: Draft, offer: Offer, tap: Tap, facts: Facts) -> None:
    referral = draft.referral
    draft.put(state="accepted", holder=Holder(force=tap.force, id=tap.officer), choice=None)
    draft.put(looking=False)
    draft.ladder(vacancies=0, hurried=False)
    settle(draft, ENDS_WITH_HOLDER)
    if referral.clocks.first_contact_due is None and referral.clocks.next_update_due is None:
        draft.clocks(next_update_due=draft.now + timedelta(minutes=referral.terms.update_minutes))
    first_contact = draft.referral.clocks.first_contact_due
    draft.say(ReferralAccepted, officer=tap.officer, offer_id=offer.offer_id, first_contact_due=first_contact)
    begin_duty(draft, facts)
    draft.put(last_holder=tap.officer, recheck_at=draft.now if draft.referral.helpers_wanted else None)


def decline(referral: Referral, officer: str, code: str, now: datetime) -> Transition:
    """The officer cannot; somebody else is asked at once. Raises Refused for who was never asked, or holds it.

    Said again, or too late to matter, it changes nothing, except that a conflict always bars the officer for good.
    """
    if code == "conflict" and _said_so(referral, officer):
        return Transition(referral)
    offer = _asked(referral, officer)
    if referral.holder is not None and referral.holder.id == officer:
        raise Refused("not_yours", referral.holder)
    draft = Draft(referral, now)
    if not _matters(referral, offer):
        if code != "conflict":
            return Transition(referral)
        answer_offer(draft, offer, "declined", code)
        return draft.done()
    if helps(referral, officer):
        leave(draft, officer, code)
        return draft.done()
    answer_offer(draft, offer, "declined", code)
    draft.say(ReferralDeclined, officer=officer, code=code, offer_id=offer.offer_id)
    _fill(draft, officer, "handover_declined")
    return draft.done()


def release(referral: Referral, officer: str, code: str, now: datetime) -> Transition:
    """The holder gives it back and the ladder goes on; a helper stays away. Raises Refused for anybody else."""
    if helps(referral, officer):
        left = Draft(referral, now)
        leave(left, officer, code)
        return left.done()
    if referral.holder is None or referral.holder.id != officer or not referral.is_open:
        raise Refused("not_yours", referral.holder)
    draft = Draft(referral, now)
    give_back(draft, code)
    return draft.done()


def acknowledge(referral: Referral, role: str, person: str, outcome: str, now: datetime) -> Transition:
    """Somebody in a role (an address, `fim:herts`) says what happens. Raises Refused where nobody waits for it."""
    draft = Draft(referral, now)
    waiting = unacknowledged(referral, role)
    if not waiting and not any(alert.role == role for alert in referral.alerts):
        raise Refused("nothing_to_acknowledge")
    for place in waiting:
        acknowledged(draft, place, person, outcome)
    return draft.done() if waiting else Transition(referral)


def notice_failed(referral: Referral, to: str, now: datetime) -> Transition:
    """Every means of reaching an officer or a role has failed: the next step is now.

    While another officer may still answer, only the place of the one who cannot be reached is filled.
    """
    if not referral.is_open:
        return Transition(referral)
    draft = Draft(referral, now)
    offer = referral.offer_to(to)
    if offer is not None and offer.answer == "open" and not has_part(referral, to) and _matters(referral, offer):
        answer_offer(draft, offer, "failed", None)
        if referral.held or any(other.live(draft.now) for other in draft.referral.offers):
            _fill(draft, to, "handover_unreachable")
        else:
            draft.ladder(hurried=True)
    _page_at_once(draft, to)
    return draft.done() if draft.referral != referral else Transition(referral)


def give_back(draft: Draft, code: str) -> None:
    """Take the referral from its holder and look for somebody else at once."""
    holder = draft.referral.holder
    if holder is None:
        return
    offer = draft.referral.offer_to(holder.id)
    if offer is not None:
        answer_offer(draft, offer, "released", code)
    draft.put(state="waiting", holder=None)
    draft.ladder(vacancies=1, floor_at=None)
    # The control room is never told that somebody is in conflict, not even so.
    draft.say(ReferralReleased, officer=holder.id, code=code_shown(code))


def keep_out(draft: Draft, officers: frozenset[str]) -> None:
    """Take back what these officers were asked, because they must not have any part in it; others are asked."""
    handover = draft.referral.handover
    if handover is not None and handover.receiver in officers:
        drop_handover(draft)
    for helper in draft.referral.helpers:
        if helper.id in officers:
            leave(draft, helper.id, "unfit")
    for offer in draft.referral.offers:
        if offer.officer in officers and offer.answer in IN_HAND:
            answer_offer(draft, offer, "retracted", None)
            draft.ladder(vacancies=draft.referral.ladder.vacancies + 1)


def has_part(referral: Referral, officer: str) -> bool:
    """Whether an officer holds it, or comes along."""
    return helps(referral, officer) or (referral.holder is not None and referral.holder.id == officer)


def is_asked(referral: Referral, offer: Offer) -> bool:
    """Whether an officer may still answer an offer with a yes."""
    if not referral.is_open or offer.answer not in IN_HAND or has_part(referral, offer.officer):
        return False
    return not referral.held or asked_to_take_over(referral, offer.officer) or may_join(referral, offer.officer)


def asked_to_take_over(referral: Referral, officer: str) -> bool:
    """Whether the holder has asked this officer to take over."""
    return referral.handover is not None and referral.handover.receiver == officer


def _matters(referral: Referral, offer: Offer) -> bool:
    """Whether an answer to an offer changes who is asked."""
    if not referral.is_open or offer.answer in {"declined", "released", "retracted"}:
        return False
    officer = offer.officer
    asked_all_the_same = asked_to_take_over(referral, officer) or may_join(referral, officer)
    return not referral.held or asked_all_the_same or helps(referral, officer)


def _fill(draft: Draft, officer: str, why: str) -> None:
    """Somebody else in the place of one who was asked; a hand-over comes back to its giver."""
    if asked_to_take_over(draft.referral, officer):
        end_handover(draft, why)
    elif draft.referral.held:
        draft.put(recheck_at=draft.now)
    else:
        draft.ladder(vacancies=draft.referral.ladder.vacancies + 1)


def _said_so(referral: Referral, officer: str) -> bool:
    """Whether an officer has declared a conflict here before."""
    offer = referral.offer_to(officer)
    return offer is not None and offer.code == "conflict" and officer not in referral.picture.connected_officers


def _asked(referral: Referral, officer: str) -> Offer:
    offer = referral.offer_to(officer)
    if offer is None or offer.code == "conflict" or officer in referral.picture.connected_officers:
        raise Refused("never_offered")
    return offer


def _must_be_free(referral: Referral, officer: str) -> None:
    if referral.holder is not None:
        raise Refused("already_held", referral.holder)
    another = referral.choice is not None and referral.choice.officer != officer
    if not referral.is_open or referral.awaits_receipt or another:
        raise Refused("not_open")


def _must_pass(referral: Referral, offer: Offer, tap: Tap, facts: Facts, now: datetime) -> None:
    tapped_at = min(tap.tapped_at or now, now)
    if tap.officer in barred_from(referral, facts):
        raise Refused("ruled_out", reason="conflict")
    if offer.answer == "open" and tapped_at <= offer.respond_by:
        return
    code = ruled_out(referral, tap.officer, facts)
    if code is not None:
        raise Refused("ruled_out", reason=code)


def _page_at_once(draft: Draft, role: str) -> None:
    """A role that no means reaches is told again, and operations with it, now."""
    alerts = tuple(
        alert.model_copy(update={"due": draft.now, "ops_at": draft.now})
        if alert.role == role and not alert.acknowledged and alert.ops_at > draft.now
        else alert
        for alert in draft.referral.alerts
    )
    draft.put(alerts=alerts)

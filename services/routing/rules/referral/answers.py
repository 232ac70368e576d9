"""What officers and roles answer. One holder, whoever else taps; what does not apply changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.roles import ENDS_WITH_HOLDER, acknowledged, settle, unacknowledged
from services.routing.rules.referral.state import Offer, Referral
from services.routing.rules.referral.wanted import Facts, ruled_out
from shared.contracts.model import Holder
from shared.contracts.referrals import ReferralAccepted, ReferralDeclined, ReferralReleased, ReferralViewed


class Refused(Exception):
    """An answer that does not apply: `code` is never_offered, already_held, not_open, ruled_out or not_yours."""

    def __init__(self, code: str, holder: Holder | None = None, reason: str | None = None) -> None:
        self.code, self.holder, self.reason = code, holder, reason
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
    theirs = referral.holder is None or referral.holder.id == offer.officer
    return offer.viewed_at is None and offer.answer in {"open", "failed"} and referral.is_open and theirs


def accept(referral: Referral, tap: Tap, facts: Facts, now: datetime) -> Transition:
    """The officer becomes the holder. Raises Refused.

    The holder's own repeat changes nothing. An answer after its time, or after another answer, counts if nobody
    holds the referral and the hard filters pass now.
    """
    offer = _asked(referral, tap.officer)
    if referral.holder is not None and referral.holder.id == tap.officer:
        return Transition(referral)
    _must_be_free(referral)
    _must_pass(referral, offer, tap, facts, now)
    draft = Draft(referral, now)
    draft.put(state="accepted", holder=Holder(force=tap.force, id=tap.officer), looking=False, recheck_at=None)
    draft.ladder(vacancies=0, hurried=False)
    settle(draft, ENDS_WITH_HOLDER)
    if referral.clocks.first_contact_due is None and referral.clocks.next_update_due is None:
        draft.clocks(next_update_due=draft.now + timedelta(minutes=referral.terms.update_minutes))
    first_contact = draft.referral.clocks.first_contact_due
    draft.say(ReferralAccepted, officer=tap.officer, offer_id=offer.offer_id, first_contact_due=first_contact)
    return draft.done()


def decline(referral: Referral, officer: str, code: str, now: datetime) -> Transition:
    """The officer cannot; somebody else is asked at once. Raises Refused for who was never asked, or holds it.

    Said again, or too late to matter, it changes nothing, except that a conflict always bars the officer for good.
    """
    offer = _asked(referral, officer)
    if referral.holder is not None and referral.holder.id == officer:
        raise Refused("not_yours", referral.holder)
    draft = Draft(referral, now)
    if referral.held or not referral.is_open or offer.answer in {"declined", "released", "retracted"}:
        if code != "conflict" or offer.code == "conflict":
            return Transition(referral)
        _answer(draft, offer, "declined", code)
        return draft.done()
    _answer(draft, offer, "declined", code)
    draft.ladder(vacancies=referral.ladder.vacancies + 1)
    draft.say(ReferralDeclined, officer=officer, code=code, offer_id=offer.offer_id)
    return draft.done()


def release(referral: Referral, officer: str, code: str, now: datetime) -> Transition:
    """The holder gives it back; the ladder goes on from where it stood. Raises Refused for anybody else."""
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
    if offer is not None and offer.answer == "open" and not referral.held:
        _answer(draft, offer, "failed", None)
        if any(other.live(draft.now) for other in draft.referral.offers):
            draft.ladder(vacancies=referral.ladder.vacancies + 1)
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
        _answer(draft, offer, "released", code)
    draft.put(state="waiting", holder=None)
    draft.ladder(vacancies=1, floor_at=None)
    # The control room is never told that somebody is in conflict, not even so.
    draft.say(ReferralReleased, officer=holder.id, code="unfit" if code == "conflict" else code)


def retract(draft: Draft, offer: Offer) -> None:
    """Take an offer back from an officer who must not have it any more."""
    _answer(draft, offer, "retracted", None)
    draft.ladder(vacancies=draft.referral.ladder.vacancies + 1)


def _asked(referral: Referral, officer: str) -> Offer:
    offer = referral.offer_to(officer)
    if offer is None or offer.code == "conflict" or officer in referral.picture.connected_officers:
        raise Refused("never_offered")
    return offer


def _must_be_free(referral: Referral) -> None:
    if referral.holder is not None:
        raise Refused("already_held", referral.holder)
    if not referral.is_open:
        raise Refused("not_open")


def _must_pass(referral: Referral, offer: Offer, tap: Tap, facts: Facts, now: datetime) -> None:
    tapped_at = min(tap.tapped_at or now, now)
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


def _answer(draft: Draft, offer: Offer, answer: str, code: str | None) -> None:
    answered = offer.model_copy(update={"answer": answer, "code": code, "answered_at": draft.now})
    draft.put(offers=tuple(answered if one.officer == offer.officer else one for one in draft.referral.offers))

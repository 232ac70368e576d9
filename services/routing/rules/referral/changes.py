"""What the report's side changes: an amendment, a withdrawal, an erasure."""

from datetime import datetime

from services.routing.rules.referral.answers import give_back, keep_out
from services.routing.rules.referral.asking_the_person import hear_answer
from services.routing.rules.referral.clocks import class_of, frozen_clocks, frozen_ladder, frozen_terms
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.opening import picture_of, risks_of, tell_of_risks, wait_for_place
from services.routing.rules.referral.placing import keep_place
from services.routing.rules.referral.repeats import keep_confirmation
from services.routing.rules.referral.roles import settle
from services.routing.rules.referral.state import Referral
from shared.contracts.policy import PolicyDocument
from shared.contracts.referrals import ReferralAmended, ReferralErased, ReferralWithdrawn
from shared.contracts.reports import ReportAmended, ReportPicture


def amend(referral: Referral, amended: ReportAmended, policy: PolicyDocument, now: datetime) -> Transition:
    """The report as it stands now. A change of class freezes the ladder anew, still counted from opening."""
    if not referral.is_open:
        return Transition(referral)
    draft = Draft(referral, now)
    picture = _where_it_was_moved(referral, amended)
    draft.put(picture=picture, pool=policy.pool_of(picture.force) or referral.pool)
    _freeze_anew(draft, referral, policy)
    clocks = draft.referral.clocks
    draft.say(
        ReferralAmended,
        changed=amended.changed,
        grade=picture.grade,
        district=picture.district,
        ack_due=clocks.ack_due,
        first_contact_due=clocks.first_contact_due,
    )
    tell_of_risks(draft, policy, risks_of(referral.picture))
    keep_confirmation(draft, referral)
    keep_place(draft, referral)
    hear_answer(draft, referral)
    _place_anew(draft, referral)
    _keep_away(draft)
    return draft.done()


def withdraw(referral: Referral, reason: str, now: datetime) -> Transition:
    """No longer wanted: nobody is asked, told or waited for any more."""
    if not referral.is_open:
        return Transition(referral)
    draft = Draft(referral, now)
    _stop(draft, reason)
    return draft.done()


def erase(referral: Referral, why: str, now: datetime) -> Transition:
    """The person's details are gone: so is everything here that came from them. What is open ends with it."""
    if referral.erased:
        return Transition(referral)
    draft = Draft(referral, now)
    if referral.is_open:
        _stop(draft, "erased")
    bare = {
        "person": None,
        "earlier": None,
        "area": None,
        "contact_windows": (),
        "needs": (),
        "languages": (),
        "required_skills": (),
        "required_languages": (),
        "officer_gender": None,
        "known_officers": (),
        "excluded_officers": (),
    }
    draft.put(picture=draft.referral.picture.model_copy(update=bare), erased=True)
    draft.say(ReferralErased, why=why)
    return draft.done()


def _stop(draft: Draft, reason: str) -> None:
    draft.put(state="withdrawn", alerts=(), pause=None, choice=None, looking=False, recheck_at=None)
    draft.ladder(vacancies=0, hurried=False, floor_at=None)
    draft.say(ReferralWithdrawn, reason=reason)


def _freeze_anew(draft: Draft, before: Referral, policy: PolicyDocument) -> None:
    picture = draft.referral.picture
    its = class_of(policy, picture.response_class)
    clocks = frozen_clocks(picture, its, policy, before.started_at)
    draft.clocks(ack_due=clocks.ack_due)
    if _awaits_first_contact(before):
        draft.clocks(first_contact_due=clocks.first_contact_due)
    if picture.response_class == before.picture.response_class:
        return
    ladder = frozen_ladder(its, policy, before.started_at)
    live = sum(offer.live(draft.now) for offer in before.offers)
    draft.put(terms=frozen_terms(its, policy), ladder=ladder.model_copy(update={"credit": live}))
    settle(draft, frozenset({"step", "floor"}))


def _awaits_first_contact(referral: Referral) -> bool:
    """Whether first contact is still due as the class says: not made, not missed, and nothing else planned since."""
    missed = "first_contact" in referral.clocks.breached
    return referral.state != "contacted" and referral.plan is None and not missed


def _where_it_was_moved(referral: Referral, amended: ReportAmended) -> ReportPicture:
    """The picture; where a human has moved it to another force, only word of another place moves it again."""
    picture = picture_of(amended)
    if referral.transferred and "locations" not in amended.changed:
        return picture.model_copy(update={"force": referral.force})
    return picture


def _place_anew(draft: Draft, before: Referral) -> None:
    """A place that has become clear starts the ladder; one that has become doubtful waits for a human."""
    if before.unplaced and not draft.referral.unplaced:
        settle(draft, frozenset({"place"}))
    elif draft.referral.unplaced and not before.unplaced and not draft.referral.held:
        wait_for_place(draft)


def _keep_away(draft: Draft) -> None:
    """Officers who turn out to be connected, or are excluded now, lose what they were asked or hold."""
    picture = draft.referral.picture
    away = frozenset(picture.connected_officers) | frozenset(picture.excluded_officers)
    holder = draft.referral.holder
    if holder is not None and holder.id in away:
        give_back(draft, "unfit")
    keep_out(draft, away)

"""Promised updates, and the plan without which no breach is cleared (College of Policing APP; domain.md §2)."""

from datetime import datetime, timedelta

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.contacting import meet_first_contact
from services.routing.rules.referral.draft import Draft, Transition
from services.routing.rules.referral.holding import Doer, Misgiven, held_by, must_come, must_have_been
from services.routing.rules.referral.records import Plan
from services.routing.rules.referral.roles import settle, wants_plan
from services.routing.rules.referral.state import Referral
from shared.contracts.referrals import ReferralPlanRecorded, ReferralUpdateGiven


def give_update(referral: Referral, doer: Doer, next_update_by: datetime | None, now: datetime) -> Transition:
    """A promised update is kept and the next one promised. Raises Refused and Misgiven.

    Where the person must not be contacted, whoever asked for them is told instead, and that is first contact.
    """
    held_by(referral, doer)
    if next_update_by is not None and next_update_by == referral.clocks.next_update_due:
        return Transition(referral)
    must_come("next_update_by", next_update_by, now, referral.terms.promise_minutes)
    draft = Draft(referral, now)
    if referral.state == "accepted" and referral.picture.contact_route != "person":
        meet_first_contact(draft, next_update_by)
    else:
        promised = next_update_by or draft.now + timedelta(minutes=referral.terms.update_minutes)
        draft.clocks(next_update_due=promised)
    draft.say(ReferralUpdateGiven, officer=doer.addressee, next_update_by=draft.referral.clocks.next_update_due)
    return draft.done()


def record_plan(referral: Referral, plan: Plan, now: datetime) -> Transition:
    """A supervisor's plan: the breaches are cleared, and contact is due when it says. Raises Refused and Misgiven."""
    if not referral.is_open:
        raise Refused("not_open")
    if plan == referral.plan:
        return Transition(referral)
    _must_hold(referral, plan, now)
    draft = Draft(referral, now)
    draft.put(plan=plan)
    _clear(draft, plan.next_contact_by)
    draft.say(
        ReferralPlanRecorded,
        by=plan.by,
        next_contact_by=plan.next_contact_by,
        told=plan.told,
        told_at=plan.told_at,
        told_by=plan.told_by,
        note_id=plan.note_id,
    )
    return draft.done()


def _must_hold(referral: Referral, plan: Plan, now: datetime) -> None:
    must_come("next_contact_by", plan.next_contact_by, now, referral.terms.promise_minutes)
    if plan.told == "not_safe_until":
        return
    if plan.told_at is None:
        raise Misgiven("told_at", "required")
    must_have_been("told_at", plan.told_at, now)
    if plan.told_by is None:
        raise Misgiven("told_by", "required")
    if plan.told == "person" and referral.picture.contact_rules.refused:
        raise Misgiven("told", "not_allowed_value")


def _clear(draft: Draft, next_contact_by: datetime) -> None:
    before, clocks = draft.referral, draft.referral.clocks
    awaits_first = before.state != "contacted" and clocks.first_contact_due is not None
    draft.clocks(
        breached=(),
        first_contact_due=next_contact_by if awaits_first else None,
        next_update_due=clocks.next_update_due if awaits_first else next_contact_by,
    )
    settle(draft, frozenset({"breach"}))
    draft.put(alerts=tuple(alert for alert in draft.referral.alerts if not wants_plan(alert)))

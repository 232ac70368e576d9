"""The end of the holder's duty: 30 minutes before it they keep it, hand it over or give it back (design §5).

What is not settled by then is the coordinator's; what a leaver holds goes back to the coordinator at once.
"""

from datetime import datetime, timedelta

from services.routing.rules.referral.draft import Draft
from services.routing.rules.referral.offers import answer_offer
from services.routing.rules.referral.records import DutyEnd
from services.routing.rules.referral.roles import alert_role, settle
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from services.routing.rules.roster.duty import AVAILABLE, Duty
from shared.contracts.referrals import ReferralDutyEnding, ReferralReleased

LONG_AWAY = frozenset({"leave", "sick"})
"""Whoever is away like this does not look after anything, whatever they said before."""
ALERT = frozenset({"duty_end"})
COORDINATOR = "coordinator"


def begin_duty(draft: Draft, facts: Facts) -> None:
    """Somebody holds it from now on: their duty's end is the fourth clock."""
    settle(draft, ALERT | {"handover"})
    draft.put(duty=None)
    _look(draft, facts)


def follow_duty(draft: Draft, facts: Facts) -> None:
    """The holder's duty as the roster has it now; `facts` must know everybody in the pool."""
    holder = draft.referral.holder
    if holder is None or not draft.referral.held:
        return
    if not _ours(draft.referral, facts):
        draft.put(duty=None)
        return
    if holder.id not in facts.muster.standing.forces:
        _left_the_roster(draft)
        return
    _look(draft, facts)
    duty = draft.referral.duty
    if duty is None or duty.ends_at is None:
        return
    notice = timedelta(minutes=draft.referral.terms.duty_notice_minutes)
    if duty.ends_at <= draft.now:
        _over(draft, duty)
    elif duty.ends_at - notice <= draft.now and duty.stage == "to_come":
        draft.put(duty=duty.model_copy(update={"stage": "asked", "next_at": duty.ends_at}))
        draft.say(ReferralDutyEnding, officer=holder.id, ends_at=duty.ends_at)


def ends_at(duty: Duty, record: DutyEnd, now: datetime, soon: datetime) -> datetime | None:
    """When the duty ends that `now` is part of, or that begins before `soon`; an end already kept beyond is passed by.

    Not later than `now` where it is over; None where no end is known.
    """
    end = duty.available_until(now)
    if _kept(duty, record, end or _last_end(duty, now), now):
        start = duty.next_start(end or now)
        return _before_leave(duty, duty.available_until(start) if start else None, now)
    if end is None and (start := duty.next_start(now)) is not None and start <= soon:
        end = duty.available_until(start)
    if end is not None:
        return end
    return record.ends_at if record.ends_at is not None and record.ends_at <= now else now


def _kept(duty: Duty, record: DutyEnd, end: datetime | None, now: datetime) -> bool:
    if record.kept_until is None or duty.at(now) in LONG_AWAY:
        return False
    return end is None or end <= record.kept_until


def _last_end(duty: Duty, now: datetime) -> datetime | None:
    ended = (stretch.ends for stretch in duty.stretches if stretch.kind in AVAILABLE and stretch.ends <= now)
    return max(ended, default=None)


def _before_leave(duty: Duty, end: datetime | None, now: datetime) -> datetime | None:
    leave = (stretch.starts for stretch in duty.stretches if stretch.kind in LONG_AWAY and stretch.starts > now)
    return min((at for at in (end, next(leave, None)) if at is not None), default=None)


def _look(draft: Draft, facts: Facts) -> None:
    holder = draft.referral.holder
    duty = facts.muster.standing.duties.get(holder.id) if holder else None
    if duty is None or not (duty.stretches or draft.referral.duty):
        return
    before = draft.referral.duty or DutyEnd()
    soon = draft.now + timedelta(minutes=facts.policy.matching.due_on_within_minutes)
    end = ends_at(duty, before, draft.now, soon)
    if end == before.ends_at and draft.referral.duty is not None:
        return
    next_at = end - timedelta(minutes=draft.referral.terms.duty_notice_minutes) if end is not None else None
    draft.put(duty=before.model_copy(update={"ends_at": end, "stage": "to_come", "next_at": next_at}))
    if duty.at(draft.now) in AVAILABLE:
        settle(draft, ALERT)


def _over(draft: Draft, duty: DutyEnd) -> None:
    if duty.stage != "over":
        draft.put(duty=duty.model_copy(update={"stage": "over", "next_at": None}))
        alert_role(draft, "duty_end", COORDINATOR, "duty_ended", draft.referral.terms.floor.ack_minutes)


def _left_the_roster(draft: Draft) -> None:
    """The coordinator has it, and somebody else is looked for at once."""
    holder = draft.referral.holder
    if holder is None:
        return
    offer = draft.referral.offer_to(holder.id)
    if offer is not None:
        answer_offer(draft, offer, "released", "left_roster")
    draft.put(state="waiting", holder=None)
    draft.ladder(vacancies=1, floor_at=None)
    draft.say(ReferralReleased, officer=holder.id, code="left_roster")
    alert_role(draft, "floor", COORDINATOR, "holder_left", draft.referral.terms.floor.ack_minutes)


def _ours(referral: Referral, facts: Facts) -> bool:
    """Whether the holder's force is one of the pool whose officers are known here."""
    pool = facts.policy.pools.get(referral.pool)
    return pool is not None and referral.holder is not None and referral.holder.force in pool.forces

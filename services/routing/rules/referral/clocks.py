"""When something is due: the invariant that nothing open is ever without it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.routing.rules.calendar import after, next_safe
from services.routing.rules.referral.state import Clocks, Ladder, Referral, Rung, Terms
from shared.contracts.escalation import ClassPolicy
from shared.contracts.lifecycle import ClockName
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import ReportPicture

WATCHED: tuple[ClockName, ...] = ("first_contact", "next_update")
"""Clocks that breach; acknowledgement has the ladder for its effect instead."""


def class_of(policy: PolicyDocument, code: str) -> ClassPolicy:
    """The policy of a class. One the policy does not know is treated like what the four risks raise to."""
    return policy.classes.get(code) or policy.classes[policy.raising.raise_to]


def frozen_ladder(its: ClassPolicy, policy: PolicyDocument, opened_at: datetime) -> Ladder:
    """The ladder of a class, every step at its instant counted from opening."""
    return Ladder(
        rungs=tuple(
            Rung(at=after(opened_at, step.after_minutes, its.counts, policy.calendar), step=step) for step in its.steps
        )
    )


def frozen_terms(its: ClassPolicy, policy: PolicyDocument) -> Terms:
    """What the policy promises for a class."""
    days = policy.deadlines.contact_attempt_days
    return Terms(
        ack_minutes=its.ack_minutes,
        counts=its.counts,
        broadcast=its.broadcast,
        # A class without promised updates is looked at again all the same: nothing is held without a deadline.
        update_minutes=its.update_minutes or days * 24 * 60,
        floor=policy.floor,
        risk_minutes=policy.raising.ack_minutes,
        place_minutes=policy.deadlines.unresolved_minutes,
        receipt_minutes=policy.deadlines.hand_off_receipt_minutes,
        review_role=policy.deadlines.contact_review_role,
        duty_notice_minutes=policy.deadlines.duty_end_notice_minutes,
        handover_minutes=policy.deadlines.handover_minutes,
        promise_minutes=policy.deadlines.promise_limit_minutes,
        attempts=policy.deadlines.contact_attempts,
        attempt_days=days,
    )


def frozen_clocks(picture: ReportPicture, its: ClassPolicy, policy: PolicyDocument, opened_at: datetime) -> Clocks:
    """Acknowledgement and first contact, both from opening; first contact never before it is safe (design §5).

    First contact runs without a route to the person, too: then it is the officer who asked, or a supervisor's plan.
    """
    first_contact = None
    if its.first_contact_minutes is not None:
        target = after(opened_at, its.first_contact_minutes, its.counts, policy.calendar)
        first_contact = next_safe(target, picture.contact_windows, policy.calendar.timezone)
    return Clocks(
        ack_due=after(opened_at, its.ack_minutes, its.counts, policy.calendar), first_contact_due=first_contact
    )


def next_due(referral: Referral, now: datetime) -> datetime | None:
    """The earliest of everything that waits for time; None only for what is no longer open."""
    if not referral.is_open:
        return None
    # Every path leaves something due; should one ever not, somebody looks within the floor's time.
    return min(_dues(referral, now), default=now + timedelta(minutes=referral.terms.floor.ack_minutes))


def overdue(referral: Referral, now: datetime) -> tuple[tuple[ClockName, datetime], ...]:
    """Clocks that have run out and not been called a breach yet, with when they were due."""
    running = ((name, _clock(referral.clocks, name)) for name in WATCHED if referral.pause is None)
    return tuple(
        (name, due) for name, due in running if due is not None and due <= now and name not in referral.clocks.breached
    )


def _dues(referral: Referral, now: datetime) -> Iterator[datetime]:
    for alert in referral.alerts:
        if alert.due is not None:
            yield alert.due
    if referral.handover is not None:
        yield referral.handover.respond_by
    if not referral.held and not referral.unplaced:
        yield from _asking_dues(referral, now)
    if referral.pause is not None:
        yield referral.pause.until
        return
    for name in WATCHED:
        due = _clock(referral.clocks, name)
        if due is not None and name not in referral.clocks.breached:
            yield due


def _asking_dues(referral: Referral, now: datetime) -> Iterator[datetime]:
    if referral.choice is not None:
        yield from _choice_dues(referral, now)
    elif referral.pause is None:
        yield from _ladder_dues(referral.ladder, now)
    elif referral.ladder.vacancies or referral.ladder.hurried:
        yield now


def _ladder_dues(ladder: Ladder, now: datetime) -> Iterator[datetime]:
    if ladder.vacancies or ladder.hurried:
        yield now
    elif ladder.taken < len(ladder.rungs):
        yield ladder.rungs[ladder.taken].at
    elif ladder.floor_at is not None:
        yield ladder.floor_at


def _choice_dues(referral: Referral, now: datetime) -> Iterator[datetime]:
    """While one officer alone is asked the ladder stands still."""
    if referral.choice is not None:
        answered = referral.ladder.vacancies or referral.ladder.hurried
        yield now if answered else referral.choice.respond_by


def _clock(clocks: Clocks, name: ClockName) -> datetime | None:
    return clocks.first_contact_due if name == "first_contact" else clocks.next_update_due

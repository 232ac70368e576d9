"""Who must be told what when a referral moves: from one event to drafts of notices.

One offer to a person for a referral, whatever repeats is a reminder; one alert to a role for a deadline. A newer
notice supersedes what is still on its way to the same person about the same referral.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

from services.notify.rules.attempts import Course
from shared.contracts.deliveries import Means, NoticeType
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.referrals import (
    ReferralAccepted,
    ReferralAssignedByOverride,
    ReferralClosed,
    ReferralDeclined,
    ReferralDutyEnding,
    ReferralEscalated,
    ReferralHandedOff,
    ReferralHandedOver,
    ReferralHelperJoined,
    ReferralOffered,
    ReferralReopened,
    ReferralRiskAcknowledged,
    ReferralRoleAcknowledged,
    ReferralRoleAlerted,
    ReferralUnableToContact,
    ReferralViewed,
    ReferralWaiting,
    ReferralWithdrawn,
)

Kind = NoticeType | Literal["role.note"]
"""What a notice is. A note to a role differs from an alert in its words and its link, and in nothing else."""

MEANS: tuple[Means, ...] = ("webhook", "push", "phone", "email")
"""The ways to reach a person; the roster says in which order each is tried."""

TELL_FOR = timedelta(hours=4)
"""How long a notice without a deadline of its own ("taken", "closed") is worth trying (domain time)."""

NOTHING: Mapping[str, datetime] = MappingProxyType({})
"""Nobody, and no time."""


class Task(NamedTuple):
    """What notify keeps of a referral. `open` are those told of an offer and of nothing since."""

    referral_id: UUID
    reference: str
    force: str
    response_class: str | None = None
    pool: str | None = None
    exercise: bool = False
    holder: str | None = None
    holder_force: str | None = None
    asked: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    alerted: Mapping[str, datetime] = NOTHING
    duty_until: Mapping[str, datetime] = NOTHING
    """Until when those asked are on duty or on call, as far as it was said when they were asked."""


class Draft(NamedTuple):
    """One thing to tell one officer or role. `respond_by` is theirs to read, `not_after` is when to stop trying."""

    to: str
    type: Kind
    respond_by: datetime | None
    not_after: datetime


class Plan(NamedTuple):
    """What an event asks for. `recalls`: people for whom what is still on its way has lost its point.

    `readers` have opened the task. `silence`: nothing older about this referral goes out any more, to anybody.
    """

    task: Task
    drafts: tuple[Draft, ...] = ()
    recalls: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    silence: bool = False


@dataclass(frozen=True)
class Way:
    """One sealed way to reach somebody; between `since` and `until` where a rota says so (domain time).

    `gone`: a browser's push service says that nobody is there any more. It keeps its place among the others.
    """

    kind: Means
    sealed: str = field(repr=False)
    verified: bool
    since: datetime | None = None
    until: datetime | None = None
    gone: bool = False


@dataclass(frozen=True)
class Recipient:
    """An officer or a role of the roster. Without ways they are known, and cannot be reached."""

    id: str
    ways: tuple[Way, ...] = ()


class Notice(NamedTuple):
    """One message to one person, whatever the means; its id stays the same over all attempts.

    `task` None: it is about no referral.
    """

    id: UUID
    to: str
    type: Kind
    respond_by: datetime | None
    at: datetime
    task: Task | None
    course: Course
    policy_version: str | None = None

    @property
    def subject(self) -> "Subject":
        """What routing is told it is about."""
        task = self.task
        if task is None:
            return Subject(self.id, self.to, self.type, None, None, False)
        return Subject(self.id, self.to, self.type, task.referral_id, task.reference, task.exercise)


class Subject(NamedTuple):
    """A notice as routing hears of it."""

    notice_id: UUID
    to: str
    type: Kind
    referral_id: UUID | None
    reference: str | None
    exercise: bool


def plan(task: Task | None, event: ReferralEvent) -> Plan:
    """What `event` asks notify to do, given what it knew of the referral before (None: nothing)."""
    before = task or Task(event.referral_id, event.reference, event.force)
    now = _standing(before, event)
    match event:
        case ReferralOffered():
            on_duty = dict(zip(event.officers, event.on_duty_until, strict=False))
            known = now._replace(duty_until={**now.duty_until, **on_duty}) if on_duty else now
            planned = _offer(known, event.officers, event.respond_by)
        case ReferralHandedOver(accepted=False):
            planned = _offer(now, (event.receiver,), event.respond_by or event.at + TELL_FOR)
        case ReferralHandedOver():
            planned = _taken(now, event.receiver, _joined(now.open, (_person(event.giver),)), event.at)
        case ReferralAccepted():
            planned = _taken(now, event.officer, now.open, event.at)
        case ReferralAssignedByOverride():
            planned = _assigned(before, now, event)
        case ReferralHandedOff():
            planned = _handed_off(before, now, event)
        case ReferralDeclined() | ReferralHelperJoined():
            left = tuple(officer for officer in now.open if officer != event.officer)
            planned = Plan(now._replace(open=left), recalls=(event.officer,))
        case ReferralViewed():
            planned = Plan(now, readers=(event.officer,))
        case ReferralWithdrawn():
            planned = _over(before, now, event.at, by=None)
        case ReferralClosed():
            planned = _over(before, now, event.at, by=_person(event.by))
        case ReferralReopened():
            planned = Plan(now._replace(open=(), alerted={}))
        case _:
            planned = _about_roles(now, event)
    return planned


def said_as(kind: Kind) -> NoticeType:
    """A notice's type as the contract has it, on `deliveries` and in webhooks: a note is an alert there."""
    return "role.alert" if kind == "role.note" else kind


def remind(task: Task, officer: str, respond_by: datetime) -> Plan:
    """Remind an officer of an offer, if it is still theirs to answer."""
    if officer not in task.open:
        return Plan(task)
    return Plan(task, (Draft(officer, "task.reminder", respond_by, respond_by),))


def _standing(task: Task, event: ReferralEvent) -> Task:
    """The task with what every event says."""
    return task._replace(
        force=event.force,
        response_class=event.response_class or task.response_class,
        pool=event.pool or task.pool,
        exercise=event.exercise,
        holder=event.holder.id if event.holder else None,
        holder_force=event.holder.force if event.holder else None,
    )


def _offer(task: Task, officers: Iterable[str], respond_by: datetime) -> Plan:
    asked = tuple(dict.fromkeys(officers))
    drafts = tuple(
        Draft(officer, "task.reminder" if officer in task.asked else "task.offered", respond_by, respond_by)
        for officer in asked
    )
    return Plan(task._replace(asked=_joined(task.asked, asked), open=_joined(task.open, asked)), drafts)


def _taken(task: Task, holder: str, told: Iterable[str], at: datetime) -> Plan:
    others = tuple(dict.fromkeys(officer for officer in told if officer != holder))
    drafts = tuple(Draft(officer, "task.taken", None, at + TELL_FOR) for officer in others)
    return Plan(task._replace(open=()), drafts, recalls=(holder,))


def _assigned(before: Task, now: Task, event: ReferralAssignedByOverride) -> Plan:
    """Whoever had it or was asked; the officer who was chosen gets the offer that follows."""
    return _taken(now, event.officer, _joined(now.open, _holding(before)), event.at)


def _handed_off(before: Task, now: Task, event: ReferralHandedOff) -> Plan:
    """Whoever had it or was asked; the role that waits for the receipt is told when it is overdue."""
    told = _joined(now.open, _holding(before))
    drafts = tuple(Draft(officer, "task.closed", None, event.at + TELL_FOR) for officer in told)
    return Plan(now._replace(open=()), drafts)


def _over(before: Task, now: Task, at: datetime, by: str | None) -> Plan:
    told = tuple(officer for officer in _joined(now.open, _holding(before)) if officer != by)
    drafts = tuple(Draft(officer, "task.closed", None, at + TELL_FOR) for officer in told)
    return Plan(now._replace(open=()), drafts, silence=True)


def _about_roles(task: Task, event: ReferralEvent) -> Plan:
    match event:
        case ReferralWaiting() | ReferralRoleAlerted() | ReferralUnableToContact():
            return _alert(task, event.role, event.due, event.at)
        case ReferralDutyEnding():
            return Plan(task, (Draft(event.officer, "task.shift_ending", event.ends_at, event.ends_at),))
        case ReferralEscalated(role=str(role)):
            return _alert(task, role, event.due or event.next_due, event.at)
        case ReferralRoleAcknowledged() | ReferralRiskAcknowledged():
            return Plan(task, recalls=(_role(event.role, task.force),))
        case _:
            return Plan(task)


def _alert(task: Task, role: str, due: datetime | None, at: datetime) -> Plan:
    to = _role(role, task.force)
    until = due if due is not None and due > at else at + TELL_FOR
    if task.alerted.get(to) == until:
        return Plan(task)
    alerted = task._replace(alerted={**task.alerted, to: until})
    return Plan(alerted, (Draft(to, "role.alert", due, until),))


def _role(role: str, force: str) -> str:
    """The role's id on the roster: `fim:herts`."""
    return role if ":" in role else f"{role}:{force}"


def _holding(task: Task) -> tuple[str, ...]:
    """The officer who holds it; a role that holds it is told by an alert, if at all."""
    return () if task.holder is None or ":" in task.holder else (task.holder,)


def _person(principal: str) -> str:
    """The roster's id in `officer:H1042`, which is how a signed-in person is written; an id is left alone."""
    return principal.removeprefix("officer:")


def _joined(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))

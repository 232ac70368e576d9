"""Classes and ladders of the policy: whom to ask next, and when (domain.md §6)."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from shared.contracts.model import Code, Flag, Part
from shared.contracts.particulars import Need

Minutes = Annotated[StrictInt, Field(ge=0, le=525_600)]
Seconds = Annotated[StrictInt, Field(ge=0, le=86_400)]

StepKind = Literal["one", "next", "force_on_duty", "pool_on_duty", "sister_forces", "role", "plan"]


class Step(Part):
    """One rung, `after_minutes` from opening.

    `one` and `next` ask the best `count` officers not yet asked; `force_on_duty`, `pool_on_duty` and
    `sister_forces` everybody on duty there; `role` a staffed role, which must acknowledge; `plan` a role that must
    record a decision, with `person_told` also what the person was told.
    """

    after_minutes: Minutes
    kind: StepKind
    count: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    role: Code | None = None
    person_told: Flag = False


class ClassPolicy(Part):
    """A response class: its clocks, its ladder and the patience of its notices.

    `counts` "working" means that minutes pass in the calendar's working hours alone.
    """

    rank: Annotated[StrictInt, Field(ge=0, le=99)]
    """0 is the most urgent; the four risks raise a class to at most the rank of `raise_to`."""
    ack_minutes: Minutes
    first_contact_minutes: Minutes | None = None
    meet_minutes: Minutes | None = None
    counts: Literal["clock", "working"] = "clock"
    broadcast: Flag = False
    """The whole pool at once, and outside every cap."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=32)]
    receipt_seconds: Seconds
    """Without a receipt in this time the next means starts in parallel."""
    reminder_minutes: Minutes
    """After an offer, if it is still open."""
    update_minutes: Minutes | None = None
    """A promised update when the officer names no time."""
    respects_quiet_hours: Flag = False


class ClassRule(Part):
    """A need, a grade or both, and the class they make. An empty list means any; grades are ours, not a force's."""

    needs: Annotated[tuple[Need, ...], Field(max_length=16)] = ()
    grades: Annotated[tuple[Code, ...], Field(max_length=16)] = ()
    response_class: Code = Field(alias="class")


class Raising(Part):
    """Risks that alert a human at second zero and raise our class; the control room's grade is never touched."""

    risks: Annotated[tuple[Code, ...], Field(max_length=32)]
    raise_to: Code
    role: Code
    ack_minutes: Minutes


class StaffedRole(Part):
    """The role under every ladder: it must acknowledge, is asked again, and ops are paged until it does."""

    role: Code
    ack_minutes: Minutes
    repeat_minutes: Minutes
    page_ops_after_minutes: Minutes


class Deadlines(Part):
    """Times that are no class's own."""

    hold_seconds: Seconds
    """Intake holds an accepted report this long for `referral.opened`, then calls it unrouted."""
    hold_seconds_raised: Seconds
    """The same where one of the raising risks is set."""
    duty_end_notice_minutes: Minutes
    handover_minutes: Minutes
    hand_off_receipt_minutes: Minutes
    tie_online_minutes: Minutes
    unresolved_minutes: Minutes
    """A human decides where an unresolved place belongs."""
    contact_attempts: Annotated[StrictInt, Field(ge=1, le=20)]
    contact_attempt_days: Annotated[StrictInt, Field(ge=1, le=60)]
    contact_review_role: Code
    pause_limit_minutes: Minutes = 20_160
    """The longest that a supervisor may stop the clocks at a time: two weeks."""
    promise_limit_minutes: Minutes = 44_640
    """The furthest that a next contact or update may be promised ahead: 31 days. Later, nobody would look before."""
    drill_minutes: Minutes = 60
    """Real time between two exercise referrals of a force; 0 for none."""
    drill_seconds: Seconds = 120
    """Real time in which one must have gone all the way; then it is an alarm."""

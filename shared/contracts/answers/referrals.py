"""Referrals as routing shows them: in a list, whole, and after each action."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.lifecycle import AttemptOutcome, ClockName, State, Told
from shared.contracts.model import Addressee, Code, Flag, Holder, Instant, Label, OfficerId, Part, Reference

Number = Annotated[int, Field(ge=0)]


class Clocks(Part):
    """When something happens by itself; null where a clock does not run."""

    acknowledgement: Instant | None
    first_contact: Instant | None
    next_update: Instant | None
    next_attempt: Instant | None
    duty_end: Instant | None
    breached: tuple[ClockName, ...]


class ReferralRow(Part):
    """A referral in a list. Nothing personal."""

    reference: Reference
    force: Code
    district: Label | None
    need: Code
    response_class: Code = Field(alias="class")
    grade: Code | None
    state: State
    holder: Holder | None
    next_due: Instant | None
    breached: tuple[ClockName, ...]
    paused_until: Instant | None
    opened_at: Instant
    exercise: Flag


class ReferralList(Part):
    """Oldest first, or by what is due; `degraded` names parts of Liaison that are away."""

    items: tuple[ReferralRow, ...]
    next: str | None
    degraded: tuple[Code, ...]
    as_of: Instant


class OfferShown(Part):
    """What one officer was asked, and what came of it."""

    offer_id: UUID
    officer: OfficerId
    step: Number
    at: Instant
    respond_by: Instant
    answer: Code
    code: Code | None


class RoleTold(Part):
    """A role that was told, and what it said."""

    role: Addressee
    why: Code
    asked_at: Instant
    due: Instant | None
    times: Number
    acknowledged: Flag
    outcome: Code | None
    wishes: tuple[Code, ...]


class AttemptShown(Part):
    """One try to reach the person."""

    by: Addressee
    means: Code
    at: Instant
    outcome: AttemptOutcome
    next_step: Code | None
    next_at: Instant | None


class PlanShown(Part):
    """What happens after a missed clock, and what the person was told."""

    by: Addressee
    next_contact_by: Instant
    told: Told
    told_at: Instant | None
    told_by: Addressee | None
    note_id: UUID | None


class HandoverShown(Part):
    """Who asked whom to take over, and until when."""

    giver: OfficerId
    receiver: OfficerId
    by: Addressee
    respond_by: Instant


class PauseShown(Part):
    """The clocks stand still, and why."""

    since: Instant
    until: Instant
    reason: Code
    by: Addressee


class HandOffShown(Part):
    """Sent to a desk outside; `person` and `their_ref` once somebody there has it."""

    desk: Code
    by: Addressee
    receipt_due: Instant
    person: Label | None
    their_ref: Label | None
    received: Flag


class ChoiceShown(Part):
    """The officer whom a supervisor chose."""

    officer: OfficerId
    by: Addressee
    reason: Code
    respond_by: Instant


class EarlierShown(Part):
    """Whether earlier reports are of the same person; the rest only once a human has confirmed it."""

    confirmed: Flag | None
    count: Number | None = None
    last_officer: OfficerId | None = None


class ReferralStands(Part):
    """A referral as the answer to an action."""

    reference: Reference
    state: State
    holder: Holder | None
    next_due: Instant | None
    clocks: Clocks


class Decided(Part):
    """What supervisors decided about it."""

    desk: Code | None
    hand_off: HandOffShown | None
    choice: ChoiceShown | None
    earlier: EarlierShown | None


class OnRecord(Part):
    """What people have put on record about it."""

    attempts: tuple[AttemptShown, ...]
    plan: PlanShown | None
    handover: HandoverShown | None
    pause: PauseShown | None
    helpers: tuple[Holder, ...]
    outcome: Code | None


class ReferralPlaced(ReferralStands, Decided):
    """The answer to a supervisor's decision."""


class ReferralWorked(ReferralStands, OnRecord):
    """The answer to what its holder does, or a supervisor in their place."""


class ReferralLinked(ReferralStands):
    """The answer to a link: what it is linked with now."""

    links: tuple[Reference, ...]


class Happened(Part):
    """One thing in its story: an event's name, how it stood after it, and what else the event said."""

    sequence: Number
    at: Instant
    event: Label
    state: State | None
    holder: Holder | None
    next_due: Instant | None
    detail: dict[str, Any]


class ReferralShown(ReferralRow):
    """One referral. What has a default is for supervisors, some of it for the holder too, and else left out."""

    actions: tuple[Label, ...]
    offers: tuple[OfferShown, ...]
    clocks: Clocks
    timeline: tuple[Happened, ...]
    roles: tuple[RoleTold, ...] = ()
    policy_version: Label | None = None
    contact_route: Literal["person", "referrer", "none"] | None = None
    links: tuple[Reference, ...] = ()
    desk: Code | None = None
    hand_off: HandOffShown | None = None
    choice: ChoiceShown | None = None
    earlier: EarlierShown | None = None
    attempts: tuple[AttemptShown, ...] = ()
    plan: PlanShown | None = None
    handover: HandoverShown | None = None
    pause: PauseShown | None = None
    helpers: tuple[Holder, ...] = ()
    outcome: Code | None = None


class CandidateShown(Part):
    """One officer of the pool: a rank with points in parts, or the rule that ruled them out."""

    officer: OfficerId
    force: Code | None
    rank: Number | None
    points: dict[str, int] | None
    tired: Code | None
    ruled_out: Code | None
    chosen: Flag
    total: int | None


class DecisionShown(Part):
    """Why these officers and no others. `by` and `reason` where a supervisor chose."""

    sequence: Number
    number: Number
    at: Instant
    why: Code
    by: Addressee | None
    reason: Code | None
    scope: Code
    roster_version: Number
    policy_version: Label
    chosen: tuple[OfficerId, ...]
    withheld: tuple[Code, ...]
    candidates: tuple[CandidateShown, ...]


class DecisionList(Part):
    """Every ranking behind a referral's offers, oldest first."""

    items: tuple[DecisionShown, ...]
    next: str | None

"""How a referral opens, whom it is put to, and which roles are told."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.lifecycle import Asked, DeclineCode, ReferralEvent
from shared.contracts.model import (
    Addressee,
    Code,
    Codes,
    Count,
    Identifier,
    Instant,
    Label,
    OfficerId,
)
from shared.contracts.particulars import Need


class ReferralOpened(ReferralEvent):
    """Routing holds the referral from here on; its ladder and clocks are frozen."""

    name: ClassVar[str] = "referral.opened"
    grade: Code | None = None
    district: Label | None = None
    need: Need
    policy_version: Label
    contact_route: Literal["person", "referrer", "none"]
    ack_due: Instant | None = None
    first_contact_due: Instant | None = None


class ReferralOffered(ReferralEvent):
    """Put to officers until a deadline. `officers` are those asked now, not those asked before.

    `on_duty_until` says of each of them, in the same order, how long they are on duty or on call; left out: not known.
    """

    name: ClassVar[str] = "referral.offered"
    offer_id: Identifier
    officers: Asked
    respond_by: Instant
    step: Count
    why: Code
    on_duty_until: Annotated[tuple[Instant, ...], Field(max_length=2_000)] = ()


class ReferralViewed(ReferralEvent):
    """An officer opened the task after signing in."""

    name: ClassVar[str] = "referral.viewed"
    officer: OfficerId


class ReferralAccepted(ReferralEvent):
    """One officer holds it."""

    name: ClassVar[str] = "referral.accepted"
    officer: OfficerId
    offer_id: Identifier | None = None
    first_contact_due: Instant | None = None


class ReferralDeclined(ReferralEvent):
    """An officer cannot. The code `conflict` is shown to nobody."""

    name: ClassVar[str] = "referral.declined"
    officer: OfficerId
    code: DeclineCode
    offer_id: Identifier | None = None


class ReferralWaiting(ReferralEvent):
    """A staffed role holds it until somebody acknowledges.

    With `why` ask_person, `wishes` are what the person is to be asked about: gender, language, skill, other_force.
    """

    name: ClassVar[str] = "referral.waiting"
    role: Addressee
    due: Instant
    why: Code
    wishes: Codes = ()


class ReferralEscalated(ReferralEvent):
    """The ladder moved: to officers, or to a role. Steps passed during a stop come as one."""

    name: ClassVar[str] = "referral.escalated"
    step: Count
    steps: Annotated[tuple[Count, ...], Field(max_length=32)] = ()
    """Every step taken just now, `step` the last of them."""
    to: Asked = ()
    role: Addressee | None = None
    due: Instant | None = None
    why: Code = "step_due"


class ReferralRoleAlerted(ReferralEvent):
    """A staffed role is told at once and must acknowledge by `due`; `wishes` as in `referral.waiting`."""

    name: ClassVar[str] = "referral.role_alerted"
    role: Addressee
    why: Code
    due: Instant
    times: Count = 1
    wishes: Codes = ()


class ReferralRoleAcknowledged(ReferralEvent):
    """Somebody in the role has seen it and says what happens."""

    name: ClassVar[str] = "referral.role_acknowledged"
    role: Addressee
    person: Addressee
    outcome: Code


class ReferralRiskAcknowledged(ReferralEvent):
    """A supervisor has taken on one of the four risks."""

    name: ClassVar[str] = "referral.risk_acknowledged"
    role: Addressee
    person: Addressee
    outcome: Code

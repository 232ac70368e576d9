"""What a referral is: its picture, its frozen ladder and terms, who was asked, which roles were told, its clocks."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.routing.rules.referral.records import Attempt, DutyEnd, Handover, Link, Pause, Plan
from shared.contracts.escalation import StaffedRole, Step
from shared.contracts.lifecycle import ClockName, State
from shared.contracts.model import Addressee, Code, Codes, Holder, Instant, Label, OfficerId, Part, Reference
from shared.contracts.reports import ReportPicture

OPEN: frozenset[State] = frozenset({"waiting", "offered", "accepted", "contacted"})
HELD: frozenset[State] = frozenset({"accepted", "contacted"})

Answer = Literal["open", "declined", "failed", "retracted", "released"]
IN_HAND: frozenset[Answer] = frozenset({"open", "failed"})
"""Answers that leave an offer with its officer: they may still accept, and it counts for their cap."""
AlertKind = Literal[
    "risk",
    "complaint",
    "step",
    "floor",
    "place",
    "breach",
    "wish",
    "receipt",
    "choice",
    "contact",
    "handover",
    "duty_end",
    "transfer",
    "helpers",
]


class Rung(Part):
    """A step of the ladder with the instant at which it is taken, counted from opening."""

    at: Instant
    step: Step


class Ladder(Part):
    """The frozen ladder: `taken` rungs so far, and what has to happen without waiting for the next one."""

    rungs: tuple[Rung, ...]
    taken: int = 0
    credit: int = 0
    """Officers asked under an earlier class who still count for the first rungs of this one."""
    vacancies: int = 0
    """Officers who declined and are to be replaced at once, without moving the ladder."""
    hurried: bool = False
    """Nobody can be reached: the next rung is now."""
    floor_at: Instant | None = None
    """When the role under the ladder is told, once every rung is taken."""


class Terms(Part):
    """What the policy promised when the referral opened; later policies do not change it."""

    ack_minutes: int
    counts: Literal["clock", "working"] = "clock"
    broadcast: bool = False
    update_minutes: int
    floor: StaffedRole
    risk_minutes: int
    place_minutes: int
    receipt_minutes: int = 60
    review_role: Code
    duty_notice_minutes: int = 30
    handover_minutes: int = 30
    promise_minutes: int = 44_640
    attempts: int = 3
    attempt_days: int = 5


class Offer(Part):
    """One officer asked. It stays open to them, whatever `respond_by` says, until somebody holds the referral."""

    offer_id: UUID
    officer: OfficerId
    step: int
    at: Instant
    respond_by: Instant
    answer: Answer = "open"
    code: Code | None = None
    answered_at: Instant | None = None
    viewed_at: Instant | None = None
    """When they first opened the task after signing in."""

    def live(self, now: datetime) -> bool:
        """Whether an answer may still be hoped for."""
        return self.answer == "open" and self.respond_by > now


class Alert(Part):
    """A staffed role told, until somebody acknowledges; `due` is when it is told again."""

    role: Addressee
    kind: AlertKind
    why: Code
    asked_at: Instant
    due: Instant | None
    times: int = 1
    ops_at: Instant
    """From here on operations are paged as well."""
    person: Addressee | None = None
    outcome: Code | None = None
    wishes: Codes = ()
    """What the person is to be asked about, where that is the reason."""

    @property
    def acknowledged(self) -> bool:
        """Whether somebody in the role has said what happens."""
        return self.person is not None


class Choice(Part):
    """An officer whom a supervisor chose, against or before the ranking; nobody else is asked until they answer."""

    officer: OfficerId
    by: Addressee
    reason: Code
    respond_by: Instant


class HandOff(Part):
    """Sent to a desk outside; ours, with a deadline, until somebody there says that they have it."""

    desk: Code
    by: Addressee
    receipt_due: Instant
    person: Label | None = None
    """Who has it there; on no topic."""
    their_ref: Label | None = None

    @property
    def received(self) -> bool:
        """Whether the desk has said that it has it."""
        return self.person is not None


class Clocks(Part):
    """Due times with an effect of their own; None where a class has no such clock or it has stopped."""

    ack_due: Instant
    first_contact_due: Instant | None = None
    next_update_due: Instant | None = None
    breached: tuple[ClockName, ...] = ()


class Referral(Part):
    """A report accepted for routing: one holder at a time, and while it is open always something due."""

    id: UUID
    reference: Reference
    pool: Code
    exercise: bool = False
    picture: ReportPicture
    policy_version: str
    terms: Terms
    ladder: Ladder
    clocks: Clocks
    state: State = "waiting"
    holder: Holder | None = None
    offers: tuple[Offer, ...] = ()
    alerts: tuple[Alert, ...] = ()
    opened_at: Instant
    changed_at: Instant
    due: Instant | None = None
    """When something happens next; what everybody is told."""
    looking: bool = False
    """Nobody is left to hope for, so any change of the roster is worth another look."""
    recheck_at: Instant | None = None
    """When to look again, because somebody comes on duty; ours alone."""
    sequence: int = 0
    erased: bool = False
    placed: bool = False
    """A human has decided that it is ours, whatever the picture says of its place."""
    hand_off: HandOff | None = None
    choice: Choice | None = None
    counts_from: Instant | None = None
    """From when ladder and clocks count, where that is not from opening: it was opened again, or paused for a while."""
    attempts: tuple[Attempt, ...] = ()
    failed_attempts: int = 0
    """Since the person was last reached, or a supervisor last told."""
    review_at: Instant | None = None
    """When failed attempts go to a supervisor, though they are too few for that."""
    handover: Handover | None = None
    helpers: tuple[Holder, ...] = ()
    """Officers who come along, where more than one is wanted."""
    duty: DutyEnd | None = None
    plan: Plan | None = None
    pause: Pause | None = None
    links: tuple[Link, ...] = ()
    transferred: bool = False
    """A human gave it to another force; an amendment that says nothing of places does not take it back."""
    last_holder: OfficerId | None = None
    outcome: Code | None = None
    """How it was closed."""
    earlier_confirmed: bool | None = None
    """Whether a human says that the earlier reports are of the same person; None: nobody has been asked yet."""

    @property
    def force(self) -> str:
        """The owning force."""
        return self.picture.force

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it by itself."""
        return self.state in OPEN

    @property
    def held(self) -> bool:
        """Whether an officer owns it."""
        return self.state in HELD

    @property
    def awaits_receipt(self) -> bool:
        """Whether it was sent to a desk outside that has not said yet that it has it."""
        return self.hand_off is not None and not self.hand_off.received

    @property
    def unplaced(self) -> bool:
        """Whether it is not ours to offer: sent to a desk outside, or a human has to say first where it belongs."""
        doubtful = self.picture.desk is not None or self.picture.location_confidence == "low"
        return self.awaits_receipt or (doubtful and not self.placed)

    @property
    def wakes_at(self) -> datetime | None:
        """When time has something to do here, None for never again. Some of it is told to nobody as due."""
        holders = (self.duty.next_at if self.duty else None, self.review_at) if self.held else ()
        return min((at for at in (self.due, self.recheck_at, *holders) if at is not None), default=None)

    @property
    def started_at(self) -> datetime:
        """The instant from which its ladder and its clocks count."""
        return self.counts_from or self.opened_at

    @property
    def helpers_wanted(self) -> int:
        """How many more officers are to come along, once one holds it."""
        event = self.picture.event
        wanted = event.officers_wanted - 1 - len(self.helpers) if event is not None and self.held else 0
        return max(wanted, 0)

    def offer_to(self, officer: str) -> Offer | None:
        """What an officer was asked, None where they never were."""
        return next((offer for offer in self.offers if offer.officer == officer), None)

    def role(self, role: str) -> str:
        """A role of the owning force as an address: `fim:herts`."""
        return f"{role}:{self.force}"

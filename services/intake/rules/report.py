"""A report as intake keeps it, and the ways a decision about one can turn out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Self, TypeVar
from uuid import UUID

from services.intake.rules.contact import ContactFacts
from services.intake.rules.faults import Fault
from shared.contracts.lifecycle import State
from shared.contracts.logline import Outbound, SourceEcho
from shared.contracts.model import Holder, Part
from shared.contracts.particulars import Words
from shared.contracts.reports import ReportEvent, ReportPicture

OPEN: frozenset[State] = frozenset({"waiting", "offered", "accepted", "contacted"})
"""States in which a report can still be amended or withdrawn."""


class Skills(Part):
    """Skills of `picture.needs` by where they come from; those that risks suggest are the rest of it."""

    asked: Words = ()
    suggested: Words = ()
    """By the strands, which stay in the vault."""


class ToldOthers(Part):
    """How many events about a report each force was told that it did not come from."""

    counts: Mapping[str, int] = {}


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What it takes to follow a report: its names, and where it stands.

    `held_until` is real time and None once routing has opened a referral. `outbound_sequence` counts what the
    force it came from was told, contiguous from 1; `told_others` the same for each other force.
    """

    referral_id: UUID
    reference: str
    source: SourceEcho
    idempotency_key: str
    record_key: str | None
    in_reply_to: str | None
    exercise: bool
    force: str
    held_until: datetime | None
    state: State = "waiting"
    holder: Holder | None = None
    next_due: datetime | None = None
    outbound_sequence: int = 1
    told_others: ToldOthers | None = None
    changed_at: datetime | None = None
    unrouted_at: datetime | None = None
    amended_by: str | None = None
    withdrawn_by: str | None = None
    transferred: bool = False
    last_officer: str | None = None
    """Who held it last; nobody once they gave it back over a conflict."""
    ended_as: str | None = None
    """The code it was closed or withdrawn with."""

    @property
    def outbound_key(self) -> str:
        """The key of everything told to control rooms about it."""
        return self.record_key or self.reference

    @property
    def told(self) -> tuple[str, ...]:
        """The forces that are told: the one it came from, and after a transfer the one that owns it."""
        owner = (self.force,) if self.transferred and self.force != self.source.force else ()
        return (self.source.force, *owner)

    def counted(self, also: tuple[str, ...] = ()) -> Self:
        """With one more event told to each force of `told`, and of `also`."""
        counts = dict(self.told_others.counts) if self.told_others else {}
        others = {force: counts.get(force, 0) + 1 for force in (*self.told, *also) if force != self.source.force}
        kept = ToldOthers(counts=counts | others) if others else self.told_others
        return replace(self, outbound_sequence=self.outbound_sequence + 1, told_others=kept)

    def sequence_for(self, force: str) -> int:
        """The number of what a force was told last."""
        if force == self.source.force or self.told_others is None:
            return self.outbound_sequence
        return self.told_others.counts.get(force, 1)


@dataclass(frozen=True, kw_only=True)
class Report(Followed):
    """A whole report: what came in, and what routing was told; `sequence` counts that, contiguous from 1."""

    principal: str
    digest: bytes
    at: datetime
    received_at: datetime
    ack_due: datetime
    picture: ReportPicture
    contact: ContactFacts | None
    consents: bool
    place_desk: str | None
    strand_desk: str | None
    skills: Skills | None = None
    """None for reports from before they were kept apart."""
    sequence: int = 1
    withdrawn_at: datetime | None = None


F = TypeVar("F", bound=Followed)


@dataclass(frozen=True)
class Step:
    """A decision: the report as it stands now, and what routing and the control rooms are told."""

    report: Report
    to_routing: ReportEvent | None = None
    to_control_rooms: tuple[Outbound, ...] = ()


@dataclass(frozen=True)
class Followup(Generic[F]):
    """What became of a report elsewhere: where it stands now, and what the control rooms are told."""

    report: F
    to_control_rooms: tuple[Outbound, ...] = ()
    also_told: tuple[str, ...] = ()
    """Forces that hear of this one event beside those that hear of every one."""


@dataclass(frozen=True)
class Rejection:
    """Why something could not be used: a code for programs, and each field with its reason. Never empty."""

    code: str
    errors: tuple[Fault, ...]


def open_to_change(report: Report) -> bool:
    """Whether it can still be amended: not withdrawn, closed or handed off."""
    return report.withdrawn_at is None and report.state in OPEN

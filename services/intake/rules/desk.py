"""The front desk for one batch: what it knows of the reports in it, and what it has decided so far.

Everything that comes in, over a topic or over HTTPS, is handled here in order. A method works out its whole decision
before it notes any of it down, so that one that raises has changed nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.rules.accept import Moment, Named, Submission, accept, again
from services.intake.rules.amend import Amendment, Withdrawal, amend, withdraw
from services.intake.rules.codes import judging
from services.intake.rules.contact import ContactFacts
from services.intake.rules.faults import fault
from services.intake.rules.geography import Gazetteer, Geography
from services.intake.rules.outbound import echo
from services.intake.rules.people import ORGANISED, Asked, Mark, People, Repeat, incident_of, past_of
from services.intake.rules.report import Followed, Rejection, Report, Step
from shared.contracts.logline import Outbound
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import ReportEvent

Key = tuple[str, str]
"""Principal and idempotency key."""


@dataclass(frozen=True)
class Handle:
    """Contact details left beforehand by `owner`, a force or a partner; `fresh`: less than 24 hours ago.

    `marks` are what the person may be known again by.
    """

    owner: str
    facts: ContactFacts
    fresh: bool
    claimed: bool = False
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Told:
    """Something to tell a force's control room."""

    force: str
    key: str
    event: Outbound


def addressed(report: Followed, events: Sequence[Outbound], also: Sequence[str] = ()) -> list[Told]:
    """The event of a step for each force that is told about a report, and of `also`, in that force's own numbers."""
    return [
        Told(force, report.outbound_key, event.model_copy(update={"sequence": report.sequence_for(force)}))
        for event in events
        for force in (*report.told, *also)
    ]


@dataclass(frozen=True)
class Kept:
    """Something for the vault: text under a name of its own, or the details that a handle stands for."""

    referral_id: UUID
    name: str
    text: bytes | None = None
    handle: str | None = None


@dataclass(frozen=True)
class Enclosed:
    """What came with a submission or an amendment: the body as it was, and contact details or their handle."""

    body: bytes
    details: bytes | None = None
    handle: str | None = None


@dataclass(frozen=True)
class Address:
    """Which report is meant: by our reference, or by the sender's own key."""

    reference: str | None = None
    key: Key | None = None


def _unknown(address: Address) -> Rejection:
    return Rejection("unknown_report", (fault("reference" if address.reference else "idempotency_key", "unknown"),))


@dataclass
class Desk:
    """State of one batch."""

    policies: Sequence[PolicyDocument]
    gazetteer: Gazetteer
    names: Iterator[Named]
    reports: dict[UUID, Report] = field(default_factory=dict)
    handles: dict[str, Handle] = field(default_factory=dict)
    by_key: dict[Key, UUID] = field(default_factory=dict)
    by_reference: dict[str, UUID] = field(default_factory=dict)
    new: dict[UUID, None] = field(default_factory=dict)
    changed: dict[UUID, None] = field(default_factory=dict)
    claimed: dict[str, UUID] = field(default_factory=dict)
    to_routing: list[tuple[Report, ReportEvent]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    people: People = field(default_factory=People)

    def knows(self, report: Report) -> None:
        """Take in a report that was there before this batch."""
        self.reports[report.referral_id] = report
        self.by_key[report.principal, report.idempotency_key] = report.referral_id
        self.by_reference[report.reference] = report.referral_id
        self.people.heard(past_of(report))

    def check(self, submission: Submission, enclosed: Enclosed, moment: Moment) -> Step | Rejection:
        """What `submit` would decide, noting nothing down."""
        return self._decide(submission, enclosed, moment)[0]

    def _decide(
        self, submission: Submission, enclosed: Enclosed, moment: Moment
    ) -> tuple[Step | Rejection, tuple[Mark, ...]]:
        """What becomes of a submission, and the marks that came with it."""
        known = self.by_key.get((submission.principal, submission.idempotency_key))
        if known is not None:
            return again(self.reports[known], submission, moment.now), ()
        left = self._left(enclosed.handle, submission.force or submission.principal)
        if isinstance(left, Rejection):
            return left, ()
        if left is not None:
            submission = replace(submission, contact=left.facts, marks=(*left.marks, *submission.marks))
        if submission.fields.need in ORGANISED:
            submission = replace(submission, marks=())
        geography = self._geography(submission.fields.received_at)
        repeat = self._recognise(submission, geography.policy, moment.now)
        return accept(replace(submission, repeat=repeat), geography, next(self.names), moment), submission.marks

    def submit(self, submission: Submission, enclosed: Enclosed, moment: Moment) -> Step | Rejection:
        """A report: accepted, answered again, or rejected."""
        outcome, marks = self._decide(submission, enclosed, moment)
        if isinstance(outcome, Step):
            fresh = outcome.to_routing is not None
            self._note(outcome, new=fresh)
            if fresh:
                self._keep(outcome.report, "report", "contact", enclosed)
                self.people.note(outcome.report, marks, moment.now)
        return outcome

    def amend(self, address: Address, amendment: Amendment, enclosed: Enclosed, moment: Moment) -> Step | Rejection:
        """A change to a report. Contact details that come with it stand beside the earlier ones."""
        report = self.find(address, amendment.force)
        if report is None:
            return _unknown(address)
        left = self._left(enclosed.handle, amendment.force)
        if isinstance(left, Rejection):
            return left
        if left is not None:
            amendment = replace(amendment, contact=left.facts, marks=left.marks)
        if report.picture.need in ORGANISED:
            amendment = replace(amendment, marks=())
        geography, marks = self._judged(report), self.people.marks_now(report, amendment.marks)
        repeat = self._recognise_again(report, amendment, marks, geography.policy)
        outcome = amend(report, replace(amendment, repeat=repeat), geography, moment)
        if isinstance(outcome, Step):
            number = outcome.report.sequence
            self._note(outcome)
            self._keep(outcome.report, f"amendment:{number}", f"contact:{number}", enclosed)
            if amendment.marks:
                self.people.note(outcome.report, marks, moment.now)
        return outcome

    def withdraw(self, address: Address, withdrawal: Withdrawal, at: datetime) -> Step | Rejection:
        """A report that is no longer wanted."""
        report = self.find(address, withdrawal.force)
        if report is None:
            return _unknown(address)
        outcome = withdraw(report, withdrawal, at)
        if isinstance(outcome, Step):
            self._note(outcome)
        return outcome

    def find(self, address: Address, force: str | None) -> Report | None:
        """The report an address means, where it came from `force` or is owned by it."""
        found = self.by_reference.get(address.reference) if address.reference else None
        if found is None and address.reference is None and address.key is not None:
            found = self.by_key.get(address.key)
        report = self.reports[found] if found is not None else None
        if report is None or force not in (report.source.force, report.force):
            return None
        return report

    def _note(self, step: Step, *, new: bool = False) -> None:
        report = step.report
        self.knows(report)
        (self.new if new else self.changed)[report.referral_id] = None
        if step.to_routing is not None:
            self.to_routing.append((report, step.to_routing))
        self.told += addressed(report, step.to_control_rooms)

    def _keep(self, report: Report, body: str, contact: str, enclosed: Enclosed) -> None:
        self.kept.append(Kept(report.referral_id, body, enclosed.body))
        if enclosed.details is not None or enclosed.handle is not None:
            self.kept.append(Kept(report.referral_id, contact, enclosed.details, enclosed.handle))
        if enclosed.handle is not None:
            self.claimed[enclosed.handle] = report.referral_id

    def _recognise(self, submission: Submission, policy: PolicyDocument, now: datetime) -> Repeat:
        asked = Asked(now, submission.fields.exercise, incident_of(echo(submission.source)))
        return self.people.recognise(submission.marks, asked, policy)

    def _recognise_again(
        self, report: Report, amendment: Amendment, marks: Sequence[Mark], policy: PolicyDocument
    ) -> Repeat | None:
        source = amendment.changes.source
        if source is None and not amendment.marks:
            return None
        incident = incident_of(echo(source) if source else report.source)
        asked = Asked(report.at, report.exercise, incident, report.referral_id, report.picture.person)
        return self.people.recognise(marks, asked, policy)

    def _left(self, handle: str | None, owner: str | None) -> Handle | Rejection | None:
        if handle is None:
            return None
        known = self.handles.get(handle)
        if known is None or known.owner != owner or not known.fresh:
            return Rejection("invalid", (fault("contact.handle", "unknown"),))
        if known.claimed or handle in self.claimed:
            return Rejection("invalid", (fault("contact.handle", "already_claimed"),))
        return known

    def _judged(self, report: Report) -> Geography:
        return self._geography(report.received_at, report.picture.policy_version)

    def _geography(self, received_at: datetime, version: str | None = None) -> Geography:
        policy = judging(self.policies, received_at, version)
        return Geography(self.gazetteer, policy, received_at.astimezone(ZoneInfo(policy.calendar.timezone)).date())

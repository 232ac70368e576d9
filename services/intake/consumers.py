"""What intake reads: control rooms' records at the door, and from inside what became of its reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.intake.policies import Policies
from services.intake.reception import Batch, Reception, Wanted
from services.intake.rules.accept import Submission
from services.intake.rules.amend import Amendment, Withdrawal
from services.intake.rules.desk import Address, Enclosed, Told, addressed
from services.intake.rules.faults import fault
from services.intake.rules.outbound import away_or_back, follow, rejected
from services.intake.rules.report import Followed, Rejection, Step
from services.intake.store import ledger, reports, told
from services.intake.store.ledger import Look
from shared.contracts.access import AccessRecorded
from shared.contracts.inbound import ReportAmended, ReportSubmitted, ReportWithdrawn
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.policy import PolicyDocument, PolicyPublished
from shared.contracts.referrals import ServiceDegraded, ServiceRestored
from shared.database import Unit
from shared.inbox import Received
from shared.telemetry import get_logger

log = get_logger("intake")

_LONGEST_ID = 200
_DoorEvent = ReportSubmitted | ReportAmended | ReportWithdrawn


def principal_of(force: str) -> str:
    """Who speaks on `inbound.<force>`: the same control room that may come over HTTPS."""
    return f"control_room:{force}"


@dataclass(frozen=True)
class Door:
    """`inbound.<force>`: every record is taken in or answered with `report.rejected`; none is held, none is lost."""

    reception: Reception

    async def load(self, unit: Unit, events: Sequence[Received]) -> Batch:
        """The desk for these records."""
        wanted = Wanted()
        for item in events:
            _want(wanted, item)
            if isinstance(item.event, ReportSubmitted):
                wanted.marks += self.reception.marking.hint(item.event.source.force, item.event.person_hint)
        return await self.reception.load(unit, wanted)

    def apply(self, state: Batch, received: Received, now: datetime) -> None:
        """Take one record in, or answer it."""
        if received.fault is not None:
            faults = tuple(fault(error.field, error.reason) for error in received.fault.errors)
            answer = Rejection(received.fault.code, faults)
            state.desk.told.append(_rejection(received, answer, now))
            return
        outcome = self._take_in(state, received, now)
        if isinstance(outcome, Rejection):
            state.desk.told.append(_rejection(received, outcome, now))

    async def save(self, unit: Unit, state: Batch) -> None:
        """Write what was taken in, and the answers."""
        await self.reception.save(unit, state)

    def _take_in(self, batch: Batch, received: Received, now: datetime) -> Step | Rejection:
        event, force = received.event, received.force or ""
        reply_to = _reply_to(received)
        if isinstance(event, ReportSubmitted):
            return batch.desk.submit(*self._submission(event, received), batch.moment(now))
        if isinstance(event, ReportAmended):
            amendment = Amendment(event, force, event.changed(), in_reply_to=reply_to)
            return batch.desk.amend(_address(event, force), amendment, _enclosed(event), batch.moment(now))
        if isinstance(event, ReportWithdrawn):
            return batch.desk.withdraw(
                _address(event, force), Withdrawal(force, event.reason, reply_to, by_topic=True), now
            )
        raise TypeError(type(event).__name__)

    def _submission(self, event: ReportSubmitted, received: Received) -> tuple[Submission, Enclosed]:
        force, enclosed = received.force or "", _enclosed(event)
        submission = Submission(
            fields=event,
            source=event.source,
            idempotency_key=event.idempotency_key,
            principal=principal_of(force),
            force=force,
            digests=self.reception.vault.digests(enclosed.body),
            marks=self.reception.marking.hint(event.source.force, event.person_hint),
            record_key=received.key or None,
            in_reply_to=_reply_to(received),
            by_topic=True,
        )
        return submission, enclosed


def _want(wanted: Wanted, item: Received) -> None:
    event, force = item.event, item.force or ""
    if isinstance(event, ReportSubmitted):
        wanted.keys.append((principal_of(force), event.idempotency_key))
        wanted.incident(event.source)
        wanted.names += 1
        wanted.contact(event.contact.handle if event.contact else None)
    elif isinstance(event, ReportAmended | ReportWithdrawn):
        wanted.address(_address(event, force))
        if isinstance(event, ReportAmended):
            wanted.incident(event.source)
            wanted.contact(event.contact.handle if event.contact else None)


def _address(event: ReportAmended | ReportWithdrawn, force: str) -> Address:
    key = (principal_of(force), event.idempotency_key) if event.idempotency_key is not None else None
    return Address(event.reference, key)


def _enclosed(event: ReportSubmitted | ReportAmended) -> Enclosed:
    body = event.model_dump_json(by_alias=True, exclude_none=True).encode()
    return Enclosed(body, handle=event.contact.handle if event.contact else None)


def _reply_to(received: Received) -> str | None:
    envelope = received.envelope
    return envelope.id if envelope is not None and len(envelope.id) <= _LONGEST_ID else None


def _rejection(received: Received, answer: Rejection, now: datetime) -> Told:
    key = getattr(received.event, "idempotency_key", None)
    event = rejected(answer.code, answer.errors, now, in_reply_to=_reply_to(received), key=key)
    # A record without a key can only be tied to its answer by its place.
    place = f"{received.partition}:{received.offset}"
    return Told(received.force or "", received.key or _reply_to(received) or place, event)


@dataclass
class Insight:
    """State of one batch from inside."""

    followed: dict[UUID, Followed]
    changed: set[UUID] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    policies: list[PolicyDocument] = field(default_factory=list)
    parts: list[ServiceDegraded | ServiceRestored] = field(default_factory=list)


@dataclass(frozen=True)
class Inside:
    """`referrals`, `access` and `policy`: what became of reports, who looked, and by what rules we judge."""

    known: Policies

    async def load(self, unit: Unit, events: Sequence[Received]) -> Insight:
        """Where the reports of these referrals stand, locked in id order."""
        ids = {item.event.referral_id for item in events if isinstance(item.event, ReferralEvent)}
        found = await reports.lock_followed(unit.connection, ids) if ids else []
        return Insight({report.referral_id: report for report in found})

    def apply(self, state: Insight, received: Received, now: datetime) -> None:
        """Take in one event. A referral that is not of our reports changes nothing here."""
        event = received.event
        if isinstance(event, ReferralEvent):
            self._follow(state, event)
        elif isinstance(event, AccessRecorded):
            state.looks.append(Look(event.actor, event.role, event.force, event.reference, event.what, event.at))
        elif isinstance(event, ServiceDegraded | ServiceRestored):
            state.parts.append(event)
        elif isinstance(event, PolicyPublished):
            state.policies += [event.document, *event.others]

    def _follow(self, state: Insight, event: ReferralEvent) -> None:
        report = state.followed.get(event.referral_id)
        if report is None:
            log.warning("referral_without_report", referral_id=event.referral_id)
            return
        desks = {code: desk.name for code, desk in self.known.at(event.at).desks.items()}
        outcome = follow(report, event, desks)
        state.followed[event.referral_id] = outcome.report
        state.changed.add(event.referral_id)
        state.told += addressed(outcome.report, outcome.to_control_rooms, outcome.also_told)

    async def _parts(self, unit: Unit, parts: Sequence[ServiceDegraded | ServiceRestored]) -> list[Told]:
        """What every control room is told of parts that are away or back: once for each change."""
        news: list[Told] = []
        for one in parts:
            away = isinstance(one, ServiceDegraded)
            if await ledger.mark_degraded(unit.connection, one.part, one.at, degraded=away):
                news += told.to_all(self.known.at(one.at), away_or_back(one.part, one.at, away=away))
        return news

    async def save(self, unit: Unit, state: Insight) -> None:
        """Write where reports stand now, tell the control rooms, keep what is to be kept."""
        await reports.follow(unit.connection, [state.followed[id_] for id_ in sorted(state.changed)])
        await told.tell(unit, [*state.told, *await self._parts(unit, state.parts)])
        await ledger.log_looks(unit.connection, state.looks)
        if state.policies:
            await ledger.keep_policies(unit.connection, state.policies)
            unit.wake("policies")

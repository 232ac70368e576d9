"""Liaison's side of a rehearsal: intake's own rules with a memory instead of a database, and no routing behind them.

Nobody is offered anything and nothing is kept: what routing would say is made up where a scene needs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, repeat
from typing import Any

from services.intake.rules.accept import Moment, Named, Submission
from services.intake.rules.amend import Amendment, Withdrawal
from services.intake.rules.desk import Address, Desk, Enclosed, Told, addressed
from services.intake.rules.faults import fault
from services.intake.rules.geography import Gazetteer
from services.intake.rules.log_lines import log_line
from services.intake.rules.outbound import follow, rejected
from services.intake.rules.report import Rejection, Report, Step
from shared.contracts.inbound import ReportAmended, ReportSubmitted, ReportWithdrawn
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.outbound import ServiceHeartbeat
from shared.contracts.policy import PolicyDocument
from shared.identifiers import new_reference, uuid7
from shared.inbox import Received


@dataclass(frozen=True)
class Outcome:
    """What became of one record: the report as it stands, or why it was refused; and what its sender is told."""

    decision: Step | Rejection
    told: list[Told]

    @property
    def report(self) -> Report | None:
        """The report, None where the record was refused."""
        return self.decision.report if isinstance(self.decision, Step) else None


@dataclass
class Liaison:
    """Takes in what the control room of one force sends. `forgets` nothing until the rehearsal ends."""

    force: str
    policy: PolicyDocument
    gazetteer: Gazetteer
    desk: Desk = field(init=False)
    _sequences: dict[str, Iterator[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = Desk((self.policy,), self.gazetteer, (Named(uuid7(), new_reference()) for _ in repeat(None)))

    def take(self, received: Received, now: datetime) -> Outcome:
        """Take one record in or refuse it, as intake would."""
        if received.fault is not None:
            errors = tuple(fault(error.field, error.reason) for error in received.fault.errors)
            decision: Step | Rejection = Rejection(received.fault.code, errors)
        else:
            decision = self._decide(received, now)
        told, self.desk.told = self.desk.told, []
        if isinstance(decision, Rejection):
            told = [self.refusal(received, decision, now)]
        return Outcome(decision, told)

    def refusal(self, received: Received, why: Rejection, now: datetime) -> Told:
        """The answer to a record that is not taken in."""
        key = getattr(received.event, "idempotency_key", None)
        event = rejected(why.code, why.errors, now, in_reply_to=reply_to(received), key=key)
        return Told(self.force, received.key or reply_to(received) or "none", event)

    def retire(self, incident_kind: str) -> None:
        """Judge from now on by a policy that does not know an incident kind any more."""
        kinds = tuple(kind for kind in self.policy.codes.incident_kinds if kind != incident_kind)
        codes = self.policy.codes.model_copy(update={"incident_kinds": kinds})
        self.desk.policies = (self.policy.model_copy(update={"codes": codes}),)

    def restore(self) -> None:
        """Judge by the whole policy again."""
        self.desk.policies = (self.policy,)

    def happens(self, report: Report, kind: type[ReferralEvent], now: datetime, **facts: Any) -> list[Told]:
        """What the control room is told when routing says that this has happened to a referral."""
        known = self.desk.reports[report.referral_id]
        number = next(self._sequences.setdefault(report.reference, count(1)))
        standing = {"state": known.state, "holder": known.holder, "next_due": known.next_due} | facts
        event = kind(
            referral_id=known.referral_id,
            reference=known.reference,
            sequence=number,
            at=now,
            force=known.force,
            exercise=True,
            **standing,
        )
        outcome = follow(known, event)
        self.desk.knows(outcome.report)
        return addressed(outcome.report, outcome.to_control_rooms)

    def heartbeat(self, now: datetime) -> Told:
        """That we are there."""
        event = ServiceHeartbeat(at=now, log_line=log_line("service.heartbeat", now, exercise=True))
        return Told(self.force, "service.heartbeat", event)

    def _decide(self, received: Received, now: datetime) -> Step | Rejection:
        event, principal = received.event, f"control_room:{self.force}"
        moment = Moment(now, now)
        if isinstance(event, ReportSubmitted):
            return self.desk.submit(self._submission(event, received, principal), _enclosed(event), moment)
        if isinstance(event, ReportAmended):
            amendment = Amendment(event, self.force, event.changed(), in_reply_to=reply_to(received))
            return self.desk.amend(_address(event, principal), amendment, _enclosed(event), moment)
        assert isinstance(event, ReportWithdrawn)
        withdrawal = Withdrawal(self.force, event.reason, reply_to(received), by_topic=True)
        return self.desk.withdraw(_address(event, principal), withdrawal, now)

    def _submission(self, event: ReportSubmitted, received: Received, principal: str) -> Submission:
        return Submission(
            fields=event,
            source=event.source,
            idempotency_key=event.idempotency_key,
            principal=principal,
            force=self.force,
            digests=(_enclosed(event).body,),
            record_key=received.key or None,
            in_reply_to=reply_to(received),
            by_topic=True,
        )


def reply_to(received: Received) -> str | None:
    """The id of the event an answer is to, None where it could not be read."""
    return received.envelope.id if received.envelope is not None else None


def _address(event: ReportAmended | ReportWithdrawn, principal: str) -> Address:
    key = (principal, event.idempotency_key) if event.idempotency_key is not None else None
    return Address(event.reference, key)


def _enclosed(event: ReportSubmitted | ReportAmended) -> Enclosed:
    return Enclosed(event.model_dump_json(by_alias=True, exclude_none=True).encode())

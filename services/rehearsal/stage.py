"""The stage of a rehearsal: hears the control room, answers it, and notes what is wrong with what it sends."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from services.intake.rules.desk import Told
from services.intake.rules.faults import fault
from services.intake.rules.report import Rejection, Report
from services.rehearsal.liaison import Liaison, Outcome
from shared.contracts.inbound import ReportAmended, ReportSubmitted, ReportWithdrawn
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.model import Event
from shared.inbox import Received

CLOCKS_APART = timedelta(hours=1)
"""A `ce_time` further from our clock than this is a mistake, such as local time called UTC."""

MOST = 20
"""Records that nobody asked for; after as many a scene is given up."""

E = TypeVar("E", bound=Event)


class Wire(Protocol):
    """The way to the control room and back."""

    async def hear(self, seconds: float) -> Received | None:
        """The next record it sent, None when the time is out."""
        ...

    async def tell(self, told: Told, *, twice: bool) -> None:
        """Say something to it; `twice`: as a broker that delivers again."""
        ...


@dataclass(frozen=True)
class Complaint:
    """One thing wrong: a field of a record, an event's name or `record`, and a short stable reason."""

    field: str
    reason: str


class RehearsalFailed(Exception):
    """The rehearsal cannot be held; the message is one line."""


class Missed(Exception):
    """The scene cannot go on: what it waited for did not come, or could not be used."""


@dataclass(frozen=True)
class Patience:
    """Seconds: how long to wait for what a scene asks for, and for how long nothing may come where nothing should."""

    asked: float = 120.0
    quiet: float = 5.0


@dataclass
class Stage:
    """One rehearsal under way. `ask` tells whoever sits at the control room what to do next."""

    wire: Wire
    liaison: Liaison
    clock: Callable[[], datetime]
    ask: Callable[[str], Awaitable[None]]
    patience: Patience = Patience()
    complaints: list[Complaint] = field(default_factory=list)
    _seen: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)
    _said: int = 0

    def complain(self, place: str, reason: str) -> None:
        """Note something wrong, once."""
        complaint = Complaint(place, reason)
        if complaint not in self.complaints:
            self.complaints.append(complaint)

    async def expect(self, kind: type[E]) -> tuple[Received, E]:
        """The next record that is a `kind` and can be read; whatever else comes is answered and complained about."""
        for _ in range(MOST):
            came = await self.wire.hear(self.patience.asked)
            if came is None:
                self.complain("record", "nothing_came")
                raise Missed
            self._look(came)
            if isinstance(came.event, kind) and not self._was_answered(came.event):
                return came, came.event
            if came.event is not None:
                again = isinstance(came.event, kind)
                self.complain(came.event.name, "answered_and_sent_again" if again else "not_asked_for")
            await self.answer(self.decide(came))
        raise Missed

    async def take(self, came: Received) -> Report:
        """Take a record in and answer it. Missed where the rules refuse it."""
        outcome = await self.try_to_take(came)
        if outcome.report is None:
            assert isinstance(outcome.decision, Rejection)
            for error in outcome.decision.errors:
                self.complain(error.field, error.reason)
            raise Missed
        return outcome.report

    async def try_to_take(self, came: Received) -> Outcome:
        """Take a record in, or refuse it, and answer."""
        outcome = self.decide(came)
        if isinstance(came.event, ReportSubmitted) and outcome.report is not None:
            self._answered.add(came.event.idempotency_key)
        await self.answer(outcome)
        return outcome

    def decide(self, came: Received) -> Outcome:
        """What becomes of a record. A report that is no exercise is refused before any rule sees it."""
        now = self.clock()
        if isinstance(came.event, ReportSubmitted) and not came.event.exercise:
            why = Rejection("exercise_only", (fault("exercise", "required"),))
            return Outcome(why, [self.liaison.refusal(came, why, now)])
        return self.liaison.take(came, now)

    async def answer(self, outcome: Outcome) -> None:
        """Tell the control room what became of its record."""
        await self.say(outcome.told)

    async def say(self, told: Iterable[Told]) -> None:
        """Tell the control room something; every third time twice, as brokers may."""
        for one in told:
            self._said += 1
            await self.wire.tell(one, twice=self._said % 3 == 0)

    async def happens(self, report: Report, kind: type[ReferralEvent], **facts: Any) -> None:
        """Let something happen to a referral, and tell the control room."""
        await self.say(self.liaison.happens(report, kind, self.clock(), **facts))

    async def silence(self) -> None:
        """Nothing more should come; what does is answered and complained about."""
        for _ in range(MOST):
            came = await self.wire.hear(self.patience.quiet)
            if came is None:
                return
            self.complain("record", "came_unasked")
            await self.answer(self.decide(came))

    def same_key(self, came: Received, report: Report) -> None:
        """What is about a report goes under the report's own record key: else a broker keeps no order between them."""
        if came.key != report.record_key:
            self.complain("record key", "not_the_reports")

    def _was_answered(self, event: Event) -> bool:
        return isinstance(event, ReportSubmitted) and event.idempotency_key in self._answered

    def _look(self, came: Received) -> None:
        """What can be wrong with any record."""
        if came.fault is not None:
            for error in came.fault.errors:
                self.complain(error.field, error.reason)
        if came.envelope is None:
            return
        if abs(came.envelope.time - self.clock()) > CLOCKS_APART:
            self.complain("ce_time", "far_from_now")
        known = self._seen.setdefault((came.envelope.source, came.envelope.id), came.digest)
        if known != came.digest:
            self.complain("ce_id", "used_with_another_body")
        if isinstance(came.event, ReportSubmitted) and not came.event.exercise:
            self.complain("exercise", "required")
        if isinstance(came.event, ReportSubmitted | ReportAmended | ReportWithdrawn) and came.key is None:
            self.complain("record key", "required")

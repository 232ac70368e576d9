"""Intake over HTTPS, what can be asked: reports of one's own force, what it was told, and the codes to use."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter, ValidationError

from services.intake.answers import codes, view
from services.intake.api import answer, reference_of
from services.intake.policies import Policies
from services.intake.rules.report import Report
from services.intake.store import ledger, reports, told
from services.intake.store.ledger import Look
from shared.contracts.answers.reports import CodesShown, ReportList, ReportShown, ToldList
from shared.contracts.model import Instant
from shared.contracts.policy import in_force
from shared.database import Unit
from shared.described import answers
from shared.errors import FieldError, Invalid, NotFound
from shared.identity import Principal, allow
from shared.service import Platform
from shared.web import SignedIn, page_of

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
Words = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class ReportsOut:
    """The routes that read. Every look is written down before it is shown."""

    platform: Platform
    policies: Policies

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["reports"])
        router.add_api_route("/v1/reports", self.by_incident, methods=["GET"])
        router.add_api_route("/v1/reports/{reference}", self.one, methods=["GET"])
        router.add_api_route("/v1/outbound", self.outbound, methods=["GET"])
        router.add_api_route("/v1/codes", self.codes, methods=["GET"])
        return router

    @answers(ReportShown)
    async def one(self, principal: SignedIn, reference: str) -> Response:
        """A report of one's own force, and where it stands."""
        allow(principal, "reports.read")
        async with self.platform.database.unit() as unit:
            report = await reports.by_reference(unit.connection, reference_of(reference))
            if report is None or not _sees(principal, report):
                raise NotFound
            now = await unit.now()
            await _look(unit, principal, "report", [report], now)
        return answer(200, view(report, self._as_of(report, now)))

    @answers(ReportList)
    async def by_incident(
        self,
        principal: SignedIn,
        system: Words,
        incident_ref: Words,
        incident_date: Annotated[date | None, Query()] = None,
    ) -> Response:
        """The reports of one's own incident, by one's own number and its date: numbers start again every day."""
        allow(principal, "reports.read")
        async with self.platform.database.unit() as unit:
            found = await reports.by_incident(unit.connection, system, incident_ref, incident_date)
            seen = [report for report in found if _sees(principal, report)]
            now = await unit.now()
            await _look(unit, principal, "report_search", seen, now)
        items = [view(report, self._as_of(report, now)) for report in seen]
        return answer(200, {**page_of(items, None), "as_of": min((item["as_of"] for item in items), default=now)})

    @answers(ToldList)
    async def outbound(
        self,
        principal: SignedIn,
        after: Annotated[str | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """What one's control room was told, oldest first. `next` goes on from here; each item's `id` does too."""
        allow(principal, "outbound.read")
        cursor = told.Cursor.parse(after)
        if cursor is None:
            raise Invalid(errors=[FieldError("after", "not_allowed_value")])
        async with self.platform.database.unit() as unit:
            found = await told.after(unit.connection, principal.force or "", cursor, limit)
        items = [{"id": str(place), **event} for place, event in found]
        return answer(200, page_of(items, items[-1]["id"] if len(items) == limit else None))

    @answers(CodesShown)
    async def codes(self, principal: SignedIn, at: Annotated[str | None, Query(max_length=40)] = None) -> Response:
        """The codes a sender may use, now or at an instant: reports are judged by those of `received_at`."""
        allow(principal, "codes.read")
        async with self.platform.database.unit() as unit:
            when = await unit.now() if at is None else _instant(at)
        return answer(200, codes(in_force(self.policies.known, when), when))

    def _as_of(self, report: Report, now: datetime) -> datetime:
        """When the report was known to stand so: now, or its last change where news cannot reach us."""
        hears = self.platform.broker_reachable() and self.platform.caught_up("referrals")
        return now if hears else report.changed_at or report.at


def _sees(principal: Principal, report: Report) -> bool:
    return principal.force in (report.source.force, report.force)


async def _look(unit: Unit, principal: Principal, what: str, seen: list[Report], at: datetime) -> None:
    references: list[str | None] = [report.reference for report in seen]
    await ledger.log_looks(
        unit.connection,
        [Look(str(principal), principal.role, principal.force, one, what, at) for one in references or [None]],
    )


def _instant(text: str) -> datetime:
    try:
        # An unescaped `+` of the offset arrives as a space.
        return _INSTANT.validate_python(text.replace(" ", "+"))
    except ValidationError:
        raise Invalid(errors=[FieldError("at", "not_a_time")]) from None

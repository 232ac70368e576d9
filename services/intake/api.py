"""Intake over HTTPS, what comes in: reports, changes to them, and contact details left beforehand."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Response

from services.intake import asking
from services.intake.answers import refusal
from services.intake.asking import Submit, Withdraw
from services.intake.reception import Reception, Wanted
from services.intake.rules.amend import Withdrawal
from services.intake.rules.desk import Address, Handle
from services.intake.rules.report import Rejection, Report
from services.intake.store import sealed
from services.intake.submissions import Counter, Request
from shared.contracts.answers.reports import ContactLeft, ReportChecked, ReportTaken
from shared.contracts.contact import ContactDetails
from shared.contracts.inbound import AmendmentBody, ReportBody, WithdrawalBody
from shared.described import answers, reads
from shared.errors import NotFound
from shared.idempotency import idempotent_route
from shared.identifiers import normalise_reference
from shared.identity import allow
from shared.service import Platform
from shared.web import Body, SignedIn

Handler = Callable[..., Awaitable[Response]]
IdempotencyKeyHeader = Annotated[str | None, Header(alias="Idempotency-Key")]


def answer(status: int, content: Any) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def reference_of(text: str) -> str:
    """The reference in a path, however it is written; NotFound for what is none."""
    reference = normalise_reference(text)
    if reference is None:
        raise NotFound
    return reference


@dataclass(frozen=True)
class ReportsIn:
    """The routes that write."""

    platform: Platform
    reception: Reception
    counter: Counter

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["reports"])
        # A report's own idempotency key does for it what the kernel's does for the others.
        router.add_api_route("/v1/reports", self.submit, status_code=202, methods=["POST"])
        router.include_router(self._once_only())
        return router

    def _once_only(self) -> APIRouter:
        router = APIRouter(tags=["reports"], route_class=idempotent_route(self.platform.database))
        routes: list[tuple[str, Handler, int]] = [
            ("/v1/reports/{reference}/amendments", self.amend, 202),
            ("/v1/reports/{reference}/withdrawal", self.withdraw, 202),
            ("/v1/contacts", self.leave_contact, 201),
        ]
        for path, handler, status in routes:
            router.add_api_route(path, handler, status_code=status, methods=["POST"])
        return router

    @answers(ReportTaken, 202)
    @answers(ReportChecked)
    @reads(ReportBody)
    async def submit(
        self,
        principal: SignedIn,
        body: Body,
        idempotency_key: IdempotencyKeyHeader = None,
        dry_run: Annotated[bool, Query()] = False,
    ) -> Response:
        """A report. 202 once it is durable; the same key with the same body is answered the same."""
        allow(principal, "reports.submit")
        request = asking.submit(self.reception, principal, ReportBody.model_validate_json(body), idempotency_key)
        if dry_run:
            return await self._check(request)
        return self._accepted(await self._handle(request))

    @answers(ReportTaken, 202)
    @reads(AmendmentBody)
    async def amend(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """A change to a report of one's own force."""
        allow(principal, "reports.amend")
        changes = AmendmentBody.model_validate_json(body)
        request = asking.amend(self.reception, principal, reference_of(reference), changes)
        return self._accepted(await self._handle(request))

    @answers(ReportTaken, 202)
    @reads(WithdrawalBody)
    async def withdraw(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """A report of one's own force is no longer wanted."""
        allow(principal, "reports.withdraw")
        reason = WithdrawalBody.model_validate_json(body).reason
        request = Withdraw(Address(reference_of(reference)), Withdrawal(principal.force, reason))
        return self._accepted(await self._handle(request))

    @answers(ContactLeft, 201)
    @reads(ContactDetails)
    async def leave_contact(self, principal: SignedIn, body: Body) -> Response:
        """Contact details, sealed at once; a report claims the handle once within 24 hours."""
        allow(principal, "contacts.create")
        details = ContactDetails.model_validate_json(body)
        left = Handle(
            principal.force or str(principal),
            asking.contact_facts(self.reception, details),
            fresh=True,
            marks=self.reception.marking.of(details),
        )
        clear = details.model_dump_json(by_alias=True, exclude_none=True).encode()
        handle = f"c-{secrets.token_urlsafe(24)}"
        async with self.platform.database.unit() as unit:
            kept = self.reception.vault.seal_contact(handle, clear)
            until = await sealed.leave_contact(unit.connection, handle, left, kept)
        return answer(201, {"handle": handle, "expires_at": until})

    async def _handle(self, request: Request) -> Report:
        outcome = await self.counter.handle(request)
        if isinstance(outcome, Rejection):
            raise refusal(outcome)
        report: Report = outcome.report
        return report

    def _accepted(self, report: Report) -> Response:
        status = "accepted" if self.platform.broker_reachable() else "delayed"
        return answer(202, {"reference": report.reference, "status": status})

    async def _check(self, request: Submit) -> Response:
        wanted = Wanted()
        request.want(wanted)
        async with self.platform.database.unit() as unit:
            batch = await self.reception.load(unit, wanted)
            outcome = request.check(batch, await unit.now())
        if isinstance(outcome, Rejection):
            raise refusal(outcome)
        picture = outcome.report.picture
        found = {
            "class": picture.response_class,
            "force": picture.force,
            "district": picture.district,
            "location_confidence": picture.location_confidence,
            "desk": picture.desk,
        }
        return answer(200, {"reference": None, "status": "valid", **found})

"""Where providers tell us things: receipts of what we sent, and text messages that people send back.

A provider is told 2xx whenever nothing more is to be said, also about what is not known here: anything else it takes
for a failure of ours, and repeats for half an hour.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.notify.receipts import Receipt, take_in
from services.notify.replying import Replying, TextIn
from shared.contracts.model import Part
from shared.database import Database
from shared.described import answers, reads
from shared.errors import FieldError, Invalid, NotFound, Unauthenticated
from shared.identity import allow
from shared.telemetry import get_logger
from shared.web import Body, principal_of

log = get_logger("callbacks")

GOVUK_NOTIFY = "govuk-notify"
DEMO = "demo"
_MEANS = {"sms": "phone", "email": "email"}


class ProviderReceipt(Part):
    """What GOV.UK Notify says of a message. `reference` is ours: the notice's id."""

    id: str
    reference: str | None = None
    to: str | None = None
    status: str
    notification_type: Literal["sms", "email"] = "sms"


class ProviderText(Part):
    """A text message as GOV.UK Notify hands it on."""

    id: str
    source_number: str
    destination_number: str | None = None
    message: str
    date_received: str | None = None


@dataclass(frozen=True)
class Callers:
    """Who may call: each provider by the token it was given; in the demo, anybody who may pretend to be one."""

    tokens: Mapping[str, str] = field(repr=False)
    demo: bool = False

    def admit(self, provider: str, request: Request) -> str:
        """The provider's name in one spelling. NotFound for one not set up, Unauthenticated without its token."""
        name = provider.replace("_", "-")
        if self.demo and name == DEMO:
            allow(principal_of(request), "provider.pretend")
            return name
        token = self.tokens.get(name)
        if token is None:
            raise NotFound
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Unauthenticated("token_refused")
        return name


def callback_routes(database: Database, replying: Replying, callers: Callers) -> APIRouter:
    """The two doors of providers."""
    router = APIRouter(tags=["notify"])

    @answers(None, 204)
    @reads(ProviderReceipt)
    async def receipts(request: Request, provider: str, body: Body) -> Response:
        """What became of a message that a provider took from us: 204, also for one that is not known here."""
        callers.admit(provider, request)
        told = ProviderReceipt.model_validate_json(body)
        receipt = Receipt(told.id, _notice_of(told.reference), _MEANS[told.notification_type], told.status)
        async with database.unit() as unit:
            known = await take_in(unit, receipt)
        if not known:
            log.info("receipt_unknown", service=database.name)
        return Response(status_code=204)

    @answers(None, 204)
    @reads(ProviderText)
    async def replies(request: Request, provider: str, body: Body) -> Response:
        """A text message somebody sent: 204, once however often it comes. Its answer is a text message too."""
        name = callers.admit(provider, request)
        text = ProviderText.model_validate_json(body)
        if not 1 <= len(text.id) <= 200 or len(text.source_number) > 40:
            raise Invalid(errors=[FieldError("id", "out_of_range")])
        async with database.unit() as unit:
            await replying.take_in(unit, TextIn(name, text.id, text.source_number, text.message))
        return Response(status_code=204)

    router.add_api_route("/v1/receipts/{provider}", receipts, methods=["POST"], status_code=204)
    router.add_api_route("/v1/replies/{provider}", replies, methods=["POST"], status_code=204)
    return router


def _notice_of(reference: str | None) -> UUID | None:
    try:
        return UUID(reference or "")
    except ValueError:
        return None

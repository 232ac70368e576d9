"""The way over HTTPS: Liaison's side of intake's routes for control rooms, on a port of this machine.

Whatever token comes is taken, contact details are neither read nor kept. What is not answered in time is a 503 with
`Retry-After`, as when a database is away: the client must come again under the same key.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Header, Query, Request, Response

from services.intake.rules.desk import Told
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.inbound import ReportAmended, ReportSubmitted, ReportWithdrawn
from shared.contracts.model import Event
from shared.contracts.outbound import ReportRejected
from shared.errors import BadJson, FieldError, Invalid, NotFound, Refusal, Unauthenticated, Unavailable
from shared.identifiers import normalise_reference, uuid7
from shared.inbox import Received, Record, read
from shared.server import serving
from shared.web import install, page_of

ANSWER_SECONDS = 2.0
"""How long a request waits for the rehearsal's answer before it is told to come again."""
_SOURCE = "urn:liaison:rehearsal:https"

Key = Annotated[str | None, Header(alias="Idempotency-Key")]
Json = dict[str, Any]


@dataclass
class Endpoint:
    """Turns requests into what a topic would have brought, and what is told into answers and a list."""

    force: str
    patience: float = ANSWER_SECONDS
    _came: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    _waiting: dict[str, asyncio.Future[Told]] = field(default_factory=dict)
    _told: list[Json] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    async def hear(self, seconds: float) -> Received | None:
        """The next request, None when the time is out."""
        try:
            async with asyncio.timeout(seconds):
                return await self._came.get()
        except TimeoutError:
            return None

    async def tell(self, told: Told, *, twice: bool) -> None:
        """Put an event into the list, once; and answer the request that it replies to."""
        event = told.event
        said = orjson.loads(event.to_json())
        self._told.append({"id": f"1-{len(self._told) + 1}", "type": event.ce_type(), **said, "rehearsal": True})
        if event.reference is not None:
            self._keys[event.reference] = told.key
        waiting = self._waiting.pop(event.in_reply_to or "", None)
        if waiting is not None and not waiting.done():
            waiting.set_result(told)

    def app(self) -> FastAPI:
        """Intake's routes for a control room."""
        app = FastAPI(title="Liaison, rehearsed", openapi_url=None)
        install(app)
        app.add_api_route("/demo/token", self.token, methods=["POST"])
        app.add_api_route("/v1/contacts", self.contact, methods=["POST"])
        app.add_api_route("/v1/reports", self.report, methods=["POST"])
        app.add_api_route("/v1/reports/{reference}/amendments", self.amendment, methods=["POST"])
        app.add_api_route("/v1/reports/{reference}/withdrawal", self.withdrawal, methods=["POST"])
        app.add_api_route("/v1/outbound", self.outbound, methods=["GET"])
        return app

    async def token(self) -> Json:
        """A token; any other is as good."""
        return {"token": "rehearsal"}

    async def contact(self, request: Request) -> Response:
        """Contact details: taken, and forgotten at once."""
        _signed_in(request)
        return _answer(201, {"handle": f"c-{uuid7()}", "expires_at": None})

    async def report(self, request: Request, key: Key = None) -> Response:
        """A report."""
        body = await _body(request)
        body.pop("contact", None)
        if key is not None and body.setdefault("idempotency_key", key) != key:
            raise Invalid(errors=[FieldError("Idempotency-Key", "not_the_bodys")])
        return await self._ask(ReportSubmitted, str(body.get("idempotency_key", "")), body)

    async def amendment(self, request: Request, reference: str) -> Response:
        """A change to a report."""
        body = await _body(request)
        body.pop("contact", None)
        return await self._about(ReportAmended, reference, body)

    async def withdrawal(self, request: Request, reference: str) -> Response:
        """A report is not wanted any more."""
        return await self._about(ReportWithdrawn, reference, await _body(request))

    async def outbound(
        self,
        request: Request,
        after: Annotated[str, Query(pattern=r"^(1-[0-9]{1,9})?$")] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """What the control room was told, oldest first."""
        _signed_in(request)
        first = int(after.partition("-")[2] or 0)
        items = self._told[first : first + limit]
        return _answer(200, page_of(items, items[-1]["id"] if len(items) == limit else None))

    async def _about(self, kind: type[Event], text: str, body: Json) -> Response:
        reference = normalise_reference(text)
        if reference is None or reference not in self._keys:
            raise NotFound
        return await self._ask(kind, self._keys[reference], body | {"reference": reference})

    async def _ask(self, kind: type[Event], key: str, body: Json) -> Response:
        """Let the rehearsal decide, and answer as intake would."""
        envelope = Envelope(str(uuid7()), _SOURCE, kind.ce_type(), datetime.now(UTC))
        value = orjson.dumps(body)
        headers = tuple(to_headers(envelope))
        waiting = self._waiting[envelope.id] = asyncio.get_running_loop().create_future()
        self._came.put_nowait(read(Record(f"inbound.{self.force}", 0, 0, 0, key.encode(), value, headers)))
        try:
            async with asyncio.timeout(self.patience):
                told = await waiting
        except TimeoutError:
            raise Unavailable(retry_after=1) from None
        event = told.event
        if isinstance(event, ReportRejected):
            raise _refusal(event)
        return _answer(202, {"reference": event.reference, "status": "accepted"})


def _refusal(event: ReportRejected) -> Refusal:
    return Invalid(event.code, errors=[FieldError(error.field, error.reason) for error in event.errors])


def _signed_in(request: Request) -> None:
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        raise Unauthenticated


async def _body(request: Request) -> Json:
    _signed_in(request)
    try:
        found = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise BadJson from None
    if not isinstance(found, dict):
        raise BadJson
    return found


def _answer(status: int, content: Json) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


@asynccontextmanager
async def at_endpoint(host: str, port: int, force: str) -> AsyncIterator[tuple[Endpoint, int]]:
    """An endpoint at work for the length of the block, with the port it listens on (`port` 0: a free one)."""
    endpoint = Endpoint(force)
    async with serving(endpoint.app(), host, port) as listening:
        yield endpoint, listening

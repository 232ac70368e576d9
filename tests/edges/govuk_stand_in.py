"""A stand-in of GOV.UK Notify: its documented requests, answers, errors and limits, spoken over real HTTP.

Written after its REST documentation: the token is checked as theirs is, a template wants its placeholders, rates end
in 429, and a phone network blocks a number that gets twenty identical texts in an hour, or a hundred of any kind.
"""

import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
from aiohttp import web

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"teapot_live-{SERVICE}-{SECRET}"
SMS_TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
EMAIL_TEMPLATE = "0aa7e0a1-52c5-4c3b-9fd5-2b0b9b0b7d11"
TOKEN = "a-token-for-callbacks"
LONGEST = 918
"""Characters of a text message."""

_PLACEHOLDER = re.compile(r"\(\(([a-z_]+)\)\)")
_FIELDS = {"sms": "phone_number", "email": "email_address"}


class Refused(Exception):
    """A documented error."""

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message


@dataclass
class Taken:
    """A message it took."""

    id: str
    kind: str
    to: str
    reference: str | None
    words: str
    status: str = "created"


@dataclass
class GovukNotify:
    """One service of it, with one template for each kind. `script`: statuses it answers instead, in order.

    A status of 0 in the script takes the message and then drops the connection. `caller` makes the client that its
    callbacks go by. `taking` is called when it has taken a message and answered nothing yet.
    """

    templates: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            SMS_TEMPLATE: ("sms", "((message))"),
            EMAIL_TEMPLATE: ("email", "((subject)) ((message))"),
        }
    )
    per_minute: int = 3000
    per_day: int = 250_000
    script: list[int] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    caller: Callable[[], httpx.AsyncClient] = httpx.AsyncClient
    clock_off: float = 0.0
    token: str = TOKEN
    taking: Callable[[], None] | None = None
    _moments: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        try:
            self._check_token(request)
            if request.method == "GET" and request.path == "/v2/notifications":
                return web.json_response(self._listed(request.query))
            kind = request.path.removeprefix("/v2/notifications/")
            if request.method != "POST" or kind not in _FIELDS:
                raise Refused(404, "NoResultFound", "No result found")
            return await self._posted(kind, request)
        except Refused as refused:
            errors = [{"error": refused.error, "message": refused.message}]
            return web.json_response({"status_code": refused.status, "errors": errors}, status=refused.status)

    async def _posted(self, kind: str, request: web.Request) -> web.StreamResponse:
        step = self.script.pop(0) if self.script else 201
        if step >= 500:
            raise Refused(step, "Exception", "Internal server error")
        self._count()
        taken = self._take(kind, await request.read())
        if self.taking is not None:
            self.taking()
        if step == 0:
            assert request.transport is not None
            request.transport.abort()
        body = {
            "id": taken.id,
            "reference": taken.reference,
            "content": {"body": taken.words, "from_number": "GOVUK"},
            "uri": f"{self.url}/v2/notifications/{taken.id}",
            "template": {"id": SMS_TEMPLATE, "version": 1, "uri": f"{self.url}/v2/template/{SMS_TEMPLATE}"},
        }
        return web.json_response(body, status=201)

    def _check_token(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise Refused(401, "AuthError", "Unauthorized: authentication token must be provided")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
        except jwt.PyJWTError:
            raise Refused(403, "AuthError", "Invalid token: API key not found") from None
        if jwt.get_unverified_header(token).get("typ") != "JWT" or claims.get("iss") != SERVICE:
            raise Refused(403, "AuthError", "Invalid token: service not found")
        if abs(time.time() + self.clock_off - claims["iat"]) > 30:
            raise Refused(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")

    def _count(self) -> None:
        now = time.time()
        self._moments = [moment for moment in self._moments if moment > now - 60]
        if len(self._moments) >= self.per_minute:
            wanted = f"Exceeded rate limit for key type LIVE of {self.per_minute} requests per 60 seconds"
            raise Refused(429, "RateLimitError", wanted)
        if len(self.taken) >= self.per_day:
            raise Refused(429, "TooManyRequestsError", f"Exceeded send limits ({self.per_day}) for today")
        self._moments.append(now)

    def _take(self, kind: str, raw: bytes) -> Taken:
        body, address = json.loads(raw), _FIELDS[kind]
        for name in (address, "template_id"):
            if name not in body:
                raise Refused(400, "ValidationError", f"{name} is a required property")
        known = {address, "template_id", "personalisation", "reference", "sms_sender_id", "email_reply_to_id"}
        if body.keys() - known:
            raise Refused(400, "ValidationError", "Additional properties are not allowed")
        self._check_address(kind, body[address])
        words = self._filled(kind, body["template_id"], body.get("personalisation", {}))
        taken = Taken(str(uuid4()), kind, body[address], body.get("reference"), words)
        self.taken.append(taken)
        return taken

    def _check_address(self, kind: str, address: str) -> None:
        digits = re.sub(r"[\s()+-]", "", address)
        if kind == "email" and "@" not in address:
            raise Refused(400, "ValidationError", "email_address Not a valid email address")
        if kind == "sms" and not digits.isdigit():
            raise Refused(400, "ValidationError", "phone_number Must not contain letters or symbols")
        if kind == "sms" and len(digits) < 10:
            raise Refused(400, "ValidationError", "phone_number Not enough digits")

    def _filled(self, kind: str, template: str, given: dict[str, Any]) -> str:
        try:
            UUID(template)
        except ValueError:
            raise Refused(400, "ValidationError", "template_id is not a valid UUID") from None
        if self.templates.get(template, ("", ""))[0] != kind:
            raise Refused(400, "BadRequestError", "Template not found")
        text = self.templates[template][1]
        missing = [name for name in _PLACEHOLDER.findall(text) if name not in given]
        if missing:
            raise Refused(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
        words = _PLACEHOLDER.sub(lambda found: str(given[found[1]]), text)
        if kind == "sms" and len(words) > LONGEST:
            raise Refused(400, "BadRequestError", f"Text messages cannot be longer than {LONGEST} characters")
        return words

    def _listed(self, query: Any) -> dict[str, Any]:
        found = [
            {
                "id": one.id,
                "reference": one.reference,
                _FIELDS[one.kind]: one.to,
                "type": one.kind,
                "status": one.status,
            }
            for one in reversed(self.taken)
            if one.reference == query.get("reference", one.reference)
            and one.kind == query.get("template_type", one.kind)
        ]
        return {"notifications": found[:250], "links": {"current": f"{self.url}/v2/notifications"}}

    def blocked_by_network(self, taken: Taken) -> bool:
        """Whether phone networks would have blocked it: 20 identical or 100 of any kind to one number in an hour."""
        before = [one for one in self.taken[: self.taken.index(taken)] if one.to == taken.to]
        return len(before) >= 100 or Counter(one.words for one in before)[taken.words] >= 20

    async def receipt(self, taken: Taken, status: str | None = None) -> int:
        """What became of a message, told to the callback as it tells it; gives the answer's status."""
        taken.status = status or ("permanent-failure" if self.blocked_by_network(taken) else "delivered")
        told = {
            "id": taken.id,
            "reference": taken.reference,
            "to": taken.to.removeprefix("+"),
            "status": taken.status,
            "created_at": "2026-06-06T12:50:00.000000Z",
            "completed_at": "2026-06-06T12:50:09.000000Z",
            "sent_at": "2026-06-06T12:50:01.000000Z",
            "notification_type": taken.kind,
            "template_id": SMS_TEMPLATE,
            "template_version": 1,
        }
        return await self._call("receipts", told)

    async def text_from(self, number: str, words: str, identity: str | None = None) -> int:
        """A text message that somebody sent to the service's number; gives the answer's status."""
        told = {
            "id": identity or str(uuid4()),
            "source_number": number.removeprefix("+"),
            "destination_number": "07700900111",
            "message": words,
            "date_received": "2026-06-06T12:51:30.000000Z",
        }
        return await self._call("replies", told)

    async def _call(self, door: str, told: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.caller() as client:
            answer = await client.post(f"/v1/{door}/govuk-notify", json=told, headers=headers)
        return answer.status_code

    def texts_to(self, number: str) -> list[str]:
        """What a phone shows, oldest first."""
        return [one.words for one in self.taken if one.to == number]


@asynccontextmanager
async def govuk_notify(**how: Any) -> AsyncIterator[GovukNotify]:
    """A stand-in on this machine for the length of the block."""
    stand_in = GovukNotify(**how)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", stand_in.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    stand_in.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield stand_in
    finally:
        await runner.cleanup()

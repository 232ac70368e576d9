"""A push service and the browsers behind it, as RFC 8030, 8188, 8291 and 8292 have them: it believes nothing."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from os import urandom
from typing import Any

import http_ece
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.contracts.push import Subscription

MOST_BYTES = 4096
DAY = 24 * 3600
URGENCIES = {"very-low", "low", "normal", "high"}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Shown:
    """One message as a browser reads it, with what its push service saw."""

    payload: dict[str, Any]
    headers: dict[str, str]
    size: int
    """Bytes, encrypted."""


@dataclass
class Browser:
    """Somebody's browser: its keys never leave it."""

    name: str
    host: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: urandom(16))
    waiting: dict[str, Shown] = field(default_factory=dict)
    here: bool = True

    @property
    def subscription(self) -> Subscription:
        public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _text(public), "auth": _text(self.secret)}
        return Subscription.model_validate({"endpoint": f"http://{self.host}/push/{self.name}", "keys": keys})

    @property
    def address(self) -> str:
        return self.subscription.address

    def at(self, host: str) -> "Browser":
        """The same browser, subscribed with a push service at `host`."""
        return replace(self, host=host, waiting={})

    def read(self, body: bytes) -> dict[str, Any]:
        """What an encrypted message says; raises where it is not for this browser."""
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found


@dataclass
class PushService:
    """Answers by its script (a status, or a status and a Retry-After), then as the documents say."""

    host: str = ""
    application: str | None = None
    """The key every browser here subscribed with; None takes any."""
    script: list[int | tuple[int, str]] = field(default_factory=list)
    browsers: dict[str, Browser] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    asked: int = 0
    taking: Callable[[], None] | None = None
    """Called when it has taken a message and answered nothing yet."""

    def browser(self, name: str) -> Browser:
        """A browser that has subscribed here."""
        return self.browsers.setdefault(name, Browser(name, self.host))

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.read()
        if self.script:
            step = self.script.pop(0)
            status, after = step if isinstance(step, tuple) else (step, None)
            return web.Response(status=status, headers={"Retry-After": after} if after else {})
        status, fault = self._take(request, body)
        if fault:
            self.faults.append(fault)
        headers = {"Location": f"http://{self.host}/message/{self.asked}"} if status == 201 else {}
        return web.Response(status=status, headers=headers)

    def _take(self, request: web.Request, body: bytes) -> tuple[int, str | None]:
        fault = self._stranger(request.headers.get("Authorization", ""))
        if fault:
            return 403, fault
        browser = self.browsers.get(request.match_info["name"])
        if browser is None or not browser.here:
            return 404 if browser is None else 410, None
        if len(body) > MOST_BYTES:
            return 413, "too large"
        fault = self._unusual(request)
        if fault:
            return 400, fault
        try:
            payload = browser.read(body)
        except (http_ece.ECEException, ValueError) as error:
            return 400, f"cannot be read: {type(error).__name__}"
        shown = Shown(payload, dict(request.headers), len(body))
        browser.waiting[request.headers.get("Topic", str(self.asked))] = shown
        self.shown.append(shown)
        if self.taking is not None:
            self.taking()
        return 201, None

    def _stranger(self, authorization: str) -> str | None:
        """What is wrong with who they say they are (RFC 8292)."""
        scheme, _, rest = authorization.partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if scheme != "vapid" or parts.keys() != {"t", "k"}:
            return "no vapid"
        if self.application is not None and parts["k"] != self.application:
            return "another application's key"
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _raw(parts["k"]))
        must = {"require": ["exp", "aud", "sub"]}
        try:
            claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=f"http://{self.host}", options=must)
        except jwt.PyJWTError as error:
            return f"token: {type(error).__name__}"
        if claims["exp"] - time.time() > DAY:
            return "exp is more than 24 hours away"
        return None if claims["sub"].startswith(("mailto:", "https://")) else "sub is nobody"

    def _unusual(self, request: web.Request) -> str | None:
        headers = request.headers
        topic = headers.get("Topic")
        if request.method != "POST" or headers.get("Content-Encoding") != "aes128gcm":
            return "encoding"
        if not headers.get("TTL", "").isdigit():
            return "ttl"
        if headers.get("Urgency", "normal") not in URGENCIES:
            return "urgency"
        if topic is not None and not (0 < len(topic) <= 32 and topic.replace("-", "").replace("_", "").isalnum()):
            return "topic"
        return None


@asynccontextmanager
async def push_service(application: str | None = None) -> AsyncIterator[PushService]:
    """A push service on this machine for the length of the block."""
    service = PushService(application=application)
    app = web.Application()
    app.router.add_route("*", "/push/{name}", service.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    service.host = f"127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    try:
        yield service
    finally:
        await runner.cleanup()

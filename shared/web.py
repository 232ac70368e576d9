"""HTTP that every service shares: problem details, the body limit, who is asking, security headers.

Problem details follow RFC 9457; `errors` names fields and reasons, and nothing the caller sent comes back.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.faults import faults
from shared.database import is_transient
from shared.errors import (
    BadJson,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from shared.identity import Principal, verify_demo
from shared.sealing import MasterKeys
from shared.telemetry import get_logger

log = get_logger("web")

BODY_LIMIT = 256 * 1024
COOKIE = "liaison_session"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON_ALONE, _IN_ANY_TYPE = "/v1/", ("/v1/policies", "/v1/receipts/", "/v1/replies/")
"""A policy may come as TOML, and providers write as they do."""
_JSON_TYPE = re.compile(rb"application/([a-z0-9.+-]+\+)?json", re.IGNORECASE)

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def problem(refusal: Refusal) -> Response:
    """The answer that tells a refusal."""
    headers = {}
    if isinstance(refusal, Unavailable):
        headers["retry-after"] = str(refusal.retry_after)
    if isinstance(refusal, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(details(refusal)), refusal.status, headers, "application/problem+json")


def details(refusal: Refusal) -> dict[str, Any]:
    """RFC 9457 problem details of a refusal."""
    return {
        "type": f"urn:liaison:problem:{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "code": refusal.code,
        "errors": [_error(error) for error in refusal.errors],
        **refusal.extra,
    }


def _error(error: FieldError) -> dict[str, Any]:
    found: dict[str, Any] = {"field": error.field, "reason": error.reason}
    return found if error.line is None else found | {"line": error.line}


def install(app: FastAPI) -> None:
    """Give an app the project's error answers, body limit and security headers."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(ValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(Guard)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if isinstance(error, Unauthenticated) and _wants_page(request):
        return Response(status_code=303, headers={"location": f"/demo/sign-in?next={request.url.path}"})
    return problem(error)


def _wants_page(request: Request) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


async def _not_valid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | ValidationError)
    kinds = {item["type"] for item in error.errors()}
    if "json_invalid" in kinds:
        return problem(BadJson())
    if isinstance(error, ValidationError):
        return problem(Invalid(errors=faults(error)))
    return problem(Invalid(errors=[_field_error(item) for item in error.errors()]))


def _field_error(item: Any) -> FieldError:
    place = [str(part) for part in item["loc"] if part not in ("body", "query", "path", "header")]
    reason = {"missing": "required", "extra_forbidden": "unknown_field"}.get(item["type"], "not_allowed_value")
    return FieldError(".".join(place) or "body", reason)


_BY_STATUS: dict[int, type[Refusal]] = {
    400: BadJson,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    413: TooLarge,
}


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code)
    if kind is not None:
        return problem(kind())
    refusal = Refusal("http_error", "The request was refused")
    response = problem(refusal)
    response.status_code = error.status_code
    return response


async def _gone(_request: Request, _error: Exception) -> Response:
    """Nobody is there any more to be answered."""
    return Response(status_code=499)


async def _failed(request: Request, error: Exception) -> Response:
    if is_transient(error):
        return problem(Unavailable())
    log.error("request_failed", reason=type(error).__name__, route=_route(request))
    return problem(Refusal("internal", "Something went wrong on our side. It has been recorded."))


def _route(request: Request) -> str:
    """The route's pattern, never the path itself: a path holds a reference."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))


class Guard:
    """Refuses what no service takes (a NUL, a body over 256 KiB, one that is no JSON), and sets security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
            await problem(Invalid(errors=[FieldError("query", "nul_or_surrogate")]))(scope, receive, send)
            return
        if _is_no_json(scope):
            await problem(BadJson("Content-Type"))(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > BODY_LIMIT:
            await problem(TooLarge())(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *_missing(present)]
            await send(message)

        try:
            await self.app(scope, _limited(receive), send_with_headers)
        except TooLarge as refusal:
            if not started:
                await problem(refusal)(scope, receive, send)


def _is_no_json(scope: Scope) -> bool:
    """Whether a body for the API says that it is something else. One that says nothing is read as JSON."""
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type")
    if kind is None or scope["method"] in _SAFE_METHODS or not scope["path"].startswith(_JSON_ALONE):
        return False
    if scope["path"].startswith(_IN_ANY_TYPE):
        return False
    empty = headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers
    return not empty and _JSON_TYPE.fullmatch(kind.split(b";")[0].strip()) is None


def _missing(present: set[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items() if name.encode() not in present]


def _limited(receive: Receive) -> Receive:
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > BODY_LIMIT:
                raise TooLarge
        return message

    return limited


def principal_of(request: Request) -> Principal:
    """Who is asking: a bearer token, or a page's session cookie (from our own pages only); else Unauthenticated."""
    keys: MasterKeys = request.app.state.keys
    authorization = request.headers.get("authorization", "")
    if authorization.lower().startswith("bearer "):
        return verify_demo(authorization[7:].strip(), keys)
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise Unauthenticated
    if request.method not in _SAFE_METHODS and not from_our_own_page(request):
        raise Forbidden("cross_site")
    return verify_demo(cookie, keys)


def from_our_own_page(request: Request) -> bool:
    """Whether the browser says that the request comes from a page of this origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin.split("://", 1)[-1] == request.headers.get("host")


async def signed_in(request: Request) -> Principal:
    """`principal_of` on the event loop: as a plain function FastAPI would send each request through a thread."""
    return principal_of(request)


SignedIn = Annotated[Principal, Depends(signed_in)]
"""A route parameter: the principal, or a 401."""


async def json_body(request: Request) -> bytes:
    """The body's bytes, to be read by a contract's `model_validate_json`; BadJson when there is none."""
    body = await request.body()
    if not body:
        raise BadJson
    return body


Body = Annotated[bytes, Depends(json_body)]


def page_of(items: Sequence[Any], next_after: str | None) -> dict[str, Any]:
    """The shape of every list: `{items, next}`."""
    return {"items": list(items), "next": next_after}

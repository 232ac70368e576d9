"""`Idempotency-Key`: the same client, key and body get the same answer; another body is a conflict.

The key is reserved before the work and the answer kept after it. A repeat that comes while the first is still
at work is told to come back; what failed on our side frees its key. Scope: client and key (contract §4).
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import Request, Response
from fastapi.routing import APIRoute

from shared.database import Database, Unit
from shared.errors import Conflict, FieldError, Invalid
from shared.web import principal_of

HEADER = "idempotency-key"
LONGEST = 200
_AT_WORK = 0
_ABANDONED = "60 seconds"
"""A reservation older than this belongs to a process that died."""

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class _Key:
    client: str
    key: str
    digest: bytes


def idempotent_route(database: Database) -> type[APIRoute]:
    """A route class for a service's router: every POST on it honours `Idempotency-Key`."""

    class IdempotentRoute(APIRoute):
        """A route whose POST may carry `Idempotency-Key`."""

        def get_route_handler(self) -> Endpoint:
            """FastAPI's handler, wrapped."""
            handler = super().get_route_handler()

            async def wrapped(request: Request) -> Response:
                if request.method != "POST" or HEADER not in request.headers:
                    return await handler(request)
                return await _once(database, request, handler)

            return wrapped

    return IdempotentRoute


async def _once(database: Database, request: Request, handler: Endpoint) -> Response:
    key = await _key_of(request)
    async with database.unit() as unit:
        kept = await _reserve(unit, key)
    if kept is not None:
        return kept
    try:
        response = await handler(request)
    except BaseException:
        # Nothing was changed, so trying again may well succeed: a refusal is not kept.
        await _forget(database, key)
        raise
    async with database.unit() as unit:
        await _keep(unit, key, response)
    return response


async def only_once(
    database: Database, request: Request, key: str, said: str, deed: Callable[[], Awaitable[object]]
) -> None:
    """Do what a page's form asks for, once, however often it is sent: `key` is a field of it, `said` what it says.

    A refusal is not kept: corrected, the same form may be sent again.
    """
    its = _Key(str(principal_of(request)), key, _digest(request, said.encode()))
    async with database.unit() as unit:
        kept = await _reserve(unit, its)
    if kept is not None:
        return
    try:
        await deed()
    except BaseException:
        await _forget(database, its)
        raise
    async with database.unit() as unit:
        await _keep(unit, its, Response(status_code=204))


async def _key_of(request: Request) -> _Key:
    value = request.headers[HEADER]
    if not 1 <= len(value) <= LONGEST or not value.isprintable():
        raise Invalid(errors=[FieldError("Idempotency-Key", "out_of_range")])
    return _Key(str(principal_of(request)), value, _digest(request, await request.body()))


def _digest(request: Request, body: bytes) -> bytes:
    path = f"{request.url.path}?{request.url.query}"
    # Keyed, so that nobody who reads the table can try out whose details a body may have held.
    secret = request.app.state.keys.derive("idempotency")[-1]
    return hmac.new(secret, path.encode() + b"\n" + body, hashlib.sha256).digest()


async def _reserve(unit: Unit, key: _Key) -> Response | None:
    """None when the key is now ours to use; else the answer kept under it, or a Conflict."""
    table = f"{unit.schema}.idempotency"
    reserved = await unit.connection.execute(
        sa.text(
            f"insert into {table} as kept (client, key, digest, status, answer) "
            "values (:client, :key, :digest, :at_work, '') on conflict (client, key) do update "
            "set created_at = clock_timestamp() where kept.status = :at_work and kept.digest = excluded.digest "
            f"and kept.created_at < clock_timestamp() - interval '{_ABANDONED}' returning 1"
        ),
        {"client": key.client, "key": key.key, "digest": key.digest, "at_work": _AT_WORK},
    )
    if reserved.scalar() is not None:
        return None
    row = (
        await unit.connection.execute(
            sa.text(f"select digest, status, answer from {table} where client = :client and key = :key"),
            {"client": key.client, "key": key.key},
        )
    ).one()
    if bytes(row.digest) != key.digest:
        raise Conflict("idempotency_key_reused", errors=[FieldError("Idempotency-Key", "used_with_another_body")])
    if row.status == _AT_WORK:
        raise Conflict("still_at_work", "The first request with this key is still being answered")
    return Response(bytes(row.answer), row.status, media_type="application/json")


async def _keep(unit: Unit, key: _Key, response: Response) -> None:
    await unit.connection.execute(
        sa.text(
            f"update {unit.schema}.idempotency set status = :status, answer = :answer "
            "where client = :client and key = :key"
        ),
        {"status": response.status_code, "answer": bytes(response.body), "client": key.client, "key": key.key},
    )


async def _forget(database: Database, key: _Key) -> None:
    async with database.unit() as unit:
        await unit.connection.execute(
            sa.text(
                f"delete from {unit.schema}.idempotency where client = :client and key = :key and status = :at_work"
            ),
            {"client": key.client, "key": key.key, "at_work": _AT_WORK},
        )

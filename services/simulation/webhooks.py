"""Where simulated officers and roles receive their webhooks: one address each, under one port of this machine."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import orjson
from aiohttp import web

from services.simulation.notebook import FIELDS, Notebook, Notice, read_notice, signed

Told = Callable[[Notice], None]


@dataclass(frozen=True)
class Ear:
    """How the receiver listens. `port` 0 asks for a free one; no `secrets`: signatures are not looked at.

    `stumbles`: the share of webhooks that meet a server error first, so that the sender has to come again.
    """

    host: str = "127.0.0.1"
    port: int = 9099
    secrets: Sequence[str] = ()
    stumbles: float = 0.0
    seed: int = 1


class Receiver:
    """Writes every webhook into the notebook and passes on what is new."""

    def __init__(self, ear: Ear, notebook: Notebook, told: Told) -> None:
        self._ear = ear
        self._notebook = notebook
        self._told = told
        self._draw = Random(ear.seed)

    def app(self) -> web.Application:
        """`/officers/{id}`, `/roles/{force}/{role}` and `/roles/ops`, as `roster.py` writes them."""
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_post("/officers/{officer}", self._officer)
        app.router.add_post("/roles/{force}/{role}", self._role)
        app.router.add_post("/roles/{role}", self._role)
        return app

    async def _officer(self, request: web.Request) -> web.Response:
        return await self._receive(request, request.match_info["officer"])

    async def _role(self, request: web.Request) -> web.Response:
        force = request.match_info.get("force")
        role = request.match_info["role"]
        return await self._receive(request, f"{role}:{force}" if force else role)

    async def _receive(self, request: web.Request, to: str) -> web.Response:
        content = await request.read()
        if self._ear.secrets and not signed(self._ear.secrets, request.headers, content):
            self._notebook.counts["forged"] += 1
            return web.Response(status=401)
        if self._draw.random() < self._ear.stumbles:
            self._notebook.counts["stumbled"] += 1
            return web.Response(status=503)
        self._read(to, content, request.headers.get("webhook-id"))
        return web.Response(status=204)

    def _read(self, to: str, content: bytes, identity: str | None) -> None:
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError:
            body = None
        notice = read_notice(to, body) if isinstance(body, dict) else None
        if notice is None or notice.id != identity:
            self._notebook.counts["unreadable"] += 1
            return
        self._notebook.counts["chatty"] += bool(body.keys() - FIELDS)
        if self._notebook.note(notice):
            self._told(notice)


@asynccontextmanager
async def receiving(ear: Ear, notebook: Notebook, told: Told) -> AsyncIterator[str]:
    """A receiver at work for the length of the block; gives its base URL, to be written into the roster."""
    runner = web.AppRunner(Receiver(ear, notebook, told).app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, ear.host, ear.port)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://{ear.host}:{port}"
    finally:
        await runner.cleanup()

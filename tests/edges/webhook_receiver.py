"""An officer's or a control room's own webhook receiver, on this machine: it answers by its script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Heard:
    """One request a receiver got."""

    headers: dict[str, str]
    body: bytes
    at: float
    peer: tuple[str, int]


def _peer(request: web.Request) -> tuple[str, int]:
    assert request.transport is not None
    host, port = request.transport.get_extra_info("peername")[:2]
    return host, port


Answer = Callable[[web.Request], Awaitable[web.Response]]


@dataclass
class Receiver:
    """An officer's own webhook receiver: answers by its script, then 204 for ever."""

    script: list[int | Answer] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    delay: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        now = asyncio.get_running_loop().time()
        self.heard.append(Heard(dict(request.headers), await request.read(), now, _peer(request)))
        await asyncio.sleep(self.delay)
        step = self.script.pop(0) if self.script else 204
        return web.Response(status=step) if isinstance(step, int) else await step(request)

    async def until(self, count: int, seconds: float = 15) -> list[Heard]:
        """Wait until `count` requests have come."""
        async with asyncio.timeout(seconds):
            while len(self.heard) < count:
                await asyncio.sleep(0.01)
        return self.heard


@asynccontextmanager
async def receiving(*script: int | Answer, delay: float = 0.0) -> AsyncIterator[Receiver]:
    """A receiver on this machine for the length of the block."""
    receiver = Receiver(list(script), delay=delay)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    receiver.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield receiver
    finally:
        await runner.cleanup()

"""Receives webhooks and notes when each reference (or key) first arrived."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web


@dataclass
class Sink:
    """Arrival times by reference, seconds of this process's clock."""

    url: str = ""
    arrived: dict[str, float] = field(default_factory=dict)
    received: int = 0

    async def take(self, request: web.Request) -> web.Response:
        """A webhook."""
        body = orjson.loads(await request.read())
        self.received += 1
        self.arrived.setdefault(body["reference"], time.perf_counter())
        return web.Response(status=204)

    async def until(self, count: int, seconds: float) -> bool:
        """Wait until `count` references have arrived; False when the time is out."""
        end = time.perf_counter() + seconds
        while len(self.arrived) < count and time.perf_counter() < end:
            await asyncio.sleep(0.01)
        return len(self.arrived) >= count


@asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    """A sink on a free loopback port."""
    found = Sink()
    app = web.Application()
    app.router.add_post("/{tail:.*}", found.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    found.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield found
    finally:
        await runner.cleanup()

"""Server-sent events for boards: each change of a force's referrals, and whether a part of the system is away.

A board that loses its connection comes back with `Last-Event-ID` and misses nothing that was committed meanwhile.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from services.routing.api.answers import row
from services.routing.api.reading import own_force
from services.routing.store import health, story
from services.routing.store import referrals as store
from services.routing.store.story import Position
from shared.database import Database, is_transient
from shared.identity import allow
from shared.service import Wake
from shared.web import SignedIn

LONGEST_SILENCE = 15
"""Looks without news after which a comment keeps the line open."""
BETWEEN_LOOKS = 1.0
"""Real seconds; a commit anywhere rings the bell before that."""


@dataclass(frozen=True)
class News:
    """What a board is told after one look."""

    position: Position
    referrals: list[dict[str, Any]]
    degraded: tuple[str, ...]


@dataclass(frozen=True)
class Stream:
    """The route that boards listen to."""

    database: Database
    bell: Wake

    def router(self) -> APIRouter:
        """Its router."""
        router = APIRouter(tags=["board"])
        router.add_api_route("/v1/stream", self.listen, methods=["GET"])
        return router

    async def listen(
        self,
        principal: SignedIn,
        force: Annotated[str | None, Query(max_length=40)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Events `referral` (a row of the list) and `board` (`{degraded: […]}`) for one's own force."""
        allow(principal, "board.read")
        feed = self.follow(own_force(principal, force), Position.read(last_event_id))
        return StreamingResponse(feed, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def follow(self, force: str, since: Position | None) -> AsyncGenerator[bytes, None]:
        """The feed of one board, without end."""
        degraded: tuple[str, ...] | None = None
        quiet = 0
        while True:
            news = await self._look(force, since)
            if news is not None:
                if news.degraded != degraded:
                    degraded = news.degraded
                    yield _event("board", news.position, {"degraded": list(degraded)})
                for referral in news.referrals:
                    yield _event("referral", news.position, referral)
                since, quiet = news.position, 0 if news.referrals else quiet
            quiet += 1
            if quiet >= LONGEST_SILENCE:
                quiet = 0
                yield b": still here\n\n"
            await self.bell.sleep(BETWEEN_LOOKS)

    async def _look(self, force: str, since: Position | None) -> News | None:
        try:
            async with self.database.unit() as unit:
                away = ("notify",) if await health.notify_is_away(unit.connection) else ()
                if since is None:
                    return News(await story.position(unit.connection), [], away)
                ids, position = await story.changed_since(unit.connection, since, force)
                changed = [row(referral) for referral in await store.several(unit.connection, ids)]
                return News(position, changed, away)
        except Exception as error:
            if is_transient(error):
                return None
            raise


def _event(name: str, position: Position, data: Any) -> bytes:
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), position.xid, orjson.dumps(data))

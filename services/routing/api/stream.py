"""Server-sent events for pages: each change of a force's referrals, and whether a part of the system is away.

An officer hears of what they were asked or have, by reference alone. A page that loses its connection comes back with
`Last-Event-ID` and misses nothing that was committed meanwhile.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from services.routing.api.answers import row
from services.routing.api.places import actionable
from services.routing.api.reading import own_force
from services.routing.rules.referral.state import Referral
from services.routing.store import health, story
from services.routing.store import referrals as store
from services.routing.store.story import Position
from shared.database import Database, Unit, is_transient
from shared.described import streams
from shared.errors import Refusal
from shared.identity import Principal, allow
from shared.service import Wake
from shared.web import SignedIn

LONGEST_SILENCE = 15
"""Looks without news after which a comment keeps the line open."""
BETWEEN_LOOKS = 1.0
"""Real seconds; a commit anywhere rings the bell before that."""


@dataclass(frozen=True)
class News:
    """What a page is told after one look."""

    position: Position
    referrals: list[dict[str, Any]]
    degraded: tuple[str, ...]


After = Annotated[str | None, Query(max_length=20)]
"""The id of an event, or where a page stood when it was drawn: what was said since comes first."""
_BOARD = (
    'event: board\nid: 7034\ndata: {"degraded":[]}\n\n'
    'event: referral\nid: 7041\ndata: {"reference":"K7QM-4T9P","gone":true}\n\n'
)
_MINE = 'event: referral\nid: 7041\ndata: {"reference":"K7QM-4T9P"}\n\n'
Look = Callable[[Unit, Position], Awaitable[News]]
"""Everything new since a position, read in one transaction."""


@dataclass(frozen=True)
class Stream:
    """The routes that pages listen to."""

    database: Database
    bell: Wake

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["board"])
        router.add_api_route("/v1/stream", self.listen, methods=["GET"])
        router.add_api_route("/v1/stream/mine", self.listen_to_mine, methods=["GET"])
        return router

    @streams(_BOARD)
    async def listen(
        self,
        principal: SignedIn,
        force: Annotated[str | None, Query(max_length=40)] = None,
        after: After = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Events `referral` (a row of the list) and `board` (`{degraded: […]}`) for one's own force."""
        allow(principal, "board.read")
        feed = self.follow(own_force(principal, force), Position.read(last_event_id or after))
        return StreamingResponse(feed, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    @streams(_MINE)
    async def listen_to_mine(
        self, principal: SignedIn, after: After = None, last_event_id: Annotated[str | None, Header()] = None
    ) -> Response:
        """Events `referral` (`{reference}`) of what an officer was asked or has, and `board` as above."""
        allow(principal, "tasks.read")
        feed = self.follow_officer(principal, Position.read(last_event_id or after))
        return StreamingResponse(feed, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    def follow(self, force: str, since: Position | None) -> AsyncGenerator[bytes, None]:
        """The feed of one board, without end."""

        async def look(unit: Unit, since: Position) -> News:
            ids, position = await story.changed_since(unit.connection, since, force)
            changed = await store.several(unit.connection, ids)
            return News(position, [_line(force, referral) for referral in changed], await _away(unit))

        return self._feed(look, since)

    def follow_officer(self, officer: Principal, since: Position | None) -> AsyncGenerator[bytes, None]:
        """The feed of one officer, without end; nothing of a referral that they must not know of."""

        async def look(unit: Unit, since: Position) -> News:
            ids, position = await story.changed_for(unit.connection, since, officer.id or "")
            changed = [one for one in await store.several(unit.connection, ids) if _sees(officer, one)]
            return News(position, [{"reference": referral.reference} for referral in changed], await _away(unit))

        return self._feed(look, since)

    async def _feed(self, look: Look, since: Position | None) -> AsyncGenerator[bytes, None]:
        degraded: tuple[str, ...] | None = None
        quiet = 0
        while True:
            news = await self._news(look, since)
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

    async def _news(self, look: Look, since: Position | None) -> News | None:
        try:
            async with self.database.unit() as unit:
                if since is None:
                    return News(await story.position(unit.connection), [], await _away(unit))
                return await look(unit, since)
        except Exception as error:
            if is_transient(error):
                return None
            raise


async def _away(unit: Unit) -> tuple[str, ...]:
    return tuple(await health.degraded(unit.connection))


def _line(force: str, referral: Referral) -> dict[str, Any]:
    """A referral for a board of a force; of one that went to another force no more than that it is gone."""
    holder = referral.holder.force if referral.holder else None
    return row(referral) if force in (referral.force, holder) else {"reference": referral.reference, "gone": True}


def _sees(officer: Principal, referral: Referral) -> bool:
    try:
        actionable(officer, referral)
    except Refusal:
        return False
    return True


def _event(name: str, position: Position, data: Any) -> bytes:
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), position.xid, orjson.dumps(data))

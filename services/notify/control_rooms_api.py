"""How control rooms' webhooks stand, for those who keep them, and the switch by which nothing is sent there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from services.notify.control_rooms import bell_of
from services.notify.rules.control_rooms import Room, pause, resume
from services.notify.store.control_rooms import lock_room, reached_by_webhook, room_of, save_room, waiting_for
from services.notify.store.outgoing import hurry
from shared.contracts.answers.notices import RoomList, RoomShown
from shared.database import Database, Unit
from shared.described import answers
from shared.errors import NotFound
from shared.idempotency import idempotent_route
from shared.identity import Principal, allow, may
from shared.telemetry import get_logger
from shared.web import SignedIn, page_of

log = get_logger("control_rooms")

Change = Callable[[Room, datetime], Room]


@dataclass(frozen=True)
class ControlRooms:
    """The routes; `forces` are those this installation serves."""

    database: Database
    forces: Sequence[str]

    def router(self) -> APIRouter:
        """Their router; pausing and resuming may carry an `Idempotency-Key`."""
        router = APIRouter(tags=["notify"], route_class=idempotent_route(self.database))
        router.add_api_route("/v1/control-rooms", self.rooms, methods=["GET"])
        router.add_api_route("/v1/control-rooms/{force}/pause", self.pause, methods=["POST"])
        router.add_api_route("/v1/control-rooms/{force}/resume", self.resume, methods=["POST"])
        return router

    @answers(RoomList)
    async def rooms(self, principal: SignedIn) -> dict[str, Any]:
        """How each control room's webhook stands that one may see: `state` is none, open, failing or paused.

        `waiting` events have not been taken yet, the `oldest` of them being of that time; `reason` is a code.
        """
        allow(principal, "control_rooms.read")
        mine = [force for force in self.forces if may(principal, "control_rooms.read", force)]
        async with self.database.unit() as unit:
            return page_of([await _shown(unit, force) for force in mine], None)

    @answers(RoomShown)
    async def pause(self, principal: SignedIn, force: str) -> dict[str, Any]:
        """Send nothing there, not even a probe, until somebody resumes it. Events wait for 72 hours."""
        return await self._change(principal, force, lambda room, now: pause(room, str(principal), now))

    @answers(RoomShown)
    async def resume(self, principal: SignedIn, force: str) -> dict[str, Any]:
        """Send again from now on, in order, all that has waited."""
        return await self._change(principal, force, resume)

    async def _change(self, principal: Principal, force: str, change: Change) -> dict[str, Any]:
        allow(principal, "control_rooms.pause", force)
        async with self.database.unit() as unit:
            if force not in self.forces or force not in await reached_by_webhook(unit, [force]):
                raise NotFound
            room = await lock_room(unit, force)
            now = await unit.real_now()
            changed = change(room, now)
            await save_room(unit, changed)
            if changed.state == "open":
                await hurry(unit, force, now)
                unit.wake(bell_of(force))
            shown = await _shown(unit, force)
        if room.state != changed.state:
            log.warning("control_room", force=force, state=changed.state, role=principal.role)
        return shown


async def _shown(unit: Unit, force: str) -> dict[str, Any]:
    if not await reached_by_webhook(unit, [force]):
        return {"force": force, "state": "none"}
    room, waiting = await room_of(unit, force), await waiting_for(unit, force)
    failing = room.state == "open" and room.failing_since is not None
    since = room.failing_since if failing else room.since
    return {
        "force": force,
        "state": "failing" if failing else room.state,
        "since": unit.clock.domain(since).isoformat() if since else None,
        "by": room.by,
        "reason": room.reason,
        "waiting": waiting.number,
        "oldest": waiting.oldest.isoformat() if waiting.oldest else None,
        "dropped": room.dropped,
    }

"""An officer's own browser as a means: our key to subscribe with, `notify me here`, `stop here`, and its worker."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from services.routing.api.answers import answer
from services.routing.devices import add_device, devices_of, stop_device
from services.routing.own_entries import force_of
from services.routing.roster_change import changing
from shared.contracts.answers.team import OwnDevices, PushKeyShown
from shared.contracts.push import Subscription
from shared.database import Database
from shared.described import answers, reads
from shared.errors import Forbidden, NotFound
from shared.idempotency import idempotent_route
from shared.identity import Principal, allow
from shared.push_key import PushKey
from shared.sealing import MasterKeys
from shared.web import Body, SignedIn

WORKER = Path(__file__).parents[1] / "static" / "service-worker.js"
"""Served from the root of our pages: a worker's reach is the folder it comes from."""


@dataclass(frozen=True)
class Devices:
    """The routes that browsers use. `key` None: this deployment has no web push."""

    database: Database
    keys: MasterKeys
    key: PushKey | None

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["officers"], route_class=idempotent_route(self.database))
        router.add_api_route("/v1/push-key", self.push_key, methods=["GET"])
        router.add_api_route("/v1/officers/{officer}/means/push", self.start, methods=["POST"])
        router.add_api_route("/v1/officers/{officer}/means/push/stop", self.stop, methods=["POST"])
        router.add_api_route("/service-worker.js", self.worker, methods=["GET"], include_in_schema=False)
        return router

    @answers(PushKeyShown)
    async def push_key(self, principal: SignedIn) -> Response:
        """What a browser subscribes with (`applicationServerKey`, in base64url); null where there is no web push."""
        allow(principal, "means.read")
        return answer(200, {"key": self.key.public if self.key is not None else None})

    @answers(OwnDevices)
    @reads(Subscription)
    async def start(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """Tell this browser too. It needs no code: only whoever is signed in there can have it subscribe."""
        return await self._change(principal, officer, body, told=True)

    @answers(OwnDevices)
    @reads(Subscription)
    async def stop(self, principal: SignedIn, officer: str, body: Body) -> Response:
        """Tell this browser no more."""
        return await self._change(principal, officer, body, told=False)

    async def _change(self, principal: Principal, officer: str, body: bytes, *, told: bool) -> Response:
        allow(principal, "means.write")
        if principal.id != officer:
            raise Forbidden("another_officer")
        device = Subscription.model_validate_json(body)
        async with self.database.unit() as unit:
            if await force_of(unit, officer) is None:
                raise NotFound
            async with changing(unit, self.keys) as change:
                await (add_device if told else stop_device)(change, officer, device)
            devices = len(await devices_of(unit, self.keys, officer))
        return answer(200, {"officer": officer, "devices": devices})

    async def worker(self) -> Response:
        """The service worker that shows what a browser is told; the same for everybody."""
        return FileResponse(WORKER, media_type="text/javascript")

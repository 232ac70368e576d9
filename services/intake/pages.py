"""Intake's page for supervisors: reports that routing has not taken in, which a person must take on now."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from services.intake.policies import Policies
from services.intake.store.unrouted import Unrouted, unrouted
from shared.identity import allow
from shared.page_route import PageRoute
from shared.pages import render
from shared.service import Platform
from shared.web import SignedIn

MOST = 200


@dataclass(frozen=True)
class Pages:
    """The routes that draw pages."""

    platform: Platform
    policies: Policies

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/unrouted", self.unrouted, methods=["GET"])
        return router

    async def unrouted(self, principal: SignedIn) -> Response:
        """The reader's own force's, the longest waiting first. Nothing personal."""
        allow(principal, "unrouted.read")
        force = principal.force or ""
        async with self.platform.database.unit() as unit:
            now = await unit.now()
            found = await unrouted(unit.connection, force, MOST)
        known = self.policies.at(now).forces.get(force)
        settings = self.platform.settings
        values: dict[str, Any] = {
            "now": now,
            "demo": settings.auth == "demo",
            "signed_in": f"{principal.role.replace('_', ' ').capitalize()}, {force}",
            "home": "/unrouted",
            "links": [("/board", "Board", False), ("/unrouted", "Unrouted", True)],
            "force_name": known.name if known else force.capitalize(),
            "rows": [(one, _incident(one)) for one in found],
        }
        return render("unrouted.html", values)


def _incident(one: Unrouted) -> str:
    named = (one.system, one.incident_ref, one.incident_date)
    return " ".join(str(part) for part in named if part is not None)

"""Why these officers were asked and no others: a page for the supervisors of a referral (domain.md §7, story 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.routing.api.decisions import read_place
from services.routing.api.places import looked, reference_of, visible
from services.routing.explaining import Explained, explain
from services.routing.reasons import PARTS, WITHHELD, order_words, rule_words, tired_words
from services.routing.rules.matching.decision import moment
from services.routing.rules.matching.explanation import Line
from services.routing.store import decisions as store
from services.routing.store import referrals
from services.routing.store.decisions import Kept
from services.routing.wording import several, signed_in_as
from shared.database import Database
from shared.identity import Principal, allow
from shared.page_route import PageRoute
from shared.pages import render
from shared.settings import Settings
from shared.web import SignedIn


@dataclass(frozen=True)
class DecisionPages:
    """The route that draws it."""

    database: Database
    settings: Settings

    def router(self) -> APIRouter:
        """Its router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/referrals/{reference}/decisions", self.decisions, methods=["GET"])
        return router

    async def decisions(
        self, principal: SignedIn, reference: str, at: Annotated[str | None, Query(max_length=40)] = None
    ) -> Response:
        """One decision officer by officer, the latest unless `at` names another, and all of them to choose from."""
        allow(principal, "decisions.read")
        async with self.database.unit() as unit:
            now = await unit.now()
            referral = visible(principal, await referrals.one(unit.connection, reference_of(reference)))
            await looked(unit, principal, "decisions", referral)
            kept = await store.about(unit.connection, referral.id)
            shown = _shown(kept, at)
            confirmed = referral.earlier_confirmed is True
            found = await explain(unit.connection, shown, confirmed=confirmed) if shown else None
        values = {
            "reference": referral.reference,
            "exercise": referral.exercise,
            "all": [_choice(one, one is shown) for one in reversed(kept)],
            "decision": _decision(found) if found else None,
        }
        return render("decisions.html", self._common(principal, now) | values)

    def _common(self, principal: Principal, now: datetime) -> dict[str, Any]:
        return {
            "now": now,
            "demo": self.settings.auth == "demo",
            "home": "/board",
            "links": [("/board", "Board", False)],
            "signed_in": signed_in_as(principal.role, principal.force, principal.id),
        }


def _shown(kept: Sequence[Kept], at: str | None) -> Kept | None:
    if at is None:
        return kept[-1] if kept else None
    place = read_place(at)
    return next((one for one in kept if (one.sequence, one.number) == place), None)


def _choice(kept: Kept, here: bool) -> dict[str, Any]:
    asked = kept.decision["chosen"]
    return {
        "place": f"{kept.sequence}.{kept.number}",
        "at": moment(kept.decision),
        "asked": f"{several(asked)} asked" if asked else "nobody found",
        "here": here,
    }


def _decision(found: Explained) -> dict[str, Any]:
    written = found.kept.decision
    return {
        "at": moment(written),
        "why": found.why,
        "order": order_words(written["scope"]),
        "policy": written["policy"],
        "roster": written["roster"],
        "withheld": WITHHELD if found.withheld else None,
        "parts": list(PARTS.values()),
        "ranked": [_row(line) for line in found.ranked],
        "ruled_out": [(rule_words(code), officers) for code, officers in found.ruled_out()],
    }


def _row(line: Line) -> dict[str, Any]:
    return {
        "rank": line.rank,
        "officer": line.officer,
        "force": (line.force or "").capitalize(),
        "total": line.total,
        "points": [(line.points or {})[part] for part in PARTS],
        "tired": tired_words(line.tired),
        "asked": line.chosen,
    }

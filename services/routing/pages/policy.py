"""The policy's pages: its versions, what each changes, a proposal, and another person's approval."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import RedirectResponse

from services.routing.api.policies import PoliciesApi, Standing, all_standing, refusal, standing, written_policy
from services.routing.policies import Proposals
from services.routing.rules.policy.diff import Change
from services.routing.rules.policy.proposal import Refused
from services.routing.rules.policy.writing import toml_of
from services.routing.store import policies as store
from services.routing.wording import plain, signed_in_as
from shared.contracts.policy import PolicyDocument, in_force
from shared.database import Database
from shared.errors import FieldError, NotFound, Refusal
from shared.identity import Principal, allow, may
from shared.page_route import PageRoute
from shared.pages import render
from shared.settings import Settings
from shared.web import SignedIn

PARTS = {
    "pools": "Pools",
    "forces": "Forces, districts and grades",
    "codes": "Codes a report may use",
    "scheme": "Which strands are the scheme's",
    "class_rules": "What makes which class",
    "classes": "Classes: clocks and ladders",
    "raising": "Risks that raise a class",
    "floor": "The post under every ladder",
    "deadlines": "Deadlines",
    "matching": "Choosing an officer",
    "calendar": "Calendar and quiet hours",
    "desks": "Hand-off desks",
    "signposts": "Signposts",
    "retention": "How long things are kept",
    "repeats": "Repeats and duplicates",
    "demand": "What to expect: assumptions",
}
"""Headings of a diff, by where in the document a change stands."""


@dataclass(frozen=True)
class PolicyPages:
    """The routes that draw them."""

    database: Database
    proposals: Proposals
    settings: Settings

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/policy", self.listing, methods=["GET"])
        router.add_api_route("/policy", self.propose, methods=["POST"])
        router.add_api_route("/policy/{version}", self.one, methods=["GET"])
        router.add_api_route("/policy/{version}/approve", self.approve, methods=["POST"])
        return router

    async def listing(self, principal: SignedIn) -> Response:
        """Every version, what waits for approval first, and where a new one is proposed."""
        allow(principal, "policies.read")
        return await self._listing(principal)

    async def propose(
        self,
        principal: SignedIn,
        text: Annotated[str, Form()] = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> Response:
        """A new version, uploaded or written into the page; what is wrong with it is said line by line."""
        allow(principal, "policies.write")
        given = await file.read() if file is not None else b""
        body = given or text.encode()
        async with self.database.unit() as unit:
            now = await unit.now()
        try:
            written = await asyncio.to_thread(written_policy, body, "text/plain" if not given else "", now)
            outcome = await self.proposals.propose(written, str(principal))
        except Refused as refused:
            return await self._listing(principal, refusal(refused), body)
        except Refusal as wrong:
            return await self._listing(principal, wrong, body)
        return RedirectResponse(f"/policy/{outcome.version.name}", 303)

    async def one(self, principal: SignedIn, version: str) -> Response:
        """One version: what it changes, what speaks against it, its text, and its approval."""
        allow(principal, "policies.read")
        return await self._one(principal, version)

    async def approve(
        self, principal: SignedIn, version: str, digest: Annotated[str, Form(max_length=64)] = ""
    ) -> Response:
        """Somebody approves what they have just read. A refusal is said on the version's own page."""
        api = PoliciesApi(self.database, self.proposals)
        try:
            await api.approved(principal, version, digest or None)
        except Refusal as refused:
            if refused.status == 409:
                return await self._one(principal, version, refused)
            raise
        return RedirectResponse(f"/policy/{version}", 303)

    async def _listing(self, principal: Principal, wrong: Refusal | None = None, body: bytes = b"") -> Response:
        async with self.database.unit() as unit:
            now = await unit.now()
            versions = await store.all_versions(unit.connection)
        found = all_standing(versions, now)
        current = in_force([one.document for one in versions if one.approved_at is not None], now)
        values = {
            "waiting": [_row(one, now) for one in found if one.version.approved_at is None],
            "approved": [_row(one, now) for one in found if one.version.approved_at is not None],
            "may_propose": may(principal, "policies.write"),
            "text": body.decode(errors="replace") if body else _to_start_from(current),
            "title": wrong.title if wrong else "",
            "errors": _errors(wrong.errors) if wrong else [],
        }
        return render("policies.html", self._common(principal, now) | values, wrong.status if wrong else 200)

    async def _one(self, principal: Principal, name: str, wrong: Refusal | None = None) -> Response:
        async with self.database.unit() as unit:
            now = await unit.now()
            version = await store.one(unit.connection, name)
            if version is None:
                raise NotFound
            found = await standing(unit, self.proposals, version)
        open_ = version.approved_at is None
        values = {
            "row": _row(found, now),
            "groups": _groups(found.changes),
            "before": found.before.version if found.before else None,
            "objections": _errors(found.objections),
            "warnings": _errors(found.warnings),
            "text": toml_of(version.document),
            "digest": version.digest,
            "may_approve": open_ and may(principal, "policies.write"),
            "own": version.document.proposed_by == str(principal),
            "title": wrong.title if wrong else "",
            "errors": _errors(wrong.errors) if wrong else [],
        }
        return render("policy.html", self._common(principal, now) | values, wrong.status if wrong else 200)

    def _common(self, principal: Principal, now: datetime) -> dict[str, Any]:
        boards = may(principal, "board.read")
        return {
            "now": now,
            "demo": self.settings.auth == "demo",
            "home": "/board" if boards else "/policy",
            "links": [("/board", "Board", False)] * boards + [("/policy", "Policy", True)],
            "signed_in": signed_in_as(principal.role, principal.force, principal.id),
        }


def _to_start_from(current: PolicyDocument) -> str:
    """The version in force without its date: what is proposed holds from another."""
    return "".join(line for line in toml_of(current).splitlines(True) if not line.startswith(("effective_from", "#")))


def _row(found: Standing, now: datetime) -> dict[str, Any]:
    version = found.version
    return {
        "name": version.name,
        "state": _state(found, now),
        "begins": None if version.on_approval and version.approved_at is None else version.document.effective_from,
        "proposed_by": version.document.proposed_by,
        "proposed_at": version.proposed_at,
        "approved_by": version.document.approved_by,
        "approved_at": version.approved_at,
        "changes": len(found.changes),
    }


def _state(found: Standing, now: datetime) -> tuple[str, str]:
    """Words, and the colour of their tag."""
    if found.version.approved_at is None:
        return "Waiting for approval", "yellow"
    if found.in_force:
        return "In force", "green"
    return ("To come", "blue") if found.version.document.effective_from > now else ("Replaced", "grey")


def _groups(found: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    groups: dict[str, list[Change]] = {}
    for change in found:
        part = change.place.partition(".")[0].partition("[")[0]
        groups.setdefault(PARTS.get(part, "Other things"), []).append(change)
    return list(groups.items())


def _errors(errors: Iterable[FieldError]) -> list[str]:
    where = (("" if one.line is None else f"Line {one.line}: ") + one.field for one in errors)
    return [f"{place}: {plain(one.reason)}" for place, one in zip(where, errors, strict=True)]

"""The roster's pages: a supervisor's view of the force, and one officer's own time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from services.routing import roster_views as views
from services.routing.api.team import may_speak_for
from services.routing.officers import Officers
from services.routing.own_entries import OwnTime, force_of, own_time, set_time
from services.routing.pages.navigation import links
from services.routing.pages.same_person import same_person
from services.routing.policies import Policies
from services.routing.roster_change import changing
from services.routing.roster_watch import look_ahead
from services.routing.rotas import rotas_of
from services.routing.rules.matching.model import IDLE, Officer
from services.routing.rules.roster.fields import BadCell, instant
from services.routing.rules.roster.rows import DUTY_KINDS
from services.routing.store import loads
from services.routing.store import roster as store
from services.routing.wording import signed_in_as
from shared.database import Database, Unit
from shared.errors import NotFound
from shared.identity import Principal, allow
from shared.page_route import PageRoute
from shared.pages import render
from shared.sealing import MasterKeys
from shared.settings import Settings
from shared.web import SignedIn

MOST_OWN = 500
WRONG = {
    "unknown_kind": "Choose what it is",
    "not_a_time": "Write the time as a date and a time",
    "no_such_local_time": "That time does not exist: the clocks go forward then",
    "not_a_plausible_year": "Look at the year again",
    "not_after_from": "The end must be after the beginning",
    "too_many": "There are too many entries already; take some back first",
}
"""What is said when an entry cannot be taken, by reason."""


class Entry(BaseModel):
    """The form of an entry. Times are local, as a phone's date field gives them; empty is now, or no end.

    `who` was signed in when the page was drawn.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    who: str = Field("", max_length=130)
    kind: str = Field("", max_length=40)
    start: str = Field("", max_length=40)
    until: str = Field("", max_length=40)

    def read(self, now: datetime) -> OwnTime:
        """The entry it stands for. Raises BadCell."""
        if self.kind not in DUTY_KINDS:
            raise BadCell("unknown_kind")
        starts = instant(self.start) if self.start else now
        ends = instant(self.until) if self.until else None
        if ends is not None and ends <= starts:
            raise BadCell("not_after_from")
        return OwnTime(self.kind, starts, ends)


Given = Annotated[Entry, Form()]
Change = Callable[[list[OwnTime], datetime], list[OwnTime]]


@dataclass(frozen=True)
class RosterPages:
    """The routes that draw them."""

    database: Database
    policies: Policies
    keys: MasterKeys
    settings: Settings
    officers: Officers = field(default_factory=Officers)

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/roster", self.force, methods=["GET"])
        router.add_api_route("/roster/{officer}", self.one, methods=["GET"])
        router.add_api_route("/roster/{officer}/entries", self.add, methods=["POST"])
        router.add_api_route("/roster/{officer}/entries/removed", self.remove, methods=["POST"])
        return router

    async def force(self, principal: SignedIn) -> Response:
        """Everybody of one's own force and every role of it; an officer is led to their own page."""
        allow(principal, "roster.read")
        if principal.role == "officer":
            return RedirectResponse(f"/roster/{principal.id}", 303)
        mine = principal.force or ""
        async with self.database.unit() as unit:
            around, everybody = await self._around(unit, mine)
            ours = [officer for officer in everybody if officer.force == mine]
            members = await self._members(unit, ours, around)
            ahead = await look_ahead(unit, around.policy, around.now)
            rotas = (await rotas_of(unit, mine, around.now)).values()
        force = around.policy.forces.get(mine)
        values = {
            "force_name": force.name if force else mine.capitalize(),
            "warnings": [views.warning(one, around.now) for one in ahead.found if one.force == mine],
            "members": members,
            "on_duty": sum(one.tone in ("green", "turquoise") for one in members),
            "posts": views.posts(rotas, around.now),
        }
        return render("roster.html", self._common(principal, around.now) | values)

    async def one(self, principal: SignedIn, officer: str) -> Response:
        """One officer's time: what holds, what is to come, and where each entry comes from."""
        allow(principal, "roster.read")
        return await self._one(principal, officer)

    async def add(self, principal: SignedIn, officer: str, entry: Given) -> Response:
        """One more entry by the officer's own word, or by their supervisor's."""

        def more(present: list[OwnTime], now: datetime) -> list[OwnTime]:
            if len(present) >= MOST_OWN:
                raise BadCell("too_many")
            return [*present, entry.read(now)]

        return await self._change(principal, officer, more, entry)

    async def remove(self, principal: SignedIn, officer: str, entry: Given) -> Response:
        """One entry is taken back."""

        def less(present: list[OwnTime], now: datetime) -> list[OwnTime]:
            gone = entry.read(now)
            return [one for one in present if one != gone]

        return await self._change(principal, officer, less, entry)

    async def _change(self, principal: Principal, officer: str, change: Change, entry: Entry) -> Response:
        allow(principal, "duties.write")
        same_person(principal, entry.who)
        try:
            async with self.database.unit() as unit:
                force = may_speak_for(principal, officer, await force_of(unit, officer))
                async with changing(unit, self.keys) as roster:
                    wanted = change(await own_time(unit, officer), roster.now)
                    await set_time(roster, force, officer, wanted)
        except BadCell as error:
            return await self._one(principal, officer, WRONG.get(error.reason, WRONG["not_a_time"]), entry)
        return RedirectResponse(f"/roster/{officer}", 303)

    async def _one(self, principal: Principal, officer: str, wrong: str = "", entry: Entry | None = None) -> Response:
        async with self.database.unit() as unit:
            force = may_speak_for(principal, officer, await force_of(unit, officer))
            around, everybody = await self._around(unit, force)
            shown = await self._members(unit, (one for one in everybody if one.id == officer), around)
        if not shown:
            raise NotFound
        own = principal.role == "officer"
        values = {
            "own": own,
            "who": str(principal),
            "member": shown[0],
            "kinds": list(views.KINDS.items()),
            "wrong": wrong,
            "given": entry or Entry.model_validate({}),
        }
        return render("roster_officer.html", self._common(principal, around.now) | values, 422 if wrong else 200)

    async def _around(self, unit: Unit, force: str) -> tuple[views.Around, Iterable[Officer]]:
        await self.policies.refresh(unit.connection)
        now = await unit.now()
        policy = self.policies.at(now)
        roster = await self.officers.roster(unit.connection, policy.pool_of(force) or "", policy, now)
        return views.Around(policy, now), roster.officers

    async def _members(self, unit: Unit, officers: Iterable[Officer], around: views.Around) -> list[views.Member]:
        ours = list(officers)
        ids = [officer.id for officer in ours]
        in_hand = await loads.of_officers(unit.connection, ids)
        entries = await store.entries(unit.connection, ids, around.now)
        return [
            views.member(officer, in_hand.get(officer.id, IDLE), entries.get(officer.id, ()), around)
            for officer in ours
        ]

    def _common(self, principal: Principal, now: datetime) -> dict[str, Any]:
        return {
            "now": now,
            "demo": self.settings.auth == "demo",
            "home": "/tasks" if principal.role == "officer" else "/board",
            "links": links(principal, "/roster"),
            "signed_in": signed_in_as(principal.role, principal.force, principal.id),
        }

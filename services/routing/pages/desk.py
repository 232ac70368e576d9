"""The officers' and supervisors' pages. They read what the API reads and act through the API's own actions."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from services.routing import views
from services.routing.api.acting import Accepting, Acting, Declining
from services.routing.api.places import actionable, read_after, reference_of
from services.routing.api.reading import DUE_WITHIN, next_place
from services.routing.how_reached import how_reached, proof_link, said_of
from services.routing.pages.navigation import home, links
from services.routing.pages.same_person import same_person
from services.routing.pages.sent import Sent, status_of
from services.routing.policies import Policies
from services.routing.rules.referral.answers import has_part
from services.routing.rules.referral.state import HELD, OPEN, Referral
from services.routing.store import board, health
from services.routing.store import referrals as store
from services.routing.store.referrals import Page
from services.routing.viewing import opened_by
from services.routing.wording import DECLINES, signed_in_as
from shared.database import Database
from shared.errors import Conflict, Forbidden, Refusal
from shared.identifiers import normalise_reference, uuid7
from shared.identity import Principal, allow
from shared.page_route import PageRoute
from shared.pages import render
from shared.settings import Settings
from shared.web import SignedIn

VIEWS = {
    "unowned": ("Unowned", "Nobody owns these yet, oldest first", "Everything has an owner."),
    "due": ("Due", "Due within 30 minutes, soonest first", "Nothing is due within 30 minutes."),
    "breached": ("Breached", "Breached and not made good, oldest first", "Nothing is breached."),
    "owned": ("Owned", "Owned by an officer, oldest first", "No officer owns anything at the moment."),
    "all": ("All open", "Every open referral, oldest first", "Nothing is open."),
}
"""Each view's word, heading, and what is said when it is empty."""


class Answer(BaseModel):
    """The form of an answer. `who` was signed in when the page was drawn; `tapped_at` is empty without scripts."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    who: str = Field("", max_length=130)
    code: str = Field("", max_length=40)
    tapped_at: str = Field("", max_length=40)


class Looking(BaseModel):
    """What an address of the tasks says. `about` is a referral just answered, `done` a form of the means just sent.

    `proof` is the code that a webhook was handed in its link: it is filled in, and nothing else.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    about: str = Field("", max_length=40)
    refused: bool = False
    done: str = Field("", max_length=40)
    proof: str = Field("", max_length=40)


@dataclass(frozen=True)
class Pages:
    """The routes that draw pages."""

    database: Database
    policies: Policies
    acting: Acting
    settings: Settings

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/board", self.board, methods=["GET"])
        router.add_api_route("/tasks", self.tasks, methods=["GET"])
        router.add_api_route("/tasks/{reference}/accept", self.accept, methods=["POST"])
        router.add_api_route("/tasks/{reference}/decline", self.decline, methods=["POST"])
        router.add_api_route("/tasks/{reference}/{answer}", self.answered, methods=["GET"])
        return router

    async def board(
        self, principal: SignedIn, view: str = "all", after: Annotated[str | None, Query(max_length=200)] = None
    ) -> Response:
        """What a supervisor's own force owns or holds, with the numbers on top. Nothing personal."""
        allow(principal, "board.read")
        view = view if view in VIEWS else "all"
        async with self.database.unit() as unit:
            now = await unit.now()
            wanted = _wanted(view, principal.force or "", now, after)
            found = await store.page(unit.connection, wanted)
            numbers = await board.counts(unit.connection, wanted.force, now + DUE_WITHIN)
            away = await health.degraded(unit.connection)
        following = next_place(found, wanted)
        values = {
            "force_name": self._force(wanted.force, now),
            "view": view,
            "counts": [(key, VIEWS[key][0], number) for key, number in asdict(numbers).items()],
            "heading": VIEWS[view][1],
            "nothing": VIEWS[view][2],
            "rows": [views.row(referral, _tone(referral, now)) for referral in found],
            "more": f"/board?view={view}&after={following}" if following else None,
            "degraded": away,
            "stream": "/v1/stream",
        }
        return render("board.html", self._common(principal, now, "/board") | values)

    async def tasks(self, principal: SignedIn, looking: Annotated[Looking, Query()]) -> Response:
        """An officer's open offers, what they own, and how they are reached. A look changes nothing."""
        return await self.drawn(principal, looking)

    async def drawn(self, principal: Principal, looking: Looking, sent: Sent | None = None) -> Response:
        """The tasks; `sent` is a form of how the officer is reached that did not go through."""
        allow(principal, "tasks.read")
        officer = principal.id or ""
        async with self.database.unit() as unit:
            now = await unit.now()
            found = await opened_by(unit, officer, await store.of_officer(unit.connection, officer))
            just = await store.one(unit.connection, normalise_reference(looking.about) or "")
            reached = await how_reached(unit, officer)
        names = views.places(self.policies.at(now))
        offers = [(one, one.offer_to(officer)) for one in found if not has_part(one, officer)]
        values = {
            "who": str(principal),
            "said": self._said(principal, just, looking.refused, now) or said_of(reached, looking.done, looking.proof),
            "offers": [views.offered(one, offer, now, names) for one, offer in offers if offer is not None],
            "held": [views.owned(one, now, names) for one in found if has_part(one, officer)],
            "declines": DECLINES,
            "stream": "/v1/stream/mine",
            "reached": reached,
            "sent": sent or Sent(*proof_link(reached, looking.proof)),
            "key": str(uuid7()),
        }
        return render("tasks.html", self._common(principal, now, "/tasks") | values, status_of(sent))

    async def accept(self, principal: SignedIn, reference: str, answer: Annotated[Answer, Form()]) -> Response:
        """The officer takes it; the page then says who has it."""
        same_person(principal, answer.who)
        asked = Accepting.model_validate({"tapped_at": answer.tapped_at or None})
        try:
            await self.acting.take(principal, reference, asked)
        except (Conflict, Forbidden) as refusal:
            return _too_late(reference, refusal)
        return _back_to_tasks(reference)

    async def decline(self, principal: SignedIn, reference: str, answer: Annotated[Answer, Form()]) -> Response:
        """The officer cannot; the page says that somebody else is asked."""
        same_person(principal, answer.who)
        asked = Declining.model_validate({"code": answer.code, "tapped_at": answer.tapped_at or None})
        try:
            await self.acting.pass_on(principal, reference, asked)
        except (Conflict, Forbidden) as refusal:
            return _too_late(reference, refusal)
        return _back_to_tasks(reference)

    async def answered(self, reference: str, answer: Literal["accept", "decline"]) -> Response:
        """Somebody comes back to the address of an answer: the tasks say what became of it."""
        del answer
        return _back_to_tasks(reference)

    def _said(self, principal: Principal, just: Referral | None, refused: bool, now: datetime) -> views.Said | None:
        if just is None:
            return None
        try:
            return views.answered(actionable(principal, just), principal.id or "", refused, now)
        except Refusal:
            return None

    def _common(self, principal: Principal, now: datetime, here: str) -> dict[str, Any]:
        return {
            "now": now,
            "speed": self.settings.clock_speed,
            "demo": self.settings.auth == "demo",
            "home": home(principal)[0],
            "links": links(principal, here),
            "signed_in": signed_in_as(principal.role, principal.force, principal.id),
        }

    def _force(self, force: str, now: datetime) -> str:
        known = self.policies.at(now).forces.get(force)
        return known.name if known else force.capitalize()


def _wanted(view: str, force: str, now: datetime, after: str | None) -> Page:
    return Page(
        force=force,
        states=tuple(sorted(HELD if view == "owned" else OPEN)),
        view=view if view in ("unowned", "due", "breached") else None,
        due_before=now + DUE_WITHIN,
        after=read_after(after),
    )


def _tone(referral: Referral, now: datetime) -> str:
    if referral.clocks.breached:
        return "breached"
    if referral.due is not None and referral.due <= now + DUE_WITHIN:
        return "due"
    return "owned" if referral.held else "unowned"


def _too_late(reference: str, refusal: Refusal) -> Response:
    """An answer that no longer applies is no error on a page: the tasks say kindly how things stand."""
    if isinstance(refusal, Forbidden) and refusal.code != "not_yours":
        raise refusal
    return _back_to_tasks(reference, refused=True)


def _back_to_tasks(reference: str, *, refused: bool = False) -> Response:
    return RedirectResponse(f"/tasks?about={reference_of(reference)}{'&refused=true' if refused else ''}", 303)

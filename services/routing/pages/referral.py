"""One referral's page: how it stands, what can be done about it, and its story. Its forms act as the API does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.routing import situation, views
from services.routing.api.acting import Accepting, Acknowledging, Releasing
from services.routing.api.bodies import (
    Attempting,
    Closing,
    HandingOver,
    Keeping,
    Linking,
    Pausing,
    Planning,
    Reopening,
    Resuming,
    Transferring,
    Updating,
)
from services.routing.api.deeds import Deeds
from services.routing.api.open_actions import open_to, viewer_of
from services.routing.api.places import looked, reference_of, visible
from services.routing.forms import Scene, forms_for
from services.routing.pages.navigation import home, links
from services.routing.pages.placing import PlacingPages
from services.routing.pages.same_person import same_person
from services.routing.pages.sent import Filled, Sent, body_of, status_of, wrong_with
from services.routing.rules.matching.muster import Muster
from services.routing.rules.referral.state import Referral
from services.routing.sentences import sentence
from services.routing.store import referrals as store
from services.routing.store import story
from services.routing.store.story import Told
from services.routing.telling import events_of, known_to
from services.routing.viewing import opened_by
from services.routing.wording import signed_in_as
from shared.contracts.model import DoorPart
from shared.database import Unit
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Refusal
from shared.idempotency import only_once
from shared.identifiers import uuid7
from shared.identity import Principal, allow, may
from shared.page_route import PageRoute
from shared.pages import render
from shared.settings import Settings
from shared.web import SignedIn

HOLDERS = frozenset({"contact-attempts", "updates", "handover", "release"})
"""Actions of a holder, which a supervisor may take in their place."""
Deed = Callable[[Principal, str, Any], Awaitable[Referral]]


@dataclass(frozen=True)
class ReferralPages:
    """The routes that draw it and those its forms lead to."""

    deeds: Deeds
    settings: Settings
    placing: PlacingPages

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/referrals/{reference}", self.referral, methods=["GET"])
        for action in self._does():
            router.add_api_route(f"/referrals/{{reference}}/{action}", self._sending(action), methods=["POST"])
        return router

    async def referral(
        self, principal: SignedIn, reference: str, done: Annotated[str, Query(max_length=40)] = ""
    ) -> Response:
        """One referral; an officer who was asked sees their own part of it. The look is recorded."""
        return await self._page(principal, reference, done=done)

    def _does(self) -> Mapping[str, tuple[type[DoorPart], Deed]]:
        acting, deeds = self.deeds.acting, self.deeds
        return {
            "contact-attempts": (Attempting, deeds.attempt),
            "updates": (Updating, deeds.update),
            "handover": (HandingOver, deeds.hand_over),
            "handover/accept": (Accepting, acting.take),
            "keep": (Keeping, deeds.keep),
            "release": (Releasing, acting.give_back),
            "acknowledge": (Acknowledging, acting.answer_for_role),
            "plan": (Planning, deeds.plan),
            "pause": (Pausing, deeds.pause),
            "resume": (Resuming, deeds.resume),
            "transfer": (Transferring, deeds.transfer),
            "link": (Linking, deeds.link),
            "unlink": (Linking, deeds.unlink),
            "close": (Closing, deeds.close),
            "reopen": (Reopening, deeds.reopen),
        }

    def _sending(self, action: str) -> Callable[..., Awaitable[Response]]:
        async def send(
            request: Request, principal: SignedIn, reference: str, form: Annotated[Filled, Form()]
        ) -> Response:
            same_person(principal, form.who)
            try:
                await self._do(request, principal, action, form)
            except (Invalid, Conflict, Forbidden, NotFound) as refusal:
                sent = _sent(action, form, refusal)
                return await self._page(principal, reference, sent=sent)
            return RedirectResponse(_after(action, principal, reference_of(reference)), 303)

        return send

    async def _do(self, request: Request, principal: Principal, action: str, form: Filled) -> None:
        model, deed = self._does()[action]
        reference = request.path_params["reference"]
        async with self.deeds.acting.database.unit() as unit:
            now = await unit.now()
        ours = {"role": principal.role} if "role" in model.model_fields else {}
        asked = body_of(model, form, now, **ours)
        once = partial(deed, principal, reference, asked)
        await only_once(self.deeds.acting.database, request, form.key or str(uuid7()), repr(form.entries), once)

    async def _page(
        self, principal: Principal, reference: str, *, sent: Sent | None = None, done: str = ""
    ) -> Response:
        allow(principal, "referrals.read")
        async with self.deeds.acting.database.unit() as unit:
            found = visible(principal, await store.one(unit.connection, reference_of(reference)))
            await looked(unit, principal, "referral", found)
            if principal.role == "officer":
                (found,) = await opened_by(unit, principal.id or "", [found])
            scene = await self._scene(unit, principal, found)
            told = await story.timeline(unit.connection, found.id)
            since = (await story.position(unit.connection)).xid
            placing = await self.placing.forms(unit, principal, found)
        values = self._head(principal, scene, told) | self._forms(principal, scene, sent)
        values |= {"placing": placing, "said": situation.done(done, found, scene.now)}
        values |= {"stream": f"{_stream(principal)}?after={since}" if _stream(principal) else "never"}
        return render("referral.html", values, status_of(sent))

    async def _scene(self, unit: Unit, principal: Principal, referral: Referral) -> Scene:
        now = await unit.now(referral.changed_at)
        acting = self.deeds.acting
        await acting.policies.refresh(unit.connection)
        policy = acting.policies.at(now)
        everybody = await acting.officers.muster(unit.connection, referral.pool, policy, now)
        return Scene(referral, str(principal), policy, now, _on_duty(everybody, referral))

    def _head(self, principal: Principal, scene: Scene, told: list[Told]) -> dict[str, Any]:
        referral, now = scene.referral, scene.now
        officer = principal.id if principal.role == "officer" else None
        events = events_of(told) if officer is None else known_to(officer, referral, told)
        return {
            "now": now,
            "speed": self.settings.clock_speed,
            "demo": self.settings.auth == "demo",
            "home": home(principal)[0],
            "links": links(principal, ""),
            "signed_in": signed_in_as(principal.role, principal.force, principal.id),
            "back": home(principal),
            "reference": referral.reference,
            "state": views.state(referral) if officer is None else views.state_for(referral, officer),
            "exercise": referral.exercise,
            "breached": views.missed(referral) is not None,
            "facts": views.facts(referral, views.places(scene.policy), views.forces_of(scene.policy))
            + _attempted(referral, officer, now),
            "deadlines": situation.due_list(referral, viewer_of(principal)),
            "decisions": f"/referrals/{referral.reference}/decisions" if may(principal, "decisions.read") else None,
            "timeline": [(event.at, sentence(event)) for event in reversed(events)],
        }

    def _forms(self, principal: Principal, scene: Scene, sent: Sent | None) -> dict[str, Any]:
        made = forms_for(open_to(principal, scene.referral), scene)
        offered = {form.action for form in made}
        later = [form for form in made if not form.at_once]
        instead = [form for form in later if principal.role != "officer" and form.action in HOLDERS]
        return {
            "who": str(principal),
            "key": str(uuid7()),
            "notices": situation.notices(scene.referral, viewer_of(principal), scene.now),
            "urgent": [form for form in made if form.at_once],
            "forms": [form for form in later if form not in instead],
            "instead": instead,
            "sent": sent or Sent(""),
            "gone": sent is not None and sent.action not in offered,
        }


def _sent(action: str, form: Filled, refusal: Refusal) -> Sent:
    """What did not go through. Raises the refusal again where the page has nothing to say to it."""
    if isinstance(refusal, NotFound):
        if "reference" not in form.entries:
            raise refusal
        refusal = Invalid(errors=[FieldError("reference", "not_there")])
    if isinstance(refusal, Invalid):
        return Sent(action, form.entries, wrong_with(refusal))
    if isinstance(refusal, Forbidden) and refusal.code != "not_yours":
        raise refusal
    return Sent(action, form.entries, refused=refusal.title)


def _after(action: str, principal: Principal, reference: str) -> str:
    """Where somebody goes once it is done: a referral that may not be theirs to see any more is left."""
    if action == "release" and principal.role == "officer":
        return f"/tasks?about={reference}"
    return "/board" if action == "transfer" else f"/referrals/{reference}?done={action}"


def _stream(principal: Principal) -> str:
    if may(principal, "board.read"):
        return "/v1/stream"
    return "/v1/stream/mine" if may(principal, "tasks.read") else ""


def _on_duty(everybody: Muster, referral: Referral) -> list[tuple[str, str]]:
    """Officers on duty, those of the owning force first. Nothing tells who of them may not have it."""
    holder = referral.holder.id if referral.holder else None
    present = sorted((one.officer for one in everybody.standing.present), key=lambda one: one.force != referral.force)
    return [(one.id, f"{one.id}, {one.force.capitalize()}") for one in present if one.id != holder]


def _attempted(referral: Referral, officer: str | None, now: datetime) -> list[tuple[str, str]]:
    theirs = officer is None or (referral.holder is not None and referral.holder.id == officer)
    if not referral.attempts or not theirs:
        return []
    return [("Last attempt", situation.attempt_words(referral.attempts[-1], now))]

"""Supervisors' forms on a referral's page: who is to have it, where it belongs, whether it is a repeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from services.routing.api.open_actions import open_to
from services.routing.api.places import reference_of
from services.routing.api.placing import Confirming, HandingOff, Overriding, Placing, Receiving
from services.routing.pages.same_person import same_person
from services.routing.rules.referral.asking_the_person import asking
from services.routing.rules.referral.overriding import choices
from services.routing.rules.referral.repeats import has_earlier, shown_earlier
from services.routing.rules.referral.state import HandOff, Referral
from services.routing.rules.referral.wanted import Facts
from services.routing.sentences import WISHES
from services.routing.store import referrals as store
from services.routing.wording import plain, who
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import Earlier
from shared.database import Unit
from shared.identity import Principal
from shared.page_route import PageRoute
from shared.web import SignedIn

Word = tuple[str, str]
"""A value of a form and how it reads."""


_PLACES = frozenset({"override", "hand-off/receipt"})
"""Actions of which one is open to whoever may say who is to have it, or where it belongs."""


class Decided(BaseModel):
    """Any of these forms. `who` was signed in when the page was drawn."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    who: str = Field("", max_length=130)
    officer: str = Field("", max_length=40)
    reason: str = Field("", max_length=40)
    desk: str = Field("", max_length=40)
    person: str = Field("", max_length=200)
    their_ref: str = Field("", max_length=200)
    confirmed: str = Field("", max_length=10)


@dataclass(frozen=True, slots=True)
class Forms:
    """What the forms need. `sent` is a hand-off that awaits its receipt, `desk` the name of its desk."""

    who: str
    ask_about: tuple[str, ...]
    to_confirm: bool
    earlier: Earlier | None
    officers: Sequence[Word]
    reasons: Sequence[Word]
    desks: Sequence[Word]
    proposed: str
    sent: HandOff | None
    desk: str
    chosen: str


@dataclass(frozen=True)
class PlacingPages:
    """The routes the forms lead to; they act through the API's own actions."""

    placing: Placing

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        routes = {
            "override": self.override,
            "hand-off": self.hand_off,
            "hand-off/receipt": self.receipt,
            "hand-off/recall": self.recall,
            "earlier": self.earlier,
        }
        for name, endpoint in routes.items():
            router.add_api_route(f"/referrals/{{reference}}/{name}", endpoint, methods=["POST"])
        return router

    async def forms(self, unit: Unit, principal: Principal, referral: Referral) -> Forms | None:
        """The forms for a supervisor of the referral; None for anybody else, and for what is over."""
        if not _PLACES & set(open_to(principal, referral)):
            return None
        now = await unit.now()
        acting = self.placing.acting
        await acting.policies.refresh(unit.connection)
        policy = acting.policies.at(now)
        everybody = await acting.officers.muster(unit.connection, referral.pool, policy, now)
        facts = Facts(everybody, policy, await store.bars(unit.connection, [referral]))
        forces = everybody.standing.forces
        may_have_it = () if referral.awaits_receipt else choices(referral, facts)
        return _forms(principal, referral, policy, [(id, f"{id}, {forces[id].capitalize()}") for id in may_have_it])

    async def override(self, principal: SignedIn, reference: str, form: Annotated[Decided, Form()]) -> Response:
        """The supervisor chooses; the page then says who is asked."""
        same_person(principal, form.who)
        asked = Overriding.model_validate({"officer": form.officer, "reason": form.reason})
        await self.placing.choose(principal, reference, asked)
        return _back(reference)

    async def hand_off(self, principal: SignedIn, reference: str, form: Annotated[Decided, Form()]) -> Response:
        """The supervisor sends it to a desk."""
        same_person(principal, form.who)
        await self.placing.send(principal, reference, HandingOff.model_validate({"desk": form.desk}))
        return _back(reference)

    async def receipt(self, principal: SignedIn, reference: str, form: Annotated[Decided, Form()]) -> Response:
        """The desk has it."""
        same_person(principal, form.who)
        asked = Receiving.model_validate({"person": form.person, "their_ref": form.their_ref})
        await self.placing.note_receipt(principal, reference, asked)
        return _back(reference)

    async def recall(self, principal: SignedIn, reference: str, form: Annotated[Decided, Form()]) -> Response:
        """It comes back from the desk."""
        same_person(principal, form.who)
        await self.placing.take_back(principal, reference)
        return _back(reference)

    async def earlier(self, principal: SignedIn, reference: str, form: Annotated[Decided, Form()]) -> Response:
        """Whether it is the same person."""
        same_person(principal, form.who)
        answer = {"yes": True, "no": False}.get(form.confirmed, form.confirmed)
        await self.placing.confirm(principal, reference, Confirming.model_validate({"confirmed": answer}))
        return _back(reference)


def _forms(principal: Principal, referral: Referral, policy: PolicyDocument, officers: Sequence[Word]) -> Forms:
    sent = referral.hand_off if referral.awaits_receipt else None
    desks = sorted(((code, desk.name) for code, desk in policy.desks.items()), key=lambda desk: desk[1])
    return Forms(
        who=str(principal),
        ask_about=tuple(WISHES.get(wish, plain(wish)) for wish in asking(referral)),
        to_confirm=has_earlier(referral) and referral.earlier_confirmed is None,
        earlier=shown_earlier(referral),
        officers=officers,
        reasons=[(code, plain(code).capitalize()) for code in policy.codes.override_reasons],
        desks=desks,
        proposed=referral.picture.desk or "",
        sent=sent,
        desk=dict(desks).get(sent.desk, plain(sent.desk)) if sent else "",
        chosen=f"{who(referral.choice.by)} chose {referral.choice.officer}" if referral.choice else "",
    )


def _back(reference: str) -> Response:
    return RedirectResponse(f"/referrals/{reference_of(reference)}", 303)

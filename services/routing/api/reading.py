"""What can be asked about referrals: lists for a force, and one with its story."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.routing.api.answers import answer, offered, row, whole
from services.routing.api.open_actions import open_to
from services.routing.api.places import looked, next_after, read_after, reference_of, visible
from services.routing.rules.referral.state import Referral
from services.routing.store import health, story
from services.routing.store import referrals as store
from services.routing.store.referrals import Page
from services.routing.viewing import opened_by
from shared.contracts.answers.referrals import ReferralList, ReferralShown
from shared.contracts.lifecycle import State
from shared.database import Database
from shared.described import answers
from shared.errors import Forbidden
from shared.identity import Principal, allow
from shared.web import SignedIn, page_of

DUE_WITHIN = timedelta(minutes=30)
"""What the view `due` shows."""

View = Literal["unowned", "due", "breached"]


@dataclass(frozen=True)
class Reading:
    """The routes that read. Every look at one referral is recorded before it is shown."""

    database: Database

    def router(self) -> APIRouter:
        """Their router."""
        router = APIRouter(tags=["referrals"])
        router.add_api_route("/v1/referrals", self.listing, methods=["GET"])
        router.add_api_route("/v1/referrals/{reference}", self.one, methods=["GET"])
        return router

    @answers(ReferralList)
    async def listing(
        self,
        principal: SignedIn,
        force: Annotated[str | None, Query(max_length=40)] = None,
        state: State | None = None,
        view: View | None = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        """The referrals one's own force owns or holds, oldest first; `due` soonest first. Nothing personal."""
        allow(principal, "referrals.list")
        wanted = Page(
            force=own_force(principal, force),
            states=(state,) if state else (),
            view=view,
            after=read_after(after),
        )
        async with self.database.unit() as unit:
            now = await unit.now()
            found = await store.page(unit.connection, _until(wanted, now))
            degraded = await health.degraded(unit.connection)
        seen = [referral for referral in found if _lists(principal, referral)]
        items = [row(referral) for referral in seen]
        return answer(200, page_of(items, next_place(found, wanted)) | {"degraded": degraded, "as_of": now})

    @answers(ReferralShown)
    async def one(self, principal: SignedIn, reference: str) -> Response:
        """One referral: whole for its supervisors, their own part of it for an officer who was asked.

        `actions` names what whoever asks may do to it now, by the routes below it.
        """
        allow(principal, "referrals.read")
        async with self.database.unit() as unit:
            referral = visible(principal, await store.one(unit.connection, reference_of(reference)))
            await looked(unit, principal, "referral", referral)
            if principal.role == "officer":
                (referral,) = await opened_by(unit, principal.id or "", [referral])
            told, actions = await story.timeline(unit.connection, referral.id), open_to(principal, referral)
        if principal.role == "officer":
            return answer(200, offered(referral, principal.id or "", told, actions))
        return answer(200, whole(referral, told, actions))


def own_force(principal: Principal, force: str | None) -> str:
    """The force whose referrals are asked for: one's own, whether named or not."""
    if principal.force is None:
        raise Forbidden
    if force is not None and force != principal.force:
        raise Forbidden("another_force")
    return principal.force


def _until(wanted: Page, now: datetime) -> Page:
    return replace(wanted, due_before=now + DUE_WITHIN) if wanted.view == "due" else wanted


def _lists(principal: Principal, referral: Referral) -> bool:
    return principal.role != "psd" or referral.picture.complaint_against_police


def next_place(found: list[Referral], wanted: Page) -> str | None:
    """Where the next page begins, None after the last one."""
    if len(found) < wanted.limit:
        return None
    last = found[-1]
    place = last.due if wanted.view == "due" and last.due is not None else last.opened_at
    return next_after(place, last.id)

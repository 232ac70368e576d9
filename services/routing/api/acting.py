"""What officers and roles do to a referral. Each action is one short transaction on one locked referral."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from fastapi import APIRouter, Request, Response

from services.routing.api.answers import answer, refusal, short
from services.routing.api.bodies import read_for
from services.routing.api.places import actionable, reference_of
from services.routing.officers import Officers, caps
from services.routing.policies import Policies
from services.routing.rules.matching.model import Roster
from services.routing.rules.matching.muster import muster
from services.routing.rules.referral.answers import Refused, Tap, accept, acknowledge, decline, release
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from services.routing.store import loads
from services.routing.store import referrals as store
from services.routing.store.loads import LoadsMoved
from services.routing.store.work import Work, save
from shared.contracts.answers.referrals import ReferralStands
from shared.contracts.lifecycle import DeclineCode
from shared.contracts.model import Code, DoorPart, Identifier, Instant
from shared.contracts.policy import PolicyDocument
from shared.database import Database, Unit
from shared.described import answers, reads
from shared.errors import Forbidden, Unavailable
from shared.idempotency import idempotent_route
from shared.identity import Principal, allow
from shared.web import Body, SignedIn

ATTEMPTS = 3
"""How often an action is decided anew when somebody's load moved under it."""


class Accepting(DoorPart):
    """The body of an accept; all of it may be left out.

    `offer_id` decides nothing: an officer has one offer of a referral at a time, and a late answer counts as well.
    """

    tapped_at: Instant | None = None
    offer_id: Identifier | None = None


class Declining(DoorPart):
    """The body of a decline."""

    code: DeclineCode
    tapped_at: Instant | None = None


class Releasing(DoorPart):
    """The body of a release."""

    code: Code
    tapped_at: Instant | None = None


class Acknowledging(DoorPart):
    """The body of an acknowledgement by a role."""

    role: Code
    outcome: Code


@dataclass(frozen=True)
class Scene:
    """One referral, locked, and the world around it at `now`."""

    unit: Unit
    referral: Referral
    policy: PolicyDocument
    roster: Roster
    now: datetime

    async def facts(self, officer: str) -> Facts:
        """The world as one officer's answer needs it."""
        just = tuple(one for one in self.roster.officers if one.id == officer)
        load = await loads.of_officers(self.unit.connection, [officer])
        barred = await store.bars(self.unit.connection, [self.referral])
        return Facts(muster(Roster(self.roster.version, just), self.policy, self.now, load), self.policy, barred)

    def force_of(self, officer: str) -> str:
        """The force of an officer; Forbidden for one who has left the roster."""
        for one in self.roster.officers:
            if one.id == officer:
                return one.force
        raise Forbidden("off_roster")


Decide = Callable[[Scene], Awaitable[Transition]]


@dataclass(frozen=True)
class Acting:
    """The routes that change a referral."""

    database: Database
    policies: Policies
    officers: Officers
    doors: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def router(self) -> APIRouter:
        """Their router; every action may carry an `Idempotency-Key`."""
        router = APIRouter(tags=["referrals"], route_class=idempotent_route(self.database))
        for name in ("accept", "decline", "release", "acknowledge"):
            router.add_api_route(f"/v1/referrals/{{reference}}/{name}", getattr(self, name), methods=["POST"])
        return router

    @answers(ReferralStands)
    @reads(Accepting, required=False)
    async def accept(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """Take it. 409 names who has it already; the holder's own repeat is the same 200."""
        asked = read_for(principal, "referrals.accept", Accepting, await request.body() or b"{}")
        return answer(200, short(await self.take(principal, reference, asked)))

    async def take(self, principal: Principal, reference: str, asked: Accepting) -> Referral:
        """An officer accepts, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.accept")
        officer = principal.id or ""

        async def decide(scene: Scene) -> Transition:
            tap = Tap(officer, scene.force_of(officer), asked.tapped_at)
            return accept(scene.referral, tap, await scene.facts(officer), scene.now)

        return await self.act(principal, reference, decide)

    @answers(ReferralStands)
    @reads(Declining)
    async def decline(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Not me; a code is all it needs, and a conflict is asked about no further."""
        asked = read_for(principal, "referrals.decline", Declining, body)
        return answer(200, short(await self.pass_on(principal, reference, asked)))

    async def pass_on(self, principal: Principal, reference: str, asked: Declining) -> Referral:
        """An officer declines, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.decline")

        async def decide(scene: Scene) -> Transition:
            return decline(scene.referral, principal.id or "", asked.code, scene.now)

        return await self.act(principal, reference, decide)

    @answers(ReferralStands)
    @reads(Releasing)
    async def release(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Give it back, or a supervisor in the holder's place; somebody else is asked at once."""
        return answer(
            200,
            short(
                await self.give_back(principal, reference, read_for(principal, "referrals.release", Releasing, body))
            ),
        )

    async def give_back(self, principal: Principal, reference: str, asked: Releasing) -> Referral:
        """The holder, or a supervisor in their place, gives it back, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.release")

        async def decide(scene: Scene) -> Transition:
            holder = scene.referral.holder.id if scene.referral.holder else ""
            officer = principal.id if principal.role == "officer" else holder
            return release(scene.referral, officer or "", asked.code, scene.now)

        return await self.act(principal, reference, decide)

    @answers(ReferralStands)
    @reads(Acknowledging)
    async def acknowledge(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """A role says that it has seen it and what happens. One speaks for one's own role alone."""
        said = read_for(principal, "referrals.acknowledge", Acknowledging, body)
        return answer(200, short(await self.answer_for_role(principal, reference, said)))

    async def answer_for_role(self, principal: Principal, reference: str, said: Acknowledging) -> Referral:
        """Somebody answers for their own role, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.acknowledge")
        if said.role != principal.role:
            raise Forbidden("another_role")

        async def decide(scene: Scene) -> Transition:
            role = f"{said.role}:{principal.force}"
            return acknowledge(scene.referral, role, str(principal), said.outcome, scene.now)

        return await self.act(principal, reference, decide)

    async def act(self, principal: Principal, reference: str, decide: Decide) -> Referral:
        """Decide on one locked referral and write what came of it. Raises a Refusal."""
        # A hundred officers may answer one broadcast in the same second. They queue here, where it costs nothing,
        # and not on the row, where each would keep a connection from everybody else.
        async with self.doors.setdefault(reference, asyncio.Lock()):
            return await self._decided(principal, reference, decide)

    async def _decided(self, principal: Principal, reference: str, decide: Decide) -> Referral:
        for _ in range(ATTEMPTS):
            try:
                return await self._once(principal, reference_of(reference), decide)
            except LoadsMoved:
                continue
            except Refused as refused:
                raise refusal(refused) from None
        raise Unavailable

    async def _once(self, principal: Principal, reference: str, decide: Decide) -> Referral:
        async with self.database.unit() as unit:
            referral = actionable(principal, await store.lock_one(unit.connection, reference))
            now = await unit.now(referral.changed_at)
            await self.policies.refresh(unit.connection)
            policy = self.policies.at(now)
            roster = await self.officers.roster(unit.connection, referral.pool, policy, now)
            work = Work.on([referral])
            work.put(await decide(Scene(unit, referral, policy, roster, now)))
            after = work.referrals[referral.id]
            limits = caps(roster.officers, policy)
            if after.choice is not None:
                # A supervisor may choose somebody who has as much to do as they should; the reason is kept.
                limits.pop(after.choice.officer, None)
            await save(unit, work, limits)
            if work.events:
                unit.wake("driver")
            return after

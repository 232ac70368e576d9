"""What a holder does with a referral, and a supervisor about one: from the first call home to the end of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from services.routing.api.acting import Accepting, Acting, Scene
from services.routing.api.answers import answer, short
from services.routing.api.bodies import (
    Attempting,
    Closing,
    HandingOver,
    Linking,
    Pausing,
    Planning,
    Reopening,
    Transferring,
    Updating,
)
from services.routing.api.places import actionable, reference_of
from services.routing.api.records import on_record
from services.routing.rules.referral.closing import close, reopen
from services.routing.rules.referral.contacting import Tried, attempt
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.handing_over import hand_over, keep
from services.routing.rules.referral.holding import Doer, Misgiven
from services.routing.rules.referral.links import link, unlink
from services.routing.rules.referral.pauses import pause, resume
from services.routing.rules.referral.promises import give_update, record_plan
from services.routing.rules.referral.records import Pause, Plan
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.transfers import transfer
from services.routing.store import referrals as store
from services.routing.store.work import Work, save
from shared.described import reads
from shared.errors import FieldError, Forbidden, Invalid
from shared.idempotency import idempotent_route
from shared.identity import Principal, allow
from shared.web import Body, SignedIn

Rule = Callable[[Scene, Doer], Transition]
LinkRule = Callable[[Referral, Referral, str, datetime], Transition]


@dataclass(frozen=True)
class Working:
    """The routes of whoever holds a referral, and of their supervisors."""

    acting: Acting

    def router(self) -> APIRouter:
        """Their router; every action may carry an `Idempotency-Key`."""
        router = APIRouter(tags=["referrals"], route_class=idempotent_route(self.acting.database))
        routes: dict[str, Callable[..., Awaitable[Response]]] = {
            "contact-attempts": self.contact_attempt,
            "updates": self.update,
            "handover": self.hand_over,
            "handover/accept": self.take_over,
            "keep": self.keep,
            "plan": self.plan,
            "link": self.link,
            "unlink": self.unlink,
            "transfer": self.transfer,
            "pause": self.pause,
            "resume": self.resume,
            "close": self.close,
            "reopen": self.reopen,
        }
        for name, endpoint in routes.items():
            router.add_api_route(f"/v1/referrals/{{reference}}/{name}", endpoint, methods=["POST"])
        return router

    @reads(Attempting)
    async def contact_attempt(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """One attempt to reach the person. 422 for a means they did not agree, or a message they did not allow."""
        allow(principal, "referrals.contact")
        asked = Attempting.model_validate_json(body)
        tried = Tried(**dict(asked))
        return await self._do(principal, reference, lambda scene, doer: attempt(scene.referral, doer, tried, scene.now))

    @reads(Updating, required=False)
    async def update(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """A promised update was given, and the next one is promised."""
        allow(principal, "referrals.update")
        by = Updating.model_validate_json(await request.body() or b"{}").next_update_by
        return await self._do(
            principal, reference, lambda scene, doer: give_update(scene.referral, doer, by, scene.now)
        )

    @reads(HandingOver)
    async def hand_over(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Ask another officer to take over; until they accept nothing changes hands."""
        allow(principal, "referrals.hand_over")
        receiver = HandingOver.model_validate_json(body).to
        doer = _doer(principal)

        async def decide(scene: Scene) -> Transition:
            facts = await scene.facts(receiver)
            return _accepted_input(lambda: hand_over(scene.referral, doer, receiver, facts, scene.now))

        return _told(await self.acting.act(principal, reference, decide))

    @reads(Accepting, required=False)
    async def take_over(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """Take over what a colleague asked one to. The same as accepting it."""
        asked = Accepting.model_validate_json(await request.body() or b"{}")
        return _told(await self.acting.take(principal, reference, asked))

    async def keep(self, principal: SignedIn, reference: str) -> Response:
        """The holder keeps it beyond the end of their duty."""
        allow(principal, "referrals.keep")
        return await self._do(principal, reference, lambda scene, doer: keep(scene.referral, doer, scene.now))

    @reads(Planning)
    async def plan(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """What happens after a missed clock, and what the person was told: the one thing that clears a breach."""
        allow(principal, "referrals.plan")
        asked = Plan(by=str(principal), **dict(Planning.model_validate_json(body)))
        return await self._do(principal, reference, lambda scene, _doer: record_plan(scene.referral, asked, scene.now))

    @reads(Transferring)
    async def transfer(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Give it to another of our forces; only the force that owns it may."""
        allow(principal, "referrals.transfer")
        force = Transferring.model_validate_json(body).force

        def rule(scene: Scene, doer: Doer) -> Transition:
            if principal.force != scene.referral.force != force:
                raise Forbidden("another_force")
            return transfer(scene.referral, force, doer.name, scene.policy, scene.now)

        return await self._do(principal, reference, rule)

    @reads(Pausing)
    async def pause(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Stop the clocks for a while, within the policy's limit and for one of its reasons."""
        allow(principal, "referrals.pause")
        asked = Pausing.model_validate_json(body)

        def rule(scene: Scene, doer: Doer) -> Transition:
            wanted = Pause(since=scene.now, until=asked.until, reason=asked.reason, by=doer.name)
            return pause(scene.referral, wanted, scene.policy, scene.now)

        return await self._do(principal, reference, rule)

    async def resume(self, principal: SignedIn, reference: str) -> Response:
        """Let the clocks run again."""
        allow(principal, "referrals.pause")
        return await self._do(
            principal, reference, lambda scene, doer: resume(scene.referral, doer.name, scene.policy, scene.now)
        )

    @reads(Closing)
    async def close(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """It is done. 409 while a missed clock has no plan."""
        allow(principal, "referrals.close")
        outcome = Closing.model_validate_json(body).outcome
        return await self._do(
            principal, reference, lambda scene, doer: close(scene.referral, doer, outcome, scene.policy, scene.now)
        )

    @reads(Reopening, required=False)
    async def reopen(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """Open it again; whoever is asked is asked anew."""
        allow(principal, "referrals.reopen")
        why = Reopening.model_validate_json(await request.body() or b"{}").reason
        return await self._do(
            principal, reference, lambda scene, doer: reopen(scene.referral, doer.name, why, scene.policy, scene.now)
        )

    @reads(Linking)
    async def link(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Two referrals are about one thing: bars carry over, what each person agreed to does not."""
        return await self._on_both(principal, reference, Linking.model_validate_json(body).reference, link)

    @reads(Linking)
    async def unlink(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """They are not, after all."""
        return await self._on_both(principal, reference, Linking.model_validate_json(body).reference, unlink)

    async def _do(self, principal: Principal, reference: str, rule: Rule) -> Response:
        doer = _doer(principal)

        async def decide(scene: Scene) -> Transition:
            return _accepted_input(lambda: rule(scene, doer))

        return _told(await self.acting.act(principal, reference, decide))

    async def _on_both(self, principal: Principal, reference: str, other: str, rule: LinkRule) -> Response:
        allow(principal, "referrals.link")
        if reference_of(reference) == other:
            raise Invalid(errors=[FieldError("reference", "the_same")])
        async with self.acting.database.unit() as unit:
            names = (reference_of(reference), other)
            ids = [actionable(principal, await store.one(unit.connection, name)).id for name in names]
            locked = {referral.id: referral for referral in await store.lock(unit.connection, ids)}
            one, two = (actionable(principal, locked.get(id_)) for id_ in ids)
            now = await unit.now(max(one.changed_at, two.changed_at))
            work = Work.on(locked.values())
            work.put(rule(one, two, str(principal), now))
            work.put(rule(two, one, str(principal), now))
            await save(unit, work, {})
            if work.events:
                unit.wake("driver")
            linked = work.referrals[one.id]
            return answer(200, short(linked) | {"links": [known.reference for known in linked.links]})


def _doer(principal: Principal) -> Doer:
    return Doer(str(principal), principal.id if principal.role == "officer" else None)


def _accepted_input(rule: Callable[[], Transition]) -> Transition:
    try:
        return rule()
    except Misgiven as wrong:
        raise Invalid(errors=[FieldError(wrong.field, wrong.reason)]) from None


def _told(referral: Referral) -> Response:
    return answer(200, short(referral) | on_record(referral))

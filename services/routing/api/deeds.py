"""What is done to a referral that somebody works on, whichever way they say so: over HTTPS or by a page's form.

Each deed takes who is signed in, the reference and what they ask, and gives the referral as it stands then. It raises
a Refusal, Invalid with the field where something given cannot stand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.routing.api.acting import Acting, Scene
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
from services.routing.api.places import actionable, reference_of
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
from shared.errors import FieldError, Forbidden, Invalid
from shared.identity import Principal, allow

Rule = Callable[[Scene, Doer], Transition]
LinkRule = Callable[[Referral, Referral, str, datetime], Transition]


@dataclass(frozen=True)
class Deeds:
    """The deeds of whoever holds a referral, and of their supervisors."""

    acting: Acting

    async def attempt(self, principal: Principal, reference: str, asked: Attempting) -> Referral:
        """One attempt to reach the person."""
        allow(principal, "referrals.contact")
        tried = Tried(**asked.model_dump(exclude={"tapped_at"}))
        return await self._do(principal, reference, lambda scene, doer: attempt(scene.referral, doer, tried, scene.now))

    async def update(self, principal: Principal, reference: str, asked: Updating) -> Referral:
        """A promised update was given, and the next one is promised."""
        allow(principal, "referrals.update")
        by = asked.next_update_by
        return await self._do(
            principal, reference, lambda scene, doer: give_update(scene.referral, doer, by, scene.now)
        )

    async def hand_over(self, principal: Principal, reference: str, asked: HandingOver) -> Referral:
        """Another officer is asked to take over; until they accept nothing changes hands."""
        allow(principal, "referrals.hand_over")
        doer = _doer(principal)

        async def decide(scene: Scene) -> Transition:
            facts = await scene.facts(asked.to)
            return _accepted_input(lambda: hand_over(scene.referral, doer, asked.to, facts, scene.now))

        return await self.acting.act(principal, reference, decide)

    async def keep(self, principal: Principal, reference: str, _asked: Keeping) -> Referral:
        """The holder keeps it beyond the end of their duty."""
        allow(principal, "referrals.keep")
        return await self._do(principal, reference, lambda scene, doer: keep(scene.referral, doer, scene.now))

    async def plan(self, principal: Principal, reference: str, asked: Planning) -> Referral:
        """What happens after a missed clock, and what the person was told: the one thing that clears a breach."""
        allow(principal, "referrals.plan")
        made = Plan(by=str(principal), **dict(asked))
        return await self._do(principal, reference, lambda scene, _doer: record_plan(scene.referral, made, scene.now))

    async def transfer(self, principal: Principal, reference: str, asked: Transferring) -> Referral:
        """It goes to another of our forces; only the force that owns it may."""
        allow(principal, "referrals.transfer")

        def rule(scene: Scene, doer: Doer) -> Transition:
            if principal.force != scene.referral.force != asked.force:
                raise Forbidden("another_force")
            return transfer(scene.referral, asked.force, doer.name, scene.policy, scene.now)

        return await self._do(principal, reference, rule)

    async def pause(self, principal: Principal, reference: str, asked: Pausing) -> Referral:
        """The clocks stop for a while, within the policy's limit and for one of its reasons."""
        allow(principal, "referrals.pause")

        def rule(scene: Scene, doer: Doer) -> Transition:
            wanted = Pause(since=scene.now, until=asked.until, reason=asked.reason, by=doer.name)
            return pause(scene.referral, wanted, scene.policy, scene.now)

        return await self._do(principal, reference, rule)

    async def resume(self, principal: Principal, reference: str, _asked: Resuming) -> Referral:
        """The clocks run again."""
        allow(principal, "referrals.pause")
        return await self._do(
            principal, reference, lambda scene, doer: resume(scene.referral, doer.name, scene.policy, scene.now)
        )

    async def close(self, principal: Principal, reference: str, asked: Closing) -> Referral:
        """It is done."""
        allow(principal, "referrals.close")

        def rule(scene: Scene, doer: Doer) -> Transition:
            return close(scene.referral, doer, asked.outcome, scene.policy, scene.now)

        return await self._do(principal, reference, rule)

    async def reopen(self, principal: Principal, reference: str, asked: Reopening) -> Referral:
        """It is opened again; whoever is asked is asked anew."""
        allow(principal, "referrals.reopen")

        def rule(scene: Scene, doer: Doer) -> Transition:
            return reopen(scene.referral, doer.name, asked.reason, scene.policy, scene.now)

        return await self._do(principal, reference, rule)

    async def link(self, principal: Principal, reference: str, asked: Linking) -> Referral:
        """Two referrals are about one thing: bars carry over, what each person agreed to does not."""
        return await self._on_both(principal, reference, asked.reference, link)

    async def unlink(self, principal: Principal, reference: str, asked: Linking) -> Referral:
        """They are not, after all."""
        return await self._on_both(principal, reference, asked.reference, unlink)

    async def _do(self, principal: Principal, reference: str, rule: Rule) -> Referral:
        doer = _doer(principal)

        async def decide(scene: Scene) -> Transition:
            return _accepted_input(lambda: rule(scene, doer))

        return await self.acting.act(principal, reference, decide)

    async def _on_both(self, principal: Principal, reference: str, other: str, rule: LinkRule) -> Referral:
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
            return work.referrals[one.id]


def _doer(principal: Principal) -> Doer:
    return Doer(str(principal), principal.id if principal.role == "officer" else None)


def _accepted_input(rule: Callable[[], Transition]) -> Transition:
    try:
        return rule()
    except Misgiven as wrong:
        raise Invalid(errors=[FieldError(wrong.field, wrong.reason)]) from None

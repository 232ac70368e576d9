"""What supervisors decide about a referral: who is to have it, which desk it goes to, whether it is a repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from services.routing.api.acting import Acting, Scene
from services.routing.api.answers import answer, placed
from services.routing.api.bodies import read_for
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.overriding import Order, override
from services.routing.rules.referral.placing import Receipt, hand_off, recall, receive
from services.routing.rules.referral.repeats import confirm_repeat
from services.routing.rules.referral.state import Referral
from services.routing.rules.referral.wanted import Facts
from services.routing.store import referrals as store
from shared.contracts.answers.referrals import ReferralPlaced
from shared.contracts.model import Code, DoorPart, Flag, Identifier, Label, OfficerId
from shared.described import answers, reads
from shared.errors import FieldError, Invalid
from shared.idempotency import idempotent_route
from shared.identity import Principal, allow
from shared.web import Body, SignedIn


class Overriding(DoorPart):
    """The body of an override; `reason` is a code, further words are in the vault under `note_id`."""

    officer: OfficerId
    reason: Code
    note_id: Identifier | None = None


class HandingOff(DoorPart):
    """The body of a hand-off; `desk` is one of the policy's."""

    desk: Code


class Receiving(DoorPart):
    """The body of a hand-off's receipt: who has it there, and what they call it."""

    person: Label
    their_ref: Label


class Confirming(DoorPart):
    """The body of an answer about earlier reports: whether they are of the same person."""

    confirmed: Flag


Rule = Callable[[Referral, datetime], Transition]


@dataclass(frozen=True)
class Placing:
    """The routes of supervisors of the owning or the holding force."""

    acting: Acting

    def router(self) -> APIRouter:
        """Their router; every decision may carry an `Idempotency-Key`."""
        router = APIRouter(tags=["referrals"], route_class=idempotent_route(self.acting.database))
        routes: tuple[tuple[str, Callable[..., Any]], ...] = (
            ("override", self.override),
            ("hand-off", self.hand_off),
            ("hand-off/receipt", self.receipt),
            ("hand-off/recall", self.recall),
            ("earlier", self.earlier),
        )
        for name, endpoint in routes:
            router.add_api_route(f"/v1/referrals/{{reference}}/{name}", endpoint, methods=["POST"])
        return router

    @answers(ReferralPlaced)
    @reads(Overriding)
    async def override(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Ask one officer alone, whatever the ranking says, and say why. 409 for one who cannot be chosen."""
        asked = read_for(principal, "referrals.override", Overriding, body)
        return answer(200, placed(await self.choose(principal, reference, asked)))

    async def choose(self, principal: Principal, reference: str, asked: Overriding) -> Referral:
        """A supervisor chooses, for one of the policy's reasons, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.override")
        order = Order(asked.officer, str(principal), asked.reason, asked.note_id)

        async def decide(scene: Scene) -> Transition:
            reasons = scene.policy.codes.override_reasons
            if reasons and asked.reason not in reasons:
                raise Invalid(errors=[FieldError("reason", "unknown_code")])
            return override(scene.referral, order, await self._everybody(scene), scene.now)

        return await self.acting.act(principal, reference, decide)

    @answers(ReferralPlaced)
    @reads(HandingOff)
    async def hand_off(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Send it to a desk outside. It stays ours, waiting, until the desk's receipt."""
        return answer(
            200,
            placed(await self.send(principal, reference, read_for(principal, "referrals.hand_off", HandingOff, body))),
        )

    async def send(self, principal: Principal, reference: str, asked: HandingOff) -> Referral:
        """A supervisor hands it off, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.hand_off")

        async def decide(scene: Scene) -> Transition:
            if asked.desk not in scene.policy.desks:
                raise Invalid(errors=[FieldError("desk", "unknown_code")])
            return hand_off(scene.referral, asked.desk, str(principal), scene.now)

        return await self.acting.act(principal, reference, decide)

    @answers(ReferralPlaced)
    @reads(Receiving)
    async def receipt(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """The desk has it: it is handed off."""
        return answer(
            200,
            placed(
                await self.note_receipt(
                    principal, reference, read_for(principal, "referrals.hand_off", Receiving, body)
                )
            ),
        )

    async def note_receipt(self, principal: Principal, reference: str, asked: Receiving) -> Referral:
        """A supervisor writes the receipt down, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.hand_off")
        receipt = Receipt(asked.person, asked.their_ref, str(principal))
        return await self._decide(principal, reference, lambda referral, now: receive(referral, receipt, now))

    @answers(ReferralPlaced)
    async def recall(self, principal: SignedIn, reference: str) -> Response:
        """Take it back from a desk that has not said yet that it has it."""
        return answer(200, placed(await self.take_back(principal, reference)))

    async def take_back(self, principal: Principal, reference: str) -> Referral:
        """A supervisor takes it back, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.hand_off")
        return await self._decide(principal, reference, recall)

    @answers(ReferralPlaced)
    @reads(Confirming)
    async def earlier(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Whether the earlier reports are of the same person; only a yes shows them."""
        return answer(
            200,
            placed(
                await self.confirm(
                    principal, reference, read_for(principal, "referrals.confirm_repeat", Confirming, body)
                )
            ),
        )

    async def confirm(self, principal: Principal, reference: str, asked: Confirming) -> Referral:
        """A supervisor says whether it is a repeat, whichever way they say so. Raises a Refusal."""
        allow(principal, "referrals.confirm_repeat")

        def rule(referral: Referral, now: datetime) -> Transition:
            return confirm_repeat(referral, asked.confirmed, str(principal), now)

        return await self._decide(principal, reference, rule)

    async def _decide(self, principal: Principal, reference: str, rule: Rule) -> Referral:
        async def decide(scene: Scene) -> Transition:
            return rule(scene.referral, scene.now)

        return await self.acting.act(principal, reference, decide)

    async def _everybody(self, scene: Scene) -> Facts:
        """The whole pool as it stands: what the ranking would have said is kept beside what was chosen."""
        connection, pool = scene.unit.connection, scene.referral.pool
        everybody = await self.acting.officers.muster(connection, pool, scene.policy, scene.now)
        return Facts(everybody, scene.policy, await store.bars(connection, [scene.referral]))

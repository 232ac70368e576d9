"""The routes of whoever holds a referral, and of their supervisors: from the first call home to the end of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from services.routing.api.acting import Accepting
from services.routing.api.answers import answer, short
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
    read_for,
)
from services.routing.api.deeds import Deeds
from services.routing.api.records import on_record
from services.routing.rules.referral.state import Referral
from shared.contracts.answers.referrals import ReferralLinked, ReferralWorked
from shared.described import answers, reads
from shared.idempotency import idempotent_route
from shared.web import Body, SignedIn


@dataclass(frozen=True)
class Working:
    """The routes of whoever holds a referral, and of their supervisors."""

    deeds: Deeds

    def router(self) -> APIRouter:
        """Their router; every action may carry an `Idempotency-Key`."""
        router = APIRouter(tags=["referrals"], route_class=idempotent_route(self.deeds.acting.database))
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

    @answers(ReferralWorked)
    @reads(Attempting)
    async def contact_attempt(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """One attempt to reach the person. 422 for a means they did not agree, or a message they did not allow."""
        return _told(
            await self.deeds.attempt(principal, reference, read_for(principal, "referrals.contact", Attempting, body))
        )

    @answers(ReferralWorked)
    @reads(Updating, required=False)
    async def update(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """A promised update was given, and the next one is promised."""
        asked = read_for(principal, "referrals.update", Updating, await request.body() or b"{}")
        return _told(await self.deeds.update(principal, reference, asked))

    @answers(ReferralWorked)
    @reads(HandingOver)
    async def hand_over(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Ask another officer to take over; until they accept nothing changes hands."""
        return _told(
            await self.deeds.hand_over(
                principal, reference, read_for(principal, "referrals.hand_over", HandingOver, body)
            )
        )

    @answers(ReferralWorked)
    @reads(Accepting, required=False)
    async def take_over(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """Take over what a colleague asked one to. The same as accepting it."""
        asked = read_for(principal, "referrals.accept", Accepting, await request.body() or b"{}")
        return _told(await self.deeds.acting.take(principal, reference, asked))

    @answers(ReferralWorked)
    async def keep(self, principal: SignedIn, reference: str) -> Response:
        """The holder keeps it beyond the end of their duty."""
        return _told(await self.deeds.keep(principal, reference, Keeping()))

    @answers(ReferralWorked)
    @reads(Planning)
    async def plan(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """What happens after a missed clock, and what the person was told: the one thing that clears a breach."""
        return _told(await self.deeds.plan(principal, reference, read_for(principal, "referrals.plan", Planning, body)))

    @answers(ReferralWorked)
    @reads(Transferring)
    async def transfer(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Give it to another of our forces; only the force that owns it may."""
        return _told(
            await self.deeds.transfer(
                principal, reference, read_for(principal, "referrals.transfer", Transferring, body)
            )
        )

    @answers(ReferralWorked)
    @reads(Pausing)
    async def pause(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Stop the clocks for a while, within the policy's limit and for one of its reasons."""
        return _told(
            await self.deeds.pause(principal, reference, read_for(principal, "referrals.pause", Pausing, body))
        )

    @answers(ReferralWorked)
    async def resume(self, principal: SignedIn, reference: str) -> Response:
        """Let the clocks run again."""
        return _told(await self.deeds.resume(principal, reference, Resuming()))

    @answers(ReferralWorked)
    @reads(Closing)
    async def close(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """It is done. 409 while a missed clock has no plan."""
        return _told(
            await self.deeds.close(principal, reference, read_for(principal, "referrals.close", Closing, body))
        )

    @answers(ReferralWorked)
    @reads(Reopening, required=False)
    async def reopen(self, principal: SignedIn, reference: str, request: Request) -> Response:
        """Open it again; whoever is asked is asked anew."""
        asked = read_for(principal, "referrals.reopen", Reopening, await request.body() or b"{}")
        return _told(await self.deeds.reopen(principal, reference, asked))

    @answers(ReferralLinked)
    @reads(Linking)
    async def link(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """Two referrals are about one thing: bars carry over, what each person agreed to does not."""
        return _linked(
            await self.deeds.link(principal, reference, read_for(principal, "referrals.link", Linking, body))
        )

    @answers(ReferralLinked)
    @reads(Linking)
    async def unlink(self, principal: SignedIn, reference: str, body: Body) -> Response:
        """They are not, after all."""
        return _linked(
            await self.deeds.unlink(principal, reference, read_for(principal, "referrals.link", Linking, body))
        )


def _told(referral: Referral) -> Response:
    return answer(200, short(referral) | on_record(referral))


def _linked(referral: Referral) -> Response:
    return answer(200, short(referral) | {"links": [known.reference for known in referral.links]})

"""Takes in a text message: what it says to routing, and what its sender is honestly told."""

from dataclasses import dataclass

from services.notify.letters import WAKES
from services.notify.numbers import Marks, number_of
from services.notify.rules.replies import ANSWERS_WITHIN, MOST_ANSWERS, Coded, Verdict, judge, read_reply
from services.notify.rules.setting_out import ways_now
from services.notify.store.codes import (
    coded,
    is_known,
    keep_answer,
    referrals_coded,
    stop_or_start,
)
from services.notify.store.leases import moment_of
from services.notify.store.letters import Letter, write_letters
from services.notify.store.recipients import recipients
from services.notify.store.referrals import lock_referrals
from services.notify.store.replies import Arrived, answers_since, arrive, settle_reply
from services.notify.telling import Answered, tell_answer
from shared.addressees import open_address, seal_address
from shared.database import Unit
from shared.identifiers import uuid7
from shared.sealing import MasterKeys, SealBroken

_ABOUT_A_TASK = frozenset({"yes", "no", "yes_again", "no_again", "over"})


@dataclass(frozen=True)
class TextIn:
    """A text message as its provider hands it on. Its words are read once and kept nowhere."""

    provider: str
    provider_id: str
    number: str
    words: str


@dataclass(frozen=True)
class Replying:
    """Knows the keys by which a number is compared with the sealed ones of the roster."""

    keys: MasterKeys

    async def take_in(self, unit: Unit, text: TextIn) -> bool:
        """Take in a message, once however often it comes; False where it came before."""
        marks = tuple(Marks(self.keys).marks(text.number))
        moment = await moment_of(unit)
        arrived = Arrived(text.provider, text.provider_id, marks)
        if not await arrive(unit, arrived, moment.domain):
            return False
        reply = read_reply(text.words)
        offer = await self._offer(unit, marks, reply.code)
        known = await is_known(unit, marks)
        verdict = judge(reply, known=known, offer=offer)
        if verdict in ("stopped", "started"):
            await stop_or_start(unit, marks, moment.domain, stopped=verdict == "stopped")
        if offer is not None and reply.code is not None and verdict in ("yes", "no"):
            await keep_answer(unit, marks, reply.code, verdict)
            await tell_answer(unit, Answered(offer, reply.code, verdict), moment.domain)
        await self._settle(unit, arrived, text, (verdict, offer))
        return True

    async def _offer(self, unit: Unit, marks: tuple[bytes, ...], code: str | None) -> Coded | None:
        """What the code stands for, its referral locked; None where the number is not that officer's any more."""
        if code is None:
            return None
        await lock_referrals(unit, await referrals_coded(unit, marks, code))
        offer = await coded(unit, marks, code)
        return offer if offer is not None and await self._still_theirs(unit, offer.recipient, marks) else None

    async def _still_theirs(self, unit: Unit, recipient: str, marks: tuple[bytes, ...]) -> bool:
        people = await recipients(unit, [recipient])
        ways = ways_now(people[recipient], await unit.now()) if recipient in people else ()
        return any(self._mark(recipient, way.sealed) in marks for way in ways if way.kind == "phone")

    def _mark(self, recipient: str, sealed: str) -> bytes | None:
        try:
            return Marks(self.keys).mark(open_address(self.keys, recipient, "phone", sealed))
        except SealBroken:
            return None

    async def _settle(self, unit: Unit, arrived: Arrived, text: TextIn, found: tuple[Verdict, Coded | None]) -> None:
        verdict, offer = found
        now, number = await unit.now(), number_of(text.number)
        quiet = await answers_since(unit, arrived.marks, now - ANSWERS_WITHIN) >= MOST_ANSWERS
        await settle_reply(unit, arrived, verdict, answered=not quiet and number is not None)
        if quiet or number is None:
            return
        answer = uuid7()
        # Whose the sealed number is: this answer's, and nobody else's.
        place = f"reply:{answer}"
        about = offer if verdict in _ABOUT_A_TASK else None
        recipient, reference = (about.recipient, about.reference) if about else (None, None)
        said_before = f"reply:{arrived.provider}:{arrived.provider_id}"
        sealed = seal_address(self.keys, place, "phone", number)
        letter = Letter(answer, said_before, "phone", recipient, place, sealed, verdict, reference)
        await write_letters(unit, [letter], now)
        unit.wake(WAKES)

"""Sends what is no notice: answers to text messages, and codes that prove an address.

Nobody else hears of them, and nothing is escalated when one does not arrive: whoever waits for it asks again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.channels.channel import Channel, Message
from services.notify.numbers import Marks
from services.notify.rules.attempts import LEASE, Outcome, backoff
from services.notify.store.codes import meet
from services.notify.store.letters import Owed, forget_letters, owed_letters, settle_letter
from shared.addressees import open_address, proofs
from shared.database import Database, is_transient
from shared.sealing import MasterKeys, SealBroken
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("letters")

WAKES = "letters"
"""The bell of the loop that sends them."""

PAUSE = 1.0
"""Seconds between looks when no bell rings."""

BATCH = 20
MOST_TRIES = 8
"""About four minutes; an answer later than that confuses more than it helps."""

PROOF = "proof"
"""The verdict of a letter that carries a code."""

_STATES = {"delivered": "delivered", "sent": "sent", "refused": "failed"}


@dataclass(frozen=True)
class Letters:
    """A loop beside the dispatcher."""

    database: Database
    bell: Wake
    keys: MasterKeys
    channels: Mapping[str, Channel]
    base_url: str

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                while await self.look():
                    pass
                async with self.database.unit() as unit:
                    await forget_letters(unit, 1000)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
            await self.bell.sleep(PAUSE)

    async def look(self) -> int:
        """Send the letters that are due; gives how many there were."""
        async with self.database.unit() as unit:
            owed = await owed_letters(unit, BATCH, LEASE)
            now = await unit.real_now()
        # Side by side: one that takes its time must not outlast the lease of those behind it.
        await asyncio.gather(*(self._deliver(one, now) for one in owed))
        return len(owed)

    async def _deliver(self, owed: Owed, now: datetime) -> None:
        outcome = await self._send(owed, now)
        async with self.database.unit() as unit:
            await settle_letter(unit, owed.letter.id, *_settled(owed, outcome))

    async def _send(self, owed: Owed, now: datetime) -> Outcome:
        letter = owed.letter
        try:
            address = open_address(self.keys, letter.place, letter.means, letter.sealed)
        except SealBroken:
            return Outcome("refused", "seal_broken")
        if letter.verdict == PROOF and letter.means == "phone" and await self._stopped(address):
            return Outcome("refused", "stopped")
        return await self.channels[letter.means].send(self._message(owed, address, now))

    async def _stopped(self, number: str) -> bool:
        async with self.database.unit() as unit:
            return bool(await meet(unit, [Marks(self.keys).marks(number)], await unit.now()))

    def _message(self, owed: Owed, address: str, now: datetime) -> Message:
        letter = owed.letter
        code = proofs(self.keys, letter.place, letter.means, letter.sealed)[0] if letter.verdict == PROOF else None
        program = letter.means == "webhook"
        return Message(
            notice_id=letter.id,
            to=letter.recipient or "unknown",
            means=letter.means,
            nth=0,
            address=address,
            type="test" if program else "answer",
            reference=letter.reference,
            response_class=None,
            respond_by=None,
            url=f"{self.base_url}/{_page(code, program)}",
            exercise=False,
            sent_at=now,
            tries=owed.tries,
            code=code,
            verdict=letter.verdict,
        )


def _page(code: str | None, program: bool) -> str:
    """Where a letter leads. To a program a code can only be told in the link, for its officer to follow."""
    if code is None:
        return "tasks"
    return f"tasks?proof={code}" if program else "roster"


def _settled(owed: Owed, outcome: Outcome) -> tuple[str, timedelta | None]:
    """A letter's state, and when to try again."""
    if outcome.kind != "retry":
        return _STATES[outcome.kind], None
    if owed.tries >= MOST_TRIES:
        return "failed", None
    return "planned", timedelta(seconds=max(backoff(owed.tries, 0.5), outcome.after or 0.0))

"""Sends the answers that text messages get. They are no notices: nobody else hears of them, nothing is escalated."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.channels.channel import Channel, Message
from services.notify.rules.attempts import LEASE, Outcome, backoff
from services.notify.store.replies import Owed, forget_replies, owed_answers, settle_answer
from shared.addressees import open_address
from shared.database import Database, is_transient
from shared.sealing import MasterKeys, SealBroken
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("answering")

PAUSE = 1.0
"""Seconds between looks when no bell rings."""

BATCH = 20
MOST_TRIES = 8
"""About four minutes; an answer later than that confuses more than it helps."""

_STATES = {"delivered": "delivered", "sent": "sent", "refused": "failed"}


@dataclass(frozen=True)
class Answering:
    """A loop beside the dispatcher."""

    database: Database
    bell: Wake
    keys: MasterKeys
    channel: Channel
    base_url: str

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            try:
                while await self.look():
                    pass
                await self._tidy()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
            await self.bell.sleep(PAUSE)

    async def look(self) -> int:
        """Send the answers that are due; gives how many there were."""
        async with self.database.unit() as unit:
            owed = await owed_answers(unit, BATCH, LEASE)
            now = await unit.real_now()
        for one in owed:
            outcome = await self._send(one, now)
            async with self.database.unit() as unit:
                await settle_answer(unit, one.id, *_settled(one, outcome))
        return len(owed)

    async def _send(self, owed: Owed, now: datetime) -> Outcome:
        try:
            address = open_address(self.keys, f"reply:{owed.id}", "phone", owed.sealed)
        except SealBroken:
            return Outcome("refused", "seal_broken")
        return await self.channel.send(self._message(owed, address, now))

    def _message(self, owed: Owed, address: str, now: datetime) -> Message:
        return Message(
            notice_id=owed.id,
            to=owed.recipient or "unknown",
            means="phone",
            nth=0,
            address=address,
            type="answer",
            reference=owed.reference,
            response_class=None,
            respond_by=None,
            url=f"{self.base_url}/tasks",
            exercise=False,
            sent_at=now,
            tries=owed.tries,
            verdict=owed.verdict,
        )

    async def _tidy(self) -> None:
        async with self.database.unit() as unit:
            await forget_replies(unit, 1000)


def _settled(owed: Owed, outcome: Outcome) -> tuple[str, timedelta | None]:
    """The answer's state, and when to try again."""
    if outcome.kind != "retry":
        return _STATES[outcome.kind], None
    if owed.tries >= MOST_TRIES:
        return "failed", None
    return "planned", timedelta(seconds=max(backoff(owed.tries, 0.5), outcome.after or 0.0))

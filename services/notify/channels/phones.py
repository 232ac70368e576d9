"""Messages kept where everybody may look: the demo's phones and mailboxes, and the sink of exercise traffic."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from services.notify.channels.channel import Message
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import Outcome
from services.notify.store.phones import PhoneMessage, keep_messages
from shared.database import Database, is_transient


@dataclass
class _Batch:
    messages: list[PhoneMessage] = field(default_factory=list)
    stored: bool = False


class PhonesChannel:
    """Stores a message instead of sending it. A phone says at once that it arrived; a mailbox, as ever, does not.

    Whoever comes while others are being stored is stored with the next ones, in one statement.
    """

    def __init__(self, database: Database, wording: Wording, kind: Literal["delivered", "sent"]) -> None:
        self._database = database
        self._wording = wording
        self._outcome = Outcome(kind)
        self._gathering = _Batch()
        self._storing = asyncio.Lock()

    def lane(self, address: str) -> str:
        """One table, one lane."""
        return "phones"

    async def send(self, message: Message) -> Outcome:
        """Store once, however often it is tried; with the database away, try again."""
        batch = self._gathering
        batch.messages.append(self._kept(message))
        async with self._storing:
            if batch is self._gathering:
                self._gathering = _Batch()
                await self._store(batch)
        return self._outcome if batch.stored else Outcome("retry", "not_stored")

    async def _store(self, batch: _Batch) -> None:
        try:
            async with self._database.unit() as unit:
                await keep_messages(unit, batch.messages)
            batch.stored = True
        except Exception as error:
            if not is_transient(error):
                raise

    def _kept(self, message: Message) -> PhoneMessage:
        mail = message.means == "email"
        text = self._wording.email(message) if mail else self._wording.sms(message)
        return PhoneMessage(
            notice_id=message.notice_id,
            means=message.means,
            nth=message.nth,
            to=message.to,
            type=message.type,
            reference=message.reference,
            subject=text.subject,
            body=text.body,
            exercise=message.exercise,
            at=self._database.clock.domain(message.sent_at),
        )

    async def close(self) -> None:
        """Nothing to give back."""

"""What every channel has in common: a message goes in, an outcome comes out, and nothing is ever raised."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from services.notify.rules.attempts import Outcome
from shared.contracts.deliveries import NoticeType

MessageType = NoticeType | Literal["answer"]
"""A notice's type, or an answer to somebody's text message."""


@dataclass(frozen=True)
class Message:
    """One attempt at one notice. `address` is in clear, here and nowhere else; no log line may hold it.

    `notice_id` is the first one's where it stands for several, and stays so however few are left of them.
    `sent_at` is real time from the database, `respond_by` domain time. `tries` from 1: a repeat may ask the provider
    first. `code` answers this offer by text message; `tasks` above 1 says that one message stands for so many notices.
    `verdict` is what a reply is told, where this answers one. `note`: of tonight's cover, and in words of its own.
    """

    notice_id: UUID
    to: str
    means: str
    nth: int
    address: str = field(repr=False)
    type: MessageType
    reference: str | None
    response_class: str | None
    respond_by: datetime | None
    url: str
    exercise: bool
    sent_at: datetime
    tries: int = 1
    code: str | None = None
    tasks: int = 1
    verdict: str | None = None
    note: bool = False


class Channel(Protocol):
    """One way out of the house."""

    def lane(self, address: str) -> str:
        """Which receiver this address shares with others, without saying who: a slow one slows only its lane."""
        ...

    async def send(self, message: Message) -> Outcome:
        """Try once, well within the lease (`rules.attempts.LEASE`). Never raises for what the other side does."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class NoChannel:
    """Stands where a means cannot be used: fails at once and visibly, so that the next is tried."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self._outcome = Outcome("refused", reason)

    def lane(self, address: str) -> str:
        """All the same to nobody."""
        return self.reason

    async def send(self, message: Message) -> Outcome:
        """Not sent, with the reason given."""
        return self._outcome

    async def close(self) -> None:
        """Nothing to give back."""

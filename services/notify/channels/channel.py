"""What every channel has in common: a message goes in, an outcome comes out, and nothing is ever raised."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notify.rules.attempts import Outcome
from shared.contracts.deliveries import NoticeType


@dataclass(frozen=True)
class Message:
    """One attempt at one notice. `address` is in clear, here and nowhere else; no log line may hold it.

    `sent_at` is real time from the database, `respond_by` domain time.
    """

    notice_id: UUID
    to: str
    means: str
    nth: int
    address: str = field(repr=False)
    type: NoticeType
    reference: str | None
    response_class: str | None
    respond_by: datetime | None
    url: str
    exercise: bool
    sent_at: datetime


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
    """Stands where a deployment has no provider for a means: fails at once and visibly, so that the next is tried."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def lane(self, address: str) -> str:
        """All the same to nobody."""
        return self.reason

    async def send(self, message: Message) -> Outcome:
        """Refused, with the reason given."""
        return Outcome("refused", self.reason)

    async def close(self) -> None:
        """Nothing to give back."""

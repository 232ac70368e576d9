"""What routing says about other parts of Liaison: news that belongs to no referral, in the order of its key."""

from typing import ClassVar

from shared.contracts.model import Code, Event, Instant


class ServiceDegraded(Event):
    """A part is away: nothing has been heard of it for half a minute."""

    name: ClassVar[str] = "service.degraded"
    part: Code
    at: Instant


class ServiceRestored(Event):
    """A part that was away is back."""

    name: ClassVar[str] = "service.restored"
    part: Code
    at: Instant

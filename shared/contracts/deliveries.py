"""`deliveries`: what became of notices. `delivered` is a webhook's 2xx or a provider's receipt, nothing less."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from shared.contracts.model import (
    Addressee,
    Code,
    Event,
    Flag,
    Identifier,
    Instant,
    Label,
    Reference,
    Sequence,
)

Means = Literal["phone", "email", "webhook", "push"]
NoticeType = Literal[
    "task.offered", "task.reminder", "task.taken", "task.closed", "task.shift_ending", "role.alert", "test"
]


class NoticeEvent(Event):
    """What every event about a notice carries. `sequence` is notify's own, contiguous from 1 for each referral."""

    notice_id: Identifier
    referral_id: Identifier | None = None
    reference: Reference | None = None
    sequence: Sequence | None = None
    at: Instant
    to: Addressee
    means: Means | None = None
    type: NoticeType | None = None
    exercise: Flag = False


class NoticeDelivered(NoticeEvent):
    """It reached the device or the mailbox."""

    name: ClassVar[str] = "notice.delivered"


class NoticeFailed(NoticeEvent):
    """One means failed for good; with `last_means` nothing is left to try and the next step is now."""

    name: ClassVar[str] = "notice.failed"

    last_means: Flag
    reason: Code | None = None


class NoticeReplied(NoticeEvent):
    """An answer by text message to one offer."""

    name: ClassVar[str] = "notice.replied"

    officer: Addressee
    offer_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
    answer: Literal["yes", "no"]


class NotifyHeartbeat(Event):
    """Notify is there; without it routing and the boards know within 30 s.

    `failing`: means whose provider takes nothing just now, as this instance finds it.
    """

    name: ClassVar[str] = "notify.heartbeat"

    at: Instant
    instance: Label
    failing: tuple[Means, ...] = ()

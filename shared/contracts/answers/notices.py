"""Notices, and control rooms' webhooks, as notify shows them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.model import Addressee, Code, Instant, Label, Part

Number = Annotated[int, Field(ge=0)]
NoticeState = Literal["planned", "sending", "sent", "delivered", "read", "failed", "expired", "superseded"]


class TryShown(Part):
    """One try over one means; `wording` is the version of the texts it was worded by."""

    means: Code
    at: Instant
    state: Code
    reason: Code | None
    wording: Number | None


class NoticeShown(Part):
    """One message to one person, and every try. `delivered` is a webhook's 2xx or a provider's receipt."""

    id: UUID
    to: Addressee
    type: Label
    means: Code | None
    state: NoticeState
    at: Instant
    policy_version: Label | None
    attempts: tuple[TryShown, ...]


class NoticeList(Part):
    """The notices about a reference, oldest first."""

    items: tuple[NoticeShown, ...]
    next: str | None


class RoomShown(Part):
    """How a control room's webhook stands; with `none` there is nothing else to say."""

    force: Code
    state: Literal["none", "open", "failing", "paused"]
    since: Instant | None = None
    by: Addressee | None = None
    reason: Code | None = None
    waiting: Number | None = None
    oldest: Instant | None = None
    dropped: Number | None = None


class RoomList(Part):
    """The control rooms one may see."""

    items: tuple[RoomShown, ...]
    next: str | None

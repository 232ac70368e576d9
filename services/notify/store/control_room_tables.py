"""Tables of what control rooms are told by webhook, and of how each room stands."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from services.notify.store.tables import Base

_MOMENT: Any = sa.DateTime(timezone=True)


class OutgoingRow(Base, table=True):
    """An event of `outbound` that waits for its control room: the webhook's body, ready. `written_at` is real time."""

    __tablename__ = "outgoing"

    id: int = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    force: str = Field(sa_type=sa.Text, nullable=False)
    key: str = Field(sa_type=sa.Text, nullable=False)
    event_id: str = Field(sa_type=sa.Text, nullable=False)
    type: str = Field(sa_type=sa.Text, nullable=False)
    at: datetime = Field(sa_type=_MOMENT, nullable=False)
    written_at: datetime = Field(sa_type=_MOMENT, nullable=False)
    body: bytes = Field(nullable=False)

    __table_args__ = (
        sa.Index("ix_outgoing_key", "force", "key", "id"),
        sa.Index("ix_outgoing_force", "force", "id"),
    )


class OutgoingKeyRow(Base, table=True):
    """A key that events wait under, one after another; while leased, up to `sending_to`. Times are real time."""

    __tablename__ = "outgoing_keys"

    force: str = Field(primary_key=True, sa_type=sa.Text)
    key: str = Field(primary_key=True, sa_type=sa.Text)
    due_at: datetime = Field(sa_type=_MOMENT, nullable=False)
    tries: int = Field(nullable=False)
    leased_until: datetime | None = Field(default=None, sa_type=_MOMENT, nullable=True)
    sending_to: int | None = Field(default=None, sa_type=sa.BigInteger, nullable=True)

    __table_args__ = (sa.Index("ix_outgoing_keys_due", "force", "due_at"),)


class ControlRoomRow(Base, table=True):
    """How a control room's webhook stands (`rules.control_rooms.Room`). Times are real time."""

    __tablename__ = "control_rooms"

    force: str = Field(primary_key=True, sa_type=sa.Text)
    state: str = Field(sa_type=sa.Text, nullable=False)
    since: datetime | None = Field(default=None, sa_type=_MOMENT, nullable=True)
    paused_by: str | None = Field(default=None, sa_type=sa.Text, nullable=True)
    failures: int = Field(nullable=False)
    refusals: int = Field(nullable=False)
    failing_since: datetime | None = Field(default=None, sa_type=_MOMENT, nullable=True)
    next_at: datetime | None = Field(default=None, sa_type=_MOMENT, nullable=True)
    reason: str | None = Field(default=None, sa_type=sa.Text, nullable=True)
    dropped: int = Field(sa_type=sa.BigInteger, nullable=False)

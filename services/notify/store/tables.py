"""Notify's own tables, in its own schema. Rules know none of them; only this package does."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.tables import service_metadata

metadata = service_metadata("notify")


class Base(SQLModel, registry=registry(metadata=metadata)):
    """What notify's tables share: its metadata, and so its schema."""


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=sa.DateTime(timezone=True), nullable=nullable)


def _text(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=sa.Text, nullable=nullable)


class RecipientRow(Base, table=True):
    """An officer or a role as `officers` last had them. `ways` stay sealed; `gone` is somebody taken off the roster."""

    __tablename__ = "recipients"

    id: str = Field(primary_key=True, sa_type=sa.Text)
    force: str | None = _text(nullable=True)
    ways: list[dict[str, Any]] = Field(sa_type=JSONB, nullable=False)
    version: int = Field(sa_type=sa.BigInteger, nullable=False)
    gone: bool = Field(nullable=False)


class ReferralRow(Base, table=True):
    """What notify keeps of a referral (`rules.planning.Task`), and the last number it gave to `deliveries`."""

    __tablename__ = "referrals"

    id: UUID = Field(primary_key=True)
    reference: str = _text()
    force: str = _text()
    response_class: str | None = _text(nullable=True)
    pool: str | None = _text(nullable=True)
    exercise: bool = Field(nullable=False)
    holder: str | None = _text(nullable=True)
    holder_force: str | None = _text(nullable=True)
    asked: list[str] = Field(sa_type=ARRAY(sa.Text), nullable=False)
    open: list[str] = Field(sa_type=ARRAY(sa.Text), nullable=False)
    alerted: dict[str, str] = Field(sa_type=JSONB, nullable=False)
    deliveries: int = Field(sa_type=sa.BigInteger, nullable=False)
    duty_until: dict[str, str] = Field(
        sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")}
    )

    __table_args__ = (sa.Index("ix_referrals_reference", "reference"),)


class NoticeRow(Base, table=True):
    """One message to one person, and its course. `due_at` is real time; all other times are domain time."""

    __tablename__ = "notices"

    id: UUID = Field(primary_key=True)
    recipient: str = _text()
    type: str = _text()
    referral_id: UUID | None = Field(default=None, nullable=True)
    reference: str | None = _text(nullable=True)
    response_class: str | None = _text(nullable=True)
    exercise: bool = Field(nullable=False)
    respond_by: datetime | None = _moment(nullable=True)
    not_after: datetime = _moment()
    at: datetime = _moment()
    changed_at: datetime = _moment()
    patience: float = Field(nullable=False)
    superseded: bool = Field(nullable=False)
    legs: list[list[Any]] = Field(sa_type=JSONB, nullable=False)
    state: str = _text()
    means: str | None = _text(nullable=True)
    due_at: datetime | None = _moment(nullable=True)
    repeat: bool = Field(nullable=False)
    in_flight: bool = Field(nullable=False)
    waiting: bool = Field(nullable=False)
    lane: str | None = _text(nullable=True)
    policy_version: str | None = _text(nullable=True)

    __table_args__ = (
        sa.Index("ix_notices_due", "repeat", "due_at", postgresql_where=sa.text("due_at is not null")),
        sa.Index("ix_notices_person", "referral_id", "recipient"),
        sa.Index("ix_notices_waiting", "recipient", postgresql_where=sa.text("waiting")),
    )


class AttemptRow(Base, table=True):
    """One try over one means; written as `sending` before it starts, so that a crash leaves its trace."""

    __tablename__ = "attempts"

    notice_id: UUID = Field(primary_key=True)
    means: str = Field(primary_key=True, sa_type=sa.Text)
    nth: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = _moment()
    state: str = _text()
    reason: str | None = _text(nullable=True)
    provider_id: str | None = _text(nullable=True)
    wording: int | None = Field(default=None, nullable=True)
    """The edition of our texts that it was written in."""
    sent_as: UUID | None = Field(default=None, nullable=True)
    """The id that a message for several notices left under; none where that is its own notice's."""

    __table_args__ = (
        sa.Index("ix_attempts_provider_id", "provider_id", postgresql_where=sa.text("provider_id is not null")),
        sa.Index("ix_attempts_sent_as", "sent_as", postgresql_where=sa.text("sent_as is not null")),
    )


class NumberRow(Base, table=True):
    """A telephone number that was written to, by its keyed hash; `stopped_at` since it said STOP (domain time)."""

    __tablename__ = "numbers"

    mark: bytes = Field(primary_key=True)
    first_at: datetime = _moment()
    stopped_at: datetime | None = _moment(nullable=True)


class OfferCodeRow(Base, table=True):
    """The four digits by which one number answers one offer; `answer` is the last one passed on."""

    __tablename__ = "offer_codes"

    mark: bytes = Field(primary_key=True)
    code: str = Field(primary_key=True, sa_type=sa.Text)
    recipient: str = _text()
    referral_id: UUID = Field(nullable=False)
    notice_id: UUID = Field(nullable=False)
    at: datetime = _moment()
    answer: str | None = _text(nullable=True)

    __table_args__ = (sa.UniqueConstraint("mark", "referral_id", "recipient", name="uq_offer_codes_mark"),)


class ReplyRow(Base, table=True):
    """A text message that came in, without its words: what it was taken for, and whether it is answered."""

    __tablename__ = "replies"

    provider: str = Field(primary_key=True, sa_type=sa.Text)
    provider_id: str = Field(primary_key=True, sa_type=sa.Text)
    mark: bytes = Field(nullable=False)
    at: datetime = _moment()
    verdict: str = _text()
    answered: bool = Field(nullable=False)

    __table_args__ = (sa.Index("ix_replies_mark", "mark", "at"),)


class LetterRow(Base, table=True):
    """A message that is no notice: an answer to a text message, or a code that proves an address.

    `sealed` is the address, for `place`, kept until the letter has gone; `due_at` is real time, `at` domain time.
    """

    __tablename__ = "letters"

    id: UUID = Field(primary_key=True)
    about: str = _text()
    means: str = _text()
    recipient: str | None = _text(nullable=True)
    place: str = _text()
    sealed: str | None = _text(nullable=True)
    verdict: str = _text()
    reference: str | None = _text(nullable=True)
    at: datetime = _moment()
    due_at: datetime | None = _moment(nullable=True)
    tries: int = Field(nullable=False)
    state: str = _text()

    __table_args__ = (
        sa.UniqueConstraint("about", name="uq_letters_about"),
        sa.Index("ix_letters_due", "due_at", postgresql_where=sa.text("due_at is not null")),
    )


class PaceRow(Base, table=True):
    """How many messages somebody has had over one of their means since `since` (real time)."""

    __tablename__ = "paces"

    recipient: str = Field(primary_key=True, sa_type=sa.Text)
    means: str = Field(primary_key=True, sa_type=sa.Text)
    nth: int = Field(primary_key=True)
    since: datetime = _moment()
    sent: int = Field(nullable=False)


class ReminderRow(Base, table=True):
    """An offer that somebody is reminded of at `due_at`, if it is open then. Both are domain time."""

    __tablename__ = "reminders"

    referral_id: UUID = Field(primary_key=True)
    recipient: str = Field(primary_key=True, sa_type=sa.Text)
    due_at: datetime = _moment()
    respond_by: datetime = _moment()

    __table_args__ = (sa.Index("ix_reminders_due", "due_at"),)


class PhoneMessageRow(Base, table=True):
    """A message as its receiver would see it: the demo's phones, and the sink of all exercise traffic."""

    __tablename__ = "phone_messages"

    notice_id: UUID = Field(primary_key=True)
    means: str = Field(primary_key=True, sa_type=sa.Text)
    nth: int = Field(primary_key=True)
    recipient: str = _text()
    type: str = _text()
    reference: str | None = _text(nullable=True)
    subject: str = _text()
    body: str = _text()
    exercise: bool = Field(nullable=False)
    at: datetime = _moment()

    __table_args__ = (sa.Index("ix_phone_messages_at", "at"),)


class RosterWarningRow(Base, table=True):
    """A warning about the roster that was told, so that it is told once."""

    __tablename__ = "roster_warnings"

    kind: str = Field(primary_key=True, sa_type=sa.Text)
    subject: str = Field(primary_key=True, sa_type=sa.Text)
    due: datetime = Field(primary_key=True, sa_type=sa.DateTime(timezone=True))


class PolicyRow(Base, table=True):
    """What notify needs of one version of the policy: how patient each class is."""

    __tablename__ = "policies"

    pool: str = Field(primary_key=True, sa_type=sa.Text)
    version: str = Field(primary_key=True, sa_type=sa.Text)
    effective_from: datetime = _moment()
    receipt_seconds: dict[str, int] = Field(sa_type=JSONB, nullable=False)
    reminder_minutes: dict[str, int] = Field(
        sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")}
    )
    quiet: dict[str, Any] | None = Field(default=None, sa_type=JSONB, nullable=True)
    approved_at: datetime | None = _moment(nullable=True)

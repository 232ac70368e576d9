"""Intake's tables. Who a person is stands in `vault` and `contacts` alone, sealed; the rest is pseudonymous."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.tables import service_metadata

SCHEMA = "intake"
metadata = service_metadata(SCHEMA)
_MOMENT: Any = sa.DateTime(timezone=True)
_REAL_NOW = {"server_default": sa.text("clock_timestamp()")}


class TransactionId(sa.types.UserDefinedType[int]):
    """PostgreSQL's `xid8`: never wraps, so that a reader can ask for what had committed before a snapshot."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Its name in SQL."""
        return "xid8"


class Base(SQLModel, registry=registry(metadata=metadata)):
    """Binds the tables to intake's schema."""


class ReportRow(Base, table=True):
    """A report: what routing and the control room were told, and how far each has come."""

    __tablename__ = "reports"
    __table_args__ = (
        sa.UniqueConstraint("principal", "idempotency_key"),
        sa.Index("ix_reports_incident", "system", "incident_ref", "incident_date"),
        sa.Index("ix_reports_held_until", "held_until", postgresql_where=sa.text("held_until is not null")),
        sa.Index("ix_reports_drills", "source_force", "at", postgresql_where=sa.text("system = 'drill'")),
        sa.Index(
            "ix_reports_without_deadline",
            "state",
            postgresql_where=sa.text("held_until is null and next_due is null"),
        ),
    )

    referral_id: UUID = Field(primary_key=True)
    reference: str = Field(sa_type=sa.Text, unique=True)
    principal: str = Field(sa_type=sa.Text)
    idempotency_key: str = Field(sa_type=sa.Text)
    source_force: str = Field(sa_type=sa.Text)
    system: str = Field(sa_type=sa.Text)
    incident_ref: str | None = Field(sa_type=sa.Text)
    incident_date: date | None
    source: dict[str, Any] = Field(sa_type=JSONB)
    digest: bytes
    record_key: str | None = Field(sa_type=sa.Text)
    in_reply_to: str | None = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)
    received_at: datetime = Field(sa_type=_MOMENT)
    ack_due: datetime = Field(sa_type=_MOMENT)
    held_until: datetime | None = Field(sa_type=_MOMENT)
    """Real time; null once routing has opened a referral."""
    picture: dict[str, Any] = Field(sa_type=JSONB)
    exercise: bool
    contact: dict[str, Any] | None = Field(sa_type=JSONB)
    consents: bool
    place_desk: str | None = Field(sa_type=sa.Text)
    strand_desk: str | None = Field(sa_type=sa.Text)
    force: str = Field(sa_type=sa.Text)
    state: str = Field(sa_type=sa.Text)
    holder: dict[str, Any] | None = Field(sa_type=JSONB)
    next_due: datetime | None = Field(sa_type=_MOMENT)
    sequence: int
    outbound_sequence: int
    changed_at: datetime | None = Field(sa_type=_MOMENT)
    unrouted_at: datetime | None = Field(sa_type=_MOMENT)
    withdrawn_at: datetime | None = Field(sa_type=_MOMENT)
    amended_by: str | None = Field(sa_type=sa.Text)
    withdrawn_by: str | None = Field(sa_type=sa.Text)
    transferred: bool
    last_officer: str | None = Field(default=None, sa_type=sa.Text)
    ended_as: str | None = Field(default=None, sa_type=sa.Text)
    skills: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    told_others: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class MarkRow(Base, table=True):
    """That a report gave a mark, a keyed hash somebody can be known again by, and whose pseudonym it was taken for."""

    __tablename__ = "marks"
    __table_args__ = (
        sa.Index("ix_marks_mark", "mark"),
        sa.Index("ix_marks_person_at", "person", "at"),
        sa.Index("ix_marks_at", "at"),
    )

    referral_id: UUID = Field(primary_key=True)
    mark: bytes = Field(primary_key=True)
    kind: str = Field(sa_type=sa.Text)
    person: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)


class SubjectKeyRow(Base, table=True):
    """A referral's own key, wrapped by a master key. Deleting the row erases the person."""

    __tablename__ = "subject_keys"

    referral_id: UUID = Field(primary_key=True)
    wrapped: bytes
    created_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=False)


class VaultRow(Base, table=True):
    """A sealed text of one referral: the body as it came in, contact details, each amendment."""

    __tablename__ = "vault"

    referral_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=sa.Text)
    sealed: bytes
    kept_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=False)


class ContactRow(Base, table=True):
    """Contact details left before their report, sealed by a master key until a report claims them."""

    __tablename__ = "contacts"

    handle: str = Field(primary_key=True, sa_type=sa.Text)
    owner: str = Field(sa_type=sa.Text)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    marks: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """By kind; moved to the report that claims them."""
    sealed: bytes | None
    left_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=False)
    claimed_by: UUID | None = None


class ToldRow(Base, table=True):
    """What a force's control room was told, for those who ask over HTTPS instead of reading the topic."""

    __tablename__ = "told"
    __table_args__ = (sa.Index("ix_told_force_xid_position", "force", "xid", "position"),)

    position: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    )
    xid: int | None = Field(
        default=None,
        sa_column=sa.Column(TransactionId, server_default=sa.text("pg_current_xact_id()"), nullable=False),
    )
    force: str = Field(sa_type=sa.Text)
    name: str = Field(sa_type=sa.Text)
    event: dict[str, Any] = Field(sa_type=JSONB)
    told_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=False)


class PolicyRow(Base, table=True):
    """A policy that was published."""

    __tablename__ = "policies"

    version: str = Field(primary_key=True, sa_type=sa.Text)
    effective_from: datetime = Field(sa_type=_MOMENT)
    document: dict[str, Any] = Field(sa_type=JSONB)
    seen_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=False)


class AccessRow(Base, table=True):
    """Who looked at what, and when. What it said is not here."""

    __tablename__ = "access_log"
    __table_args__ = (
        sa.Index("ix_access_log_reference_at", "reference", "at"),
        sa.Index("ix_access_log_actor_at", "actor", "at"),
    )

    id: UUID = Field(primary_key=True)
    actor: str = Field(sa_type=sa.Text)
    role: str = Field(sa_type=sa.Text)
    force: str | None = Field(sa_type=sa.Text)
    reference: str | None = Field(sa_type=sa.Text)
    what: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)


class BeatRow(Base, table=True):
    """When something periodic was last done by any replica, in real time."""

    __tablename__ = "beats"

    name: str = Field(primary_key=True, sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)


class DegradedRow(Base, table=True):
    """A part that control rooms have been told is away, until they are told that it is back."""

    __tablename__ = "degraded"

    part: str = Field(primary_key=True, sa_type=sa.Text)
    since: datetime = Field(sa_type=_MOMENT)


class AlarmRow(Base, table=True):
    """Something a person outside must know, until the break-glass webhook has taken it. Real time."""

    __tablename__ = "alarms"
    __table_args__ = (
        sa.Index("ix_alarms_next_try_at", "next_try_at", postgresql_where=sa.text("next_try_at is not null")),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=sa.Text)
    force: str = Field(sa_type=sa.Text)
    reference: str | None = Field(sa_type=sa.Text)
    raised_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=False)
    next_try_at: datetime | None = Field(default=None, sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW, nullable=True)
    tries: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")}, nullable=False)
    taken_at: datetime | None = Field(default=None, sa_type=_MOMENT, nullable=True)


def table_of(row: type[SQLModel]) -> sa.Table:
    """The table of a row class."""
    table: sa.Table = row.__table__  # type: ignore[attr-defined]
    return table

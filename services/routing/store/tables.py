"""Routing's tables. A referral's life is one JSON document; beside it stand the columns that are asked for."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.tables import service_metadata

SCHEMA = "routing"
metadata = service_metadata(SCHEMA)
_MOMENT: Any = sa.DateTime(timezone=True)
_REAL_NOW = {"server_default": sa.text("clock_timestamp()")}
_CURRENT = "until_version is null"


class TransactionId(sa.types.UserDefinedType[int]):
    """PostgreSQL's `xid8`: never wraps, so that a reader can ask for what had committed before a snapshot."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Its name in SQL."""
        return "xid8"


class Base(SQLModel, registry=registry(metadata=metadata)):
    """Binds the tables to routing's schema."""


class PoolRow(Base, table=True):
    """Forces that share officers, and the policy last decided by. Its lock makes one driver at a time decide."""

    __tablename__ = "pools"

    pool: str = Field(sa_type=sa.Text, primary_key=True)
    policy_version: str | None = Field(default=None, sa_type=sa.Text)
    roster_seen: int = Field(default=0, sa_column_kwargs={"server_default": sa.text("0")})
    """The roster's version that what is under way has followed."""


class ReferralRow(Base, table=True):
    """A referral: its life, and what boards and the driver ask for."""

    __tablename__ = "referrals"
    __table_args__ = (
        sa.Index("ix_referrals_wakes_at", "pool", "wakes_at", postgresql_where=sa.text("wakes_at is not null")),
        sa.Index("ix_referrals_looking", "pool", "looked_at_roster", postgresql_where=sa.text("looking")),
        sa.Index("ix_referrals_board", "force", "state", "opened_at"),
        sa.Index("ix_referrals_holder", "holder", postgresql_where=sa.text("holder is not null")),
    )

    id: UUID = Field(primary_key=True)
    reference: str = Field(sa_type=sa.Text, unique=True)
    pool: str = Field(sa_type=sa.Text)
    force: str = Field(sa_type=sa.Text)
    response_class: str = Field(sa_type=sa.Text)
    state: str = Field(sa_type=sa.Text)
    holder: str | None = Field(sa_type=sa.Text)
    holder_force: str | None = Field(sa_type=sa.Text)
    due: datetime | None = Field(sa_type=_MOMENT)
    wakes_at: datetime | None = Field(sa_type=_MOMENT)
    looking: bool
    looked_at_roster: int
    breached: bool
    exercise: bool
    opened_at: datetime = Field(sa_type=_MOMENT)
    changed_at: datetime = Field(sa_type=_MOMENT)
    sequence: int
    life: dict[str, Any] = Field(sa_type=JSONB)


class EngagementRow(Base, table=True):
    """An officer with an open offer or a held referral, for as long as that is so."""

    __tablename__ = "engagements"
    __table_args__ = (sa.Index("ix_engagements_officer", "officer"),)

    referral_id: UUID = Field(primary_key=True)
    officer: str = Field(sa_type=sa.Text, primary_key=True)
    kind: str = Field(sa_type=sa.Text)
    counts_for_cap: bool
    since: datetime = Field(sa_type=_MOMENT)


class LoadRow(Base, table=True):
    """How many engagements of an officer count for the cap. Its lock is what keeps a cap, whoever adds to it."""

    __tablename__ = "loads"

    officer: str = Field(sa_type=sa.Text, primary_key=True)
    counted: int
    last_task: datetime | None = Field(sa_type=_MOMENT)


class BarRow(Base, table=True):
    """An officer who declared a conflict about a person (by pseudonym) or a referral; never shown to anybody."""

    __tablename__ = "bars"

    person: str = Field(sa_type=sa.Text, primary_key=True)
    officer: str = Field(sa_type=sa.Text, primary_key=True)


class TimelineRow(Base, table=True):
    """What was said about a referral, in order; kept for seven years, long after the journal."""

    __tablename__ = "timeline"
    __table_args__ = (sa.Index("ix_timeline_xid", "xid", "referral_id", "sequence"),)

    referral_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    name: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)
    event: dict[str, Any] = Field(sa_type=JSONB)
    xid: int = Field(sa_type=TransactionId, sa_column_kwargs={"server_default": sa.text("pg_current_xact_id()")})


class DecisionRow(Base, table=True):
    """Why these officers were asked and no others, and enough to rank again."""

    __tablename__ = "decisions"
    __table_args__ = (sa.Index("ix_decisions_at", "at", "referral_id", "sequence", "number"),)

    referral_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=_MOMENT)
    decision: dict[str, Any] = Field(sa_type=JSONB)


class RosterStateRow(Base, table=True):
    """The roster's version: one row, locked by whoever changes the roster."""

    __tablename__ = "roster_state"

    only_row: bool = Field(primary_key=True, default=True)
    version: int
    changed_at: datetime = Field(sa_type=_MOMENT)


class OfficerRow(Base, table=True):
    """An officer from one version of the roster to another. `means` are sealed."""

    __tablename__ = "officers"
    __table_args__ = (sa.Index("ix_officers_current", "id", postgresql_where=sa.text(_CURRENT)),)

    id: str = Field(sa_type=sa.Text, primary_key=True)
    since_version: int = Field(primary_key=True)
    until_version: int | None
    force: str = Field(sa_type=sa.Text)
    details: dict[str, Any] = Field(sa_type=JSONB)
    means: list[dict[str, Any]] = Field(sa_type=JSONB)
    digest: bytes


class TrainingRow(Base, table=True):
    """A course an officer attended, from one version of the roster to another."""

    __tablename__ = "training"
    __table_args__ = (sa.Index("ix_training_current", "officer", postgresql_where=sa.text(_CURRENT)),)

    id: UUID = Field(primary_key=True)
    officer: str = Field(sa_type=sa.Text)
    course: str = Field(sa_type=sa.Text)
    attended: date | None
    valid_until: date
    since_version: int
    until_version: int | None


class DutyRow(Base, table=True):
    """A stretch of an officer's time and where it comes from: their own word, the feed or the file."""

    __tablename__ = "duties"
    __table_args__ = (
        sa.Index("ix_duties_current", "officer", "source", postgresql_where=sa.text(_CURRENT)),
        sa.Index("ix_duties_ends", "ends", postgresql_where=sa.text(_CURRENT)),
        sa.Index("ix_duties_since_version", "since_version"),
        sa.Index("ix_duties_until_version", "until_version"),
    )

    id: UUID = Field(primary_key=True)
    force: str = Field(sa_type=sa.Text)
    officer: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    starts: datetime = Field(sa_type=_MOMENT)
    ends: datetime | None = Field(sa_type=_MOMENT)
    source: str = Field(sa_type=sa.Text)
    entry: str | None = Field(sa_type=sa.Text)
    since_version: int
    until_version: int | None


class RoleRow(Base, table=True):
    """Who staffs a role of a force and when, from one version of the roster to another. `means` are sealed."""

    __tablename__ = "roles"
    __table_args__ = (sa.Index("ix_roles_current", "force", "role", postgresql_where=sa.text(_CURRENT)),)

    id: UUID = Field(primary_key=True)
    force: str = Field(sa_type=sa.Text)
    role: str = Field(sa_type=sa.Text)
    name: str = Field(sa_type=sa.Text)
    means: list[dict[str, Any]] = Field(sa_type=JSONB)
    starts: datetime | None = Field(sa_type=_MOMENT)
    ends: datetime | None = Field(sa_type=_MOMENT)
    digest: bytes
    source: str = Field(sa_type=sa.Text, sa_column_kwargs={"server_default": sa.text("'file'")})
    since_version: int
    until_version: int | None


class PolicyRow(Base, table=True):
    """A version of the policy, a proposal until `approved_at` is set. `published_at` is real time, the rest domain."""

    __tablename__ = "policies"

    version: str = Field(sa_type=sa.Text, primary_key=True)
    effective_from: datetime = Field(sa_type=_MOMENT)
    document: dict[str, Any] = Field(sa_type=sa.JSON)
    proposed_by: str | None = Field(sa_type=sa.Text)
    approved_by: str | None = Field(sa_type=sa.Text)
    published_at: datetime = Field(sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW)
    proposed_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    approved_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    on_approval: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class NotifyHealthRow(Base, table=True):
    """When each instance of notify was last heard of, in real time, and over which means it then got nothing out."""

    __tablename__ = "notify_health"

    instance: str = Field(sa_type=sa.Text, primary_key=True)
    seen_at: datetime = Field(sa_type=_MOMENT, sa_column_kwargs=_REAL_NOW)
    failing: list[str] = Field(sa_type=ARRAY(sa.Text), sa_column_kwargs={"server_default": "{}"})


class DegradedRow(Base, table=True):
    """A part that control rooms have been told is away, until they are told that it is back."""

    __tablename__ = "degraded"

    part: str = Field(sa_type=sa.Text, primary_key=True)
    since: datetime = Field(sa_type=_MOMENT)


def table_of(row: type[SQLModel]) -> sa.Table:
    """The table behind a row class."""
    table: sa.Table = row.__table__  # type: ignore[attr-defined]
    return table

"""Tables of what people add to the roster by their own word, and of the warnings that were given about it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.routing.store.tables import Base

_MOMENT: Any = sa.DateTime(timezone=True)
_CURRENT = "until_version is null"


class OwnMeansRow(Base, table=True):
    """A way to reach an officer by their own word, sealed, from one version of the roster to another."""

    __tablename__ = "own_means"
    __table_args__ = (sa.Index("ix_own_means_current", "officer", postgresql_where=sa.text(_CURRENT)),)

    id: UUID = Field(primary_key=True)
    officer: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    sealed: str = Field(sa_type=sa.Text)
    digest: bytes
    verified: bool
    since_version: int
    until_version: int | None


class ProofRow(Base, table=True):
    """A code that was sent to a row of own means: when (real time), and how often somebody got it wrong."""

    __tablename__ = "proofs"
    __table_args__ = (sa.Index("ix_proofs_officer", "officer", "at"),)

    means_id: UUID = Field(primary_key=True)
    officer: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)
    wrong: int


class TestNoticeRow(Base, table=True):
    """A test that an officer asked for, kept for the hour (real time) in which it counts."""

    __tablename__ = "test_notices"
    __table_args__ = (sa.Index("ix_test_notices_officer", "officer", "at"),)

    id: UUID = Field(primary_key=True)
    officer: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)


class WarningRow(Base, table=True):
    """Something that will be missing on the roster; told once, however often it goes away and comes back."""

    __tablename__ = "roster_warnings"
    __table_args__ = (sa.Index("ix_roster_warnings_open", "force", postgresql_where=sa.text("ended_at is null")),)

    kind: str = Field(sa_type=sa.Text, primary_key=True)
    subject: str = Field(sa_type=sa.Text, primary_key=True)
    due: datetime = Field(sa_type=_MOMENT, primary_key=True)
    force: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=_MOMENT)
    ended_at: datetime | None = Field(sa_type=_MOMENT)

"""The tables every service has in its own schema for the kernel: journal, inbox, cursors, held events, dead letters."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def service_metadata(schema: str) -> sa.MetaData:
    """Metadata of one service's schema, the kernel's tables already in it."""
    metadata = sa.MetaData(schema=schema, naming_convention=NAMING)
    kernel_tables(metadata)
    return metadata


@dataclass(frozen=True)
class KernelTables:
    """The kernel's tables in one schema."""

    journal: sa.Table
    inbox: sa.Table
    cursors: sa.Table
    held_events: sa.Table
    dead_letters: sa.Table
    clock_epoch: sa.Table
    idempotency: sa.Table


def kernel_tables(metadata: sa.MetaData) -> KernelTables:
    """Declare the kernel's tables in `metadata`; declared twice, the first declaration is returned."""
    schema = metadata.schema
    if f"{schema}.journal" in metadata.tables:
        return KernelTables(**{name: metadata.tables[f"{schema}.{name}"] for name in KernelTables.__annotations__})
    return KernelTables(
        journal=_journal(metadata),
        inbox=_inbox(metadata),
        cursors=_cursors(metadata),
        held_events=_held_events(metadata),
        dead_letters=_dead_letters(metadata),
        clock_epoch=_clock_epoch(metadata),
        idempotency=_idempotency(metadata),
    )


def _moment(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column[Any]:
    clock = sa.text("clock_timestamp()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=clock)


def _journal(metadata: sa.MetaData) -> sa.Table:
    table = sa.Table(
        "journal",
        metadata,
        # CACHE stays 1: ids follow the order of appending within one aggregate's lock.
        sa.Column("id", sa.BigInteger, sa.Identity(always=True, cache=1), primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=True),
        _moment("created_at", default=True),
        sa.Column("sent_in", UUID(as_uuid=True), nullable=True),
        _moment("published_at", nullable=True),
    )
    sa.Index("ix_journal_unpublished", table.c.id, postgresql_where=table.c.published_at.is_(None))
    sa.Index("ix_journal_published_at", table.c.published_at)
    return table


def _inbox(metadata: sa.MetaData) -> sa.Table:
    table = sa.Table(
        "inbox",
        metadata,
        sa.Column("principal", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        _moment("seen_at", default=True),
    )
    sa.Index("ix_inbox_seen_at", table.c.seen_at)
    return table


def _cursors(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "cursors",
        metadata,
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("held", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("blocked_by", UUID(as_uuid=True), nullable=True),
        _moment("changed_at", default=True),
    )


def _held_events(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "held_events",
        metadata,
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        _moment("held_at", default=True),
    )


def _dead_letters(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "dead_letters",
        metadata,
        sa.Column("id", UUID(as_uuid=True), primary_key=True),
        # A re-sent record has new coordinates, so ours are known by their event id instead.
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("stream", sa.Text, nullable=True),
        sa.Column("subject", sa.Text, nullable=True),
        sa.Column("sequence", sa.BigInteger, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("fields", JSONB, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=True),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'open'")),
        _moment("recorded_at", default=True),
        _moment("settled_at", nullable=True),
    )


def _clock_epoch(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "clock_epoch",
        metadata,
        sa.Column("only_row", sa.Boolean, primary_key=True, server_default=sa.text("true")),
        _moment("epoch"),
    )


def _idempotency(metadata: sa.MetaData) -> sa.Table:
    table = sa.Table(
        "idempotency",
        metadata,
        sa.Column("client", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        _moment("created_at", default=True),
    )
    sa.Index("ix_idempotency_created_at", table.c.created_at)
    return table


def create_kernel_0001(op: Any, schema: str) -> None:
    """First migration of the kernel's tables, called by each service's own 0001 with Alembic's `op`."""
    for table in KernelTables.__annotations__:
        kernel = kernel_tables(sa.MetaData(schema=schema, naming_convention=NAMING))
        getattr(kernel, table).create(op.get_bind())

"""The first tables: recipients, referrals, notices, attempts, phone messages, policies."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.tables import create_kernel_0001

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Create them, beside the kernel's."""
    create_kernel_0001(op, SCHEMA)
    _recipients()
    _referrals()
    _notices()
    _attempts()
    _phone_messages()
    _policies()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column("id", sa.Text(), nullable=False),
        _text("force", nullable=True),
        sa.Column("ways", JSONB(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _flag("gone"),
        sa.PrimaryKeyConstraint("id", name="pk_recipients"),
        schema=SCHEMA,
    )


def _referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("reference"),
        _text("force"),
        _text("response_class", nullable=True),
        _text("pool", nullable=True),
        _flag("exercise"),
        _text("holder", nullable=True),
        _text("holder_force", nullable=True),
        sa.Column("asked", ARRAY(sa.Text()), nullable=False),
        sa.Column("open", ARRAY(sa.Text()), nullable=False),
        sa.Column("alerted", JSONB(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_referrals"),
        schema=SCHEMA,
    )
    op.create_index("ix_referrals_reference", "referrals", ["reference"], schema=SCHEMA)


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("recipient"),
        _text("type"),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        _text("reference", nullable=True),
        _text("response_class", nullable=True),
        _flag("exercise"),
        _moment("respond_by", nullable=True),
        _moment("not_after"),
        _moment("at"),
        _moment("changed_at"),
        sa.Column("patience", sa.Float(), nullable=False),
        _flag("superseded"),
        sa.Column("legs", JSONB(), nullable=False),
        _text("state"),
        _text("means", nullable=True),
        _moment("due_at", nullable=True),
        _flag("repeat"),
        _flag("in_flight"),
        _flag("waiting"),
        _text("lane", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        schema=SCHEMA,
        # Each row is rewritten two or three times within a second of being written.
        postgresql_with={"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.05"},
    )
    due = sa.text("due_at is not null")
    op.create_index("ix_notices_due", "notices", ["repeat", "due_at"], schema=SCHEMA, postgresql_where=due)
    op.create_index("ix_notices_person", "notices", ["referral_id", "recipient"], schema=SCHEMA)
    op.create_index("ix_notices_reference", "notices", ["reference", "id"], schema=SCHEMA)
    op.create_index("ix_notices_waiting", "notices", ["recipient"], schema=SCHEMA, postgresql_where=sa.text("waiting"))


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        _text("means"),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _moment("at"),
        _text("state"),
        _text("reason", nullable=True),
        sa.PrimaryKeyConstraint("notice_id", "means", "nth", "number", name="pk_attempts"),
        schema=SCHEMA,
    )


def _phone_messages() -> None:
    op.create_table(
        "phone_messages",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        _text("means"),
        sa.Column("nth", sa.Integer(), nullable=False),
        _text("recipient"),
        _text("type"),
        _text("reference", nullable=True),
        _text("subject"),
        _text("body"),
        _flag("exercise"),
        _moment("at"),
        sa.PrimaryKeyConstraint("notice_id", "means", "nth", name="pk_phone_messages"),
        schema=SCHEMA,
    )
    op.create_index("ix_phone_messages_at", "phone_messages", ["at"], schema=SCHEMA)


def _policies() -> None:
    op.create_table(
        "policies",
        _text("pool"),
        _text("version"),
        _moment("effective_from"),
        sa.Column("receipt_seconds", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "version", name="pk_policies"),
        schema=SCHEMA,
    )

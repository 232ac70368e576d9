"""Replies: a provider's name for an attempt, codes that answer offers, numbers that said STOP, and what came back."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Add them; what was written before knows none of it."""
    op.add_column("attempts", sa.Column("provider_id", sa.Text(), nullable=True), schema=SCHEMA)
    known = sa.text("provider_id is not null")
    op.create_index("ix_attempts_provider_id", "attempts", ["provider_id"], schema=SCHEMA, postgresql_where=known)
    _numbers()
    _offer_codes()
    _replies()
    _letters()


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _numbers() -> None:
    op.create_table(
        "numbers",
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        _moment("first_at"),
        _moment("stopped_at", nullable=True),
        sa.PrimaryKeyConstraint("mark", name="pk_numbers"),
        schema=SCHEMA,
    )


def _offer_codes() -> None:
    op.create_table(
        "offer_codes",
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("mark", "code", name="pk_offer_codes"),
        sa.UniqueConstraint("mark", "referral_id", "recipient", name="uq_offer_codes_mark"),
        schema=SCHEMA,
    )


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        _moment("at"),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "provider_id", name="pk_replies"),
        schema=SCHEMA,
    )
    op.create_index("ix_replies_mark", "replies", ["mark", "at"], schema=SCHEMA)


def _letters() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        _moment("at"),
        _moment("due_at", nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
        sa.UniqueConstraint("about", name="uq_letters_about"),
        schema=SCHEMA,
    )
    due = sa.text("due_at is not null")
    op.create_index("ix_letters_due", "letters", ["due_at"], schema=SCHEMA, postgresql_where=due)

"""Storms, reminders and quiet hours: how many messages somebody had, what they are reminded of, what can wait."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "notify"


def upgrade() -> None:
    """Add both, what a policy says of reminders and quiet hours, and until when whoever was asked is on duty."""
    op.create_table(
        "paces",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        _moment("since"),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("recipient", "means", "nth", name="pk_paces"),
        schema=SCHEMA,
    )
    op.create_table(
        "reminders",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        _moment("due_at"),
        _moment("respond_by"),
        sa.PrimaryKeyConstraint("referral_id", "recipient", name="pk_reminders"),
        schema=SCHEMA,
    )
    op.create_index("ix_reminders_due", "reminders", ["due_at"], schema=SCHEMA)
    op.add_column("policies", _map("reminder_minutes"), schema=SCHEMA)
    op.add_column("policies", sa.Column("quiet", JSONB(), nullable=True), schema=SCHEMA)
    op.add_column("referrals", _map("duty_until"), schema=SCHEMA)


def _map(name: str) -> sa.Column[dict[str, str]]:
    return sa.Column(name, JSONB(), nullable=False, server_default=sa.text("'{}'"))


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)

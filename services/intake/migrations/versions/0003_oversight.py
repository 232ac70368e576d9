"""Alarms for the break-glass webhook, drills found quickly, and a count of its own for each force that is told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "intake"
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Create them."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "alarms",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("force", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("raised_at", moment, nullable=False, server_default=_NOW),
        sa.Column("next_try_at", moment, server_default=_NOW),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("taken_at", moment),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_alarms_next_try_at",
        "alarms",
        ["next_try_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("next_try_at is not null"),
    )
    op.create_index(
        "ix_reports_drills",
        "reports",
        ["source_force", "at"],
        schema=SCHEMA,
        postgresql_where=sa.text("system = 'drill'"),
    )
    op.add_column("reports", sa.Column("told_others", JSONB), schema=SCHEMA)
    # A force that has read up to the common number goes on from there.
    op.execute(
        f"update {SCHEMA}.reports "
        "set told_others = jsonb_build_object('counts', jsonb_build_object(force, outbound_sequence)) "
        "where transferred and force <> source_force"
    )

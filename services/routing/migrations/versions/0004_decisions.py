"""Decisions: in order of time, so that all of them can be repeated in one pass."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    """Add an index."""
    op.create_index("ix_decisions_at", "decisions", ["at", "referral_id", "sequence", "number"], schema=SCHEMA)

"""Policy: a notice says by which version it is patient, and of two versions of one date the later approved holds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; what was written before knows neither."""
    op.add_column("notices", sa.Column("policy_version", sa.Text(), nullable=True), schema="notify")
    moment = sa.DateTime(timezone=True)
    op.add_column("policies", sa.Column("approved_at", moment, nullable=True), schema="notify")

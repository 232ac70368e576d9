"""Policy: versions are proposed before they are approved, and a pool remembers which it last decided by."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    """Add when a version was proposed and approved. What is there already was published, so it counts as approved."""
    for name in ("proposed_at", "approved_at"):
        op.add_column("policies", sa.Column(name, sa.DateTime(timezone=True), nullable=True), schema=SCHEMA)
    begins: sa.Column[bool] = sa.Column("on_approval", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("policies", begins, schema=SCHEMA)
    op.execute(f"update {SCHEMA}.policies set approved_at = published_at")
    # JSONB forgets the order in which somebody wrote their classes and desks.
    op.alter_column("policies", "document", type_=sa.JSON(), postgresql_using="cast(document as json)", schema=SCHEMA)
    op.add_column("pools", sa.Column("policy_version", sa.Text(), nullable=True), schema=SCHEMA)

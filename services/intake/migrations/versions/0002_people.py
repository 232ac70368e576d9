"""People: the marks they are known again by, who held a report last, and how it ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "intake"


def upgrade() -> None:
    """Create the marks, and the columns beside what is there."""
    op.create_table(
        "marks",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", "mark", name="pk_marks"),
        schema=SCHEMA,
    )
    op.create_index("ix_marks_mark", "marks", ["mark"], schema=SCHEMA)
    op.create_index("ix_marks_person_at", "marks", ["person", "at"], schema=SCHEMA)
    op.create_index("ix_marks_at", "marks", ["at"], schema=SCHEMA)
    op.add_column("contacts", sa.Column("marks", JSONB(), nullable=True), schema=SCHEMA)
    op.add_column("reports", sa.Column("last_officer", sa.Text(), nullable=True), schema=SCHEMA)
    op.add_column("reports", sa.Column("ended_as", sa.Text(), nullable=True), schema=SCHEMA)
    op.add_column("reports", sa.Column("skills", JSONB(), nullable=True), schema=SCHEMA)

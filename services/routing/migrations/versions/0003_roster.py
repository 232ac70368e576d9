"""Roster: where a role's line comes from, officers' own means, warnings that were given, what has been followed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    """Add columns that older code leaves to their defaults, and two tables that it does not know."""
    source = sa.Column("source", sa.Text(), nullable=False, server_default=sa.text("'file'"))
    op.add_column("roles", source, schema=SCHEMA)
    _own_means()
    _warnings()
    _followed()


def _followed() -> None:
    seen = sa.Column("roster_seen", sa.Integer(), nullable=False, server_default=sa.text("0"))
    op.add_column("pools", seen, schema=SCHEMA)
    for column in ("since_version", "until_version"):
        op.create_index(f"ix_duties_{column}", "duties", [column], schema=SCHEMA)


def _own_means() -> None:
    op.create_table(
        "own_means",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_own_means"),
        schema=SCHEMA,
    )
    current = sa.text("until_version is null")
    op.create_index("ix_own_means_current", "own_means", ["officer"], schema=SCHEMA, postgresql_where=current)


def _warnings() -> None:
    op.create_table(
        "roster_warnings",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject", "due", name="pk_roster_warnings"),
        schema=SCHEMA,
    )
    going_on = sa.text("ended_at is null")
    op.create_index("ix_roster_warnings_open", "roster_warnings", ["force"], schema=SCHEMA, postgresql_where=going_on)

"""The first tables: referrals and their story, engagements and loads, the roster from version to version, policies."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.store.tables import TransactionId
from shared.tables import create_kernel_0001

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "routing"
CURRENT = "until_version is null"


def upgrade() -> None:
    """Create them, beside the kernel's."""
    create_kernel_0001(op, SCHEMA)
    _referrals()
    _in_hand()
    _story()
    _officers()
    _duty()
    _roles()
    _policies()


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _written(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()"))


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), nullable=False)


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _table(name: str, key: Sequence[str], *columns: Any) -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"), schema=SCHEMA)


def _index(name: str, table: str, columns: Sequence[str], where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, list(columns), schema=SCHEMA, postgresql_where=condition)


def _referrals() -> None:
    _table("pools", ["pool"], _text("pool"))
    _table(
        "referrals",
        ["id"],
        _id(),
        _text("reference"),
        _text("pool"),
        _text("force"),
        _text("response_class"),
        _text("state"),
        _text("holder", nullable=True),
        _text("holder_force", nullable=True),
        _moment("due", nullable=True),
        _moment("wakes_at", nullable=True),
        _flag("looking"),
        _number("looked_at_roster"),
        _flag("breached"),
        _flag("exercise"),
        _moment("opened_at"),
        _moment("changed_at"),
        _number("sequence"),
        _json("life"),
        sa.UniqueConstraint("reference", name="uq_referrals_reference"),
    )
    _index("ix_referrals_wakes_at", "referrals", ["pool", "wakes_at"], "wakes_at is not null")
    _index("ix_referrals_looking", "referrals", ["pool", "looked_at_roster"], "looking")
    _index("ix_referrals_board", "referrals", ["force", "state", "opened_at"])
    _index("ix_referrals_holder", "referrals", ["holder"], "holder is not null")


def _in_hand() -> None:
    _table(
        "engagements",
        ["referral_id", "officer"],
        _id("referral_id"),
        _text("officer"),
        _text("kind"),
        _flag("counts_for_cap"),
        _moment("since"),
    )
    _index("ix_engagements_officer", "engagements", ["officer"])
    _table("loads", ["officer"], _text("officer"), _number("counted"), _moment("last_task", nullable=True))
    _table("bars", ["person", "officer"], _text("person"), _text("officer"))


def _story() -> None:
    _table(
        "timeline",
        ["referral_id", "sequence"],
        _id("referral_id"),
        _number("sequence"),
        _text("name"),
        _moment("at"),
        _json("event"),
        sa.Column("xid", TransactionId(), nullable=False, server_default=sa.text("pg_current_xact_id()")),
    )
    _index("ix_timeline_xid", "timeline", ["xid", "referral_id", "sequence"])
    _table(
        "decisions",
        ["referral_id", "sequence", "number"],
        _id("referral_id"),
        _number("sequence"),
        _number("number"),
        _moment("at"),
        _json("decision"),
    )
    _table("notify_health", ["instance"], _text("instance"), _written("seen_at"))


def _officers() -> None:
    _table("roster_state", ["only_row"], _flag("only_row"), _number("version"), _moment("changed_at"))
    _table(
        "officers",
        ["id", "since_version"],
        _text("id"),
        _number("since_version"),
        _number("until_version", nullable=True),
        _text("force"),
        _json("details"),
        _json("means"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
    )
    _index("ix_officers_current", "officers", ["id"], CURRENT)
    _table(
        "training",
        ["id"],
        _id(),
        _text("officer"),
        _text("course"),
        sa.Column("attended", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False),
        _number("since_version"),
        _number("until_version", nullable=True),
    )
    _index("ix_training_current", "training", ["officer"], CURRENT)


def _duty() -> None:
    _table(
        "duties",
        ["id"],
        _id(),
        _text("force"),
        _text("officer"),
        _text("kind"),
        _moment("starts"),
        _moment("ends", nullable=True),
        _text("source"),
        _text("entry", nullable=True),
        _number("since_version"),
        _number("until_version", nullable=True),
    )
    _index("ix_duties_current", "duties", ["officer", "source"], CURRENT)
    _index("ix_duties_ends", "duties", ["ends"], CURRENT)


def _roles() -> None:
    _table(
        "roles",
        ["id"],
        _id(),
        _text("force"),
        _text("role"),
        _text("name"),
        _json("means"),
        _moment("starts", nullable=True),
        _moment("ends", nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _number("since_version"),
        _number("until_version", nullable=True),
    )
    _index("ix_roles_current", "roles", ["force", "role"], CURRENT)


def _policies() -> None:
    _table(
        "policies",
        ["version"],
        _text("version"),
        _moment("effective_from"),
        _json("document"),
        _text("proposed_by", nullable=True),
        _text("approved_by", nullable=True),
        _written("published_at"),
    )

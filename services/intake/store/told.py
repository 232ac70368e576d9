"""What control rooms were told, kept for those who ask over HTTPS; and the journal entries that tell the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.rules.desk import Told
from services.intake.store.tables import SCHEMA, ToldRow, table_of
from shared import rows
from shared.contracts.logline import Outbound
from shared.contracts.policy import PolicyDocument
from shared.database import Unit
from shared.journal import Outgoing

_FLEETING = frozenset({"service.heartbeat"})
"""Not kept: whoever asks over HTTPS sees for themselves that we are there."""
_EVERYBODY = "service"
"""The key of what is about no report."""
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Cursor:
    """How far somebody has read: everything committed before, in order."""

    xid: int = 0
    position: int = 0

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """The cursor in `text` (`<xid>-<position>`); the beginning where there is none; None for what is no cursor."""
        if not text:
            return cls()
        xid, dash, position = text.partition("-")
        if not (dash and text.isascii() and xid.isdecimal() and position.isdecimal() and len(text) <= 40):
            return None
        cursor = cls(int(xid), int(position))
        return cursor if max(cursor.xid, cursor.position) <= _LARGEST else None

    def __str__(self) -> str:
        return f"{self.xid}-{self.position}"


def entries(told: Sequence[Told]) -> list[Outgoing]:
    """The journal entries that tell control rooms by topic."""
    return [Outgoing(f"outbound.{one.force}", one.key, one.event, one.event.at) for one in told]


def lines(told: Sequence[Told]) -> rows.Insert:
    """The same for those who ask over HTTPS, to be written."""
    kept = [one for one in told if one.event.name not in _FLEETING]
    return rows.Insert(
        table_of(ToldRow),
        [
            {"force": one.force, "name": one.event.name, "event": one.event.model_dump_json(by_alias=True)}
            for one in kept
        ],
    )


def to_all(policy: PolicyDocument, event: Outbound) -> list[Told]:
    """What every control room is told, whoever's reports it is about."""
    return [Told(force, _EVERYBODY, event) for force in policy.forces]


async def tell(unit: Unit, told: Sequence[Told]) -> None:
    """Tell control rooms, by topic and for those who ask."""
    await unit.append(entries(told))
    await rows.insert(unit.connection, lines(told))


async def after(
    connection: AsyncConnection, force: str, cursor: Cursor, limit: int
) -> list[tuple[Cursor, dict[str, Any]]]:
    """What a force was told after `cursor`, at most `limit`, in an order that never changes.

    A position alone would lose rows: a lower one may be committed later. Rows are shown only once every transaction
    that began before theirs has ended.
    """
    found = await connection.execute(
        sa.text(
            f"select cast(cast(xid as text) as numeric) as xid, position, name, event from {SCHEMA}.told "
            "where force = :force and xid < pg_snapshot_xmin(pg_current_snapshot()) "
            "and (xid, position) > (cast(cast(:xid as text) as xid8), :position) "
            "order by told.xid, position limit :limit"
        ),
        {"force": force, "xid": str(cursor.xid), "position": cursor.position, "limit": limit},
    )
    return [(Cursor(int(row.xid), row.position), {"type": f"liaison.{row.name}.v1", **row.event}) for row in found]

"""The policy as notify needs it: how long each class waits for a receipt, by version and the date it holds from."""

from collections.abc import Iterable

import orjson
import sqlalchemy as sa

from services.notify.rules.patience import Patience
from shared.database import Unit

_ALL = sa.text("select * from notify.policies")


async def policies(unit: Unit) -> list[Patience]:
    """Every version seen; there are few."""
    rows = await unit.connection.execute(_ALL)
    return [Patience(row.pool, row.version, row.effective_from, row.receipt_seconds) for row in rows]


async def save_policies(unit: Unit, seen: Iterable[Patience]) -> None:
    """Write versions, by one statement; the same version again replaces what was there."""
    rows = sorted(seen, key=lambda one: (one.pool, one.version))
    if not rows:
        return
    await unit.connection.execute(
        sa.text(
            "insert into notify.policies (pool, version, effective_from, receipt_seconds) "
            "select pool, version, effective_from, receipt_seconds::jsonb from unnest(cast(:pools as text[]), "
            "cast(:versions as text[]), cast(:froms as timestamptz[]), cast(:waits as text[])) "
            "as v(pool, version, effective_from, receipt_seconds) on conflict (pool, version) do update "
            "set effective_from = excluded.effective_from, receipt_seconds = excluded.receipt_seconds"
        ),
        {
            "pools": [row.pool for row in rows],
            "versions": [row.version for row in rows],
            "froms": [row.effective_from for row in rows],
            "waits": [orjson.dumps(dict(row.receipt_seconds)).decode() for row in rows],
        },
    )

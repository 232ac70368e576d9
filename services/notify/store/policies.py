"""The policy as notify needs it: how patient each class is, by version and the date it holds from."""

from collections.abc import Iterable
from dataclasses import asdict

import orjson
import sqlalchemy as sa

from services.notify.rules.patience import Patience
from services.notify.rules.quiet import Quiet
from shared.database import Unit

_ALL = sa.text("select * from notify.policies")


async def policies(unit: Unit) -> list[Patience]:
    """Every version seen; there are few."""
    rows = await unit.connection.execute(_ALL)
    return [
        Patience(
            row.pool,
            row.version,
            row.effective_from,
            row.receipt_seconds,
            row.approved_at,
            row.reminder_minutes,
            Quiet(**row.quiet["hours"]) if row.quiet else None,
            frozenset(row.quiet["classes"] if row.quiet else ()),
        )
        for row in rows
    ]


async def save_policies(unit: Unit, seen: Iterable[Patience]) -> None:
    """Write versions, by one statement; the same version again replaces what was there."""
    # A version may come twice in a batch, as news and beside other news; a statement writes each row once.
    rows = [one for _, one in sorted({(one.pool, one.version): one for one in seen}.items())]
    if not rows:
        return
    await unit.connection.execute(
        sa.text(
            "insert into notify.policies (pool, version, effective_from, receipt_seconds, approved_at, "
            "reminder_minutes, quiet) select pool, version, effective_from, receipt_seconds::jsonb, approved_at, "
            "reminder_minutes::jsonb, quiet::jsonb from unnest("
            "cast(:pools as text[]), cast(:versions as text[]), cast(:froms as timestamptz[]), "
            "cast(:waits as text[]), cast(:approvals as timestamptz[]), cast(:reminders as text[]), "
            "cast(:quiets as text[])"
            ") as v(pool, version, effective_from, receipt_seconds, approved_at, reminder_minutes, quiet) "
            "on conflict (pool, version) do update set effective_from = excluded.effective_from, "
            "receipt_seconds = excluded.receipt_seconds, approved_at = excluded.approved_at, "
            "reminder_minutes = excluded.reminder_minutes, quiet = excluded.quiet"
        ),
        {
            "pools": [row.pool for row in rows],
            "versions": [row.version for row in rows],
            "froms": [row.effective_from for row in rows],
            "waits": [orjson.dumps(dict(row.receipt_seconds)).decode() for row in rows],
            "approvals": [row.approved_at for row in rows],
            "reminders": [orjson.dumps(dict(row.reminder_minutes)).decode() for row in rows],
            "quiets": [_quiet_json(row) for row in rows],
        },
    )


def _quiet_json(policy: Patience) -> str | None:
    if policy.quiet is None:
        return None
    return orjson.dumps({"hours": asdict(policy.quiet), "classes": sorted(policy.quiet_classes)}).decode()

"""What routing knows of notify: when it was last heard of, in real time."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA

SILENCE_SECONDS = 30
"""Real seconds without a heartbeat after which notify counts as away (design §4)."""


async def heard_of(connection: AsyncConnection, instances: Iterable[str]) -> None:
    """Instances of notify were heard of now."""
    if not (names := sorted(set(instances))):
        return
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.notify_health (instance, seen_at) "
            "select name, clock_timestamp() from unnest(cast(:names as text[])) as heard(name) "
            "on conflict (instance) do update set seen_at = excluded.seen_at"
        ),
        {"names": names},
    )
    await connection.execute(
        sa.text(f"delete from {SCHEMA}.notify_health where seen_at < clock_timestamp() - interval '1 day'")
    )


async def notify_is_away(connection: AsyncConnection) -> bool:
    """Whether no instance of notify has been heard of for half a minute."""
    found = await connection.execute(
        sa.text(
            f"select not exists (select 1 from {SCHEMA}.notify_health "
            f"where seen_at > clock_timestamp() - interval '{SILENCE_SECONDS} seconds')"
        )
    )
    return bool(found.scalar_one())

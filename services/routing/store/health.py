"""What routing knows of notify: when it was last heard of, in real time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import SCHEMA

SILENCE_SECONDS = 25
"""Real seconds without a heartbeat, of which there is one every ten, after which notify counts as away.

Routing and the boards are to know within 30 s (design §4); the rest is for looking, and for saying so.
"""


async def heard_of(connection: AsyncConnection, instances: Mapping[str, Sequence[str]]) -> None:
    """Instances of notify were heard of now, and which means each finds failing."""
    if not (names := sorted(instances)):
        return
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.notify_health (instance, seen_at, failing) "
            "select name, clock_timestamp(), string_to_array(failing, ',') "
            "from unnest(cast(:names as text[]), cast(:failing as text[])) as heard(name, failing) "
            "on conflict (instance) do update set seen_at = excluded.seen_at, failing = excluded.failing"
        ),
        {"names": names, "failing": [",".join(instances[name]) for name in names]},
    )
    await connection.execute(
        sa.text(f"delete from {SCHEMA}.notify_health where seen_at < clock_timestamp() - interval '1 day'")
    )


async def notify_is_away(connection: AsyncConnection) -> bool:
    """Whether no instance of notify has been heard of for as long as counts."""
    found = await connection.execute(
        sa.text(
            f"select not exists (select 1 from {SCHEMA}.notify_health "
            f"where seen_at > clock_timestamp() - interval '{SILENCE_SECONDS} seconds')"
        )
    )
    return bool(found.scalar_one())


async def degraded(connection: AsyncConnection) -> list[str]:
    """What a board must know: "notify" where it is away, else the means that nobody is reached by just now."""
    if await notify_is_away(connection):
        return ["notify"]
    found = await connection.scalars(
        sa.text(
            f"select distinct unnest(failing) as means from {SCHEMA}.notify_health "
            f"where seen_at > clock_timestamp() - interval '{SILENCE_SECONDS} seconds' order by means"
        )
    )
    return list(found)


async def is_news(connection: AsyncConnection, part: str, at: datetime, *, away: bool) -> bool:
    """Note that a part is away, or back; True for the one who finds that this has changed."""
    statement = (
        f"insert into {SCHEMA}.degraded (part, since) values (:part, :at) on conflict do nothing returning part"
        if away
        else f"delete from {SCHEMA}.degraded where part = :part returning part"
    )
    told = await connection.execute(sa.text(statement), {"part": part, "at": at} if away else {"part": part})
    return told.first() is not None

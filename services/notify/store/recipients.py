"""Officers and roles as the roster publishes them, their means still sealed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from services.notify.rules.planning import Recipient, Way
from shared.contracts.officers import OfficerPublished
from shared.database import Unit


@dataclass(frozen=True)
class Published:
    """An officer or role as stored: `event` None is somebody taken off the roster."""

    id: str
    version: int
    event: OfficerPublished | None


_KNOWN = sa.text("select id, ways::text as ways from notify.recipients where id = any(:ids)")


async def recipients(unit: Unit, ids: Iterable[str]) -> dict[str, Recipient]:
    """The recipients known by these ids; somebody taken off the roster is known, without ways."""
    rows = await unit.connection.execute(
        _KNOWN,
        {"ids": sorted(set(ids))},
    )
    return {row.id: Recipient(row.id, ways_of(row.ways)) for row in rows}


async def versions(unit: Unit, ids: Iterable[str]) -> dict[str, int]:
    """The version stored of each, locked in id order; 0 for somebody gone, who may come back at any version."""
    rows = await unit.connection.execute(
        sa.text("select id, version, gone from notify.recipients where id = any(:ids) order by id for update"),
        {"ids": sorted(set(ids))},
    )
    return {row.id: 0 if row.gone else row.version for row in rows}


# Published again, a way that is gone is still gone, as long as it is sealed as it was.
_STILL_GONE = """
case when not known.ways @> '[{"gone": true}]' then excluded.ways else (
    select coalesce(jsonb_agg(case when known.ways @> jsonb_build_array(jsonb_build_object(
        'sealed', way -> 'sealed', 'gone', true)) then way || jsonb_build_object('gone', true) else way end
        order by place), '[]') from jsonb_array_elements(excluded.ways) with ordinality as each(way, place)) end
"""

_GONE = sa.text("""
update notify.recipients set ways = (
    select jsonb_agg(case when way ->> 'sealed' = :sealed then way || jsonb_build_object('gone', true) else way end
        order by place) from jsonb_array_elements(ways) with ordinality as each(way, place))
where id = :recipient and ways @> jsonb_build_array(jsonb_build_object('sealed', cast(:sealed as text)))
""")


async def mark_gone(unit: Unit, recipient: str, sealed: str) -> None:
    """Write down that nobody is there any more; a way that is not theirs any more is left alone."""
    await unit.connection.execute(_GONE, {"recipient": recipient, "sealed": sealed})


async def save_recipients(unit: Unit, published: Mapping[str, Published]) -> None:
    """Write recipients, by one statement, in id order."""
    rows = [published[identity] for identity in sorted(published)]
    if not rows:
        return
    await unit.connection.execute(
        sa.text(
            "insert into notify.recipients as known (id, force, ways, version, gone) "
            "select id, force, ways::jsonb, version, gone from unnest(cast(:ids as text[]), "
            "cast(:forces as text[]), cast(:ways as text[]), cast(:versions as bigint[]), cast(:gone as boolean[])) "
            "as v(id, force, ways, version, gone) on conflict (id) do update set force = excluded.force, "
            f"ways = {_STILL_GONE}, version = excluded.version, gone = excluded.gone"
        ),
        {
            "ids": [row.id for row in rows],
            "forces": [row.event.force if row.event else None for row in rows],
            "ways": [_ways_json(row.event) for row in rows],
            "versions": [row.version for row in rows],
            "gone": [row.event is None for row in rows],
        },
    )


@lru_cache(maxsize=4096)
def ways_of(json: str | None) -> tuple[Way, ...]:
    """Stored ways, sealed as they came."""
    return tuple(
        Way(
            way["kind"],
            way["sealed"],
            way["verified"],
            _time(way.get("from")),
            _time(way.get("until")),
            way.get("gone", False),
        )
        for way in orjson.loads(json or "[]")
    )


def _ways_json(event: OfficerPublished | None) -> str:
    means: list[dict[str, Any]] = [way.model_dump(mode="json") for way in event.means] if event else []
    return orjson.dumps(means).decode()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

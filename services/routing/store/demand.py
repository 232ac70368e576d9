"""What was opened in the past year, counted: no reference, no person, no time but the hour of the week."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.coverage.model import History, Seen
from services.routing.store.tables import SCHEMA

LOOKS_BACK = timedelta(days=365)
_WEEK = timedelta(weeks=1)
_PICTURE = "life -> 'picture'"
_HOUR = (
    "cast((extract(isodow from opened_at at time zone :timezone) - 1) * 24 "
    "+ extract(hour from opened_at at time zone :timezone) as integer)"
)


async def history(connection: AsyncConnection, pool: str, timezone: str, now: datetime) -> History:
    """The pool's referrals of the last year, exercises and what went to a hand-off desk left out."""
    found = await connection.execute(
        sa.text(
            f"select {_PICTURE} ->> 'district' as district, {_PICTURE} ->> 'need' as need, "
            f"{_both('needs', 'required_skills')} as skills, {_both('languages', 'required_languages')} as languages, "
            f"coalesce(cast(life ->> 'erased' as boolean), false) as erased, {_HOUR} as hour, "
            f"count(*) as number, min(opened_at) as first from {SCHEMA}.referrals "
            f"where pool = :pool and not exercise and opened_at > :since and opened_at <= :now "
            f"and {_PICTURE} ->> 'desk' is null group by 1, 2, 3, 4, 5, 6"
        ),
        {"pool": pool, "timezone": timezone, "since": now - LOOKS_BACK, "now": now},
    )
    rows = list(found)
    first = min((row.first for row in rows), default=now)
    return History(
        weeks=(now - first) / _WEEK,
        seen=tuple(
            Seen(row.district, row.need, _words(row.skills), _words(row.languages), row.hour, row.number, row.erased)
            for row in rows
            if row.district is not None
        ),
        unplaced=sum(row.number for row in rows if row.district is None),
    )


def _both(liked: str, required: str) -> str:
    """What is liked and what is required, as one list in JSON's text."""
    empty = "cast('[]' as jsonb)"
    parts = (f"coalesce({_PICTURE} -> '{name}', {empty})" for name in (liked, required))
    return f"cast({' || '.join(parts)} as text)"


def _words(text: str) -> frozenset[str]:
    words: Iterable[str] = orjson.loads(text)
    return frozenset(words)

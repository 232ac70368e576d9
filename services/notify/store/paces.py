"""How many messages each person has had over a means lately."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from services.notify.rules.bundling import Pace
from shared.database import Unit

Line = tuple[str, str, int]
"""Somebody, a means, and which of theirs of that kind: one address."""

# The update changes nothing; it locks and returns the row that is there, in the same statement and order.
_LOCK = sa.text(
    "insert into notify.paces (recipient, means, nth, since, sent) select recipient, means, nth, "
    "to_timestamp(0), 0 from unnest(cast(:recipients as text[]), cast(:means as text[]), cast(:nths as integer[])) "
    "as v(recipient, means, nth) order by recipient, means, nth "
    "on conflict (recipient, means, nth) do update set sent = notify.paces.sent "
    "returning recipient, means, nth, since, sent"
)
_SAVE = sa.text(
    "update notify.paces p set since = v.since, sent = v.sent from unnest(cast(:recipients as text[]), "
    "cast(:means as text[]), cast(:nths as integer[]), cast(:sinces as timestamptz[]), cast(:sents as integer[])) "
    "as v(recipient, means, nth, since, sent) "
    "where p.recipient = v.recipient and p.means = v.means and p.nth = v.nth"
)


async def lock_paces(unit: Unit, lines: Iterable[Line]) -> dict[Line, Pace]:
    """The paces of these addresses, locked in order; an address never written to has one from long ago."""
    rows = await unit.connection.execute(_LOCK, _columns(sorted(set(lines))))
    return {(row.recipient, row.means, row.nth): Pace(row.since, row.sent) for row in rows}


async def save_paces(unit: Unit, paces: Mapping[Line, Pace]) -> None:
    """Write them back, by one statement."""
    ordered = sorted(paces)
    kept = {"sinces": [paces[line].since for line in ordered], "sents": [paces[line].sent for line in ordered]}
    await unit.connection.execute(_SAVE, _columns(ordered) | kept)


def _columns(lines: list[Line]) -> dict[str, list[object]]:
    return {
        "recipients": [line[0] for line in lines],
        "means": [line[1] for line in lines],
        "nths": [line[2] for line in lines],
    }

"""Which warnings about the roster have been told."""

from collections.abc import Iterable

import sqlalchemy as sa

from shared.contracts.officers import RosterWarned
from shared.database import Unit

_NEW = sa.text(
    "insert into notify.roster_warnings (kind, subject, due) select * from unnest(cast(:kinds as text[]), "
    "cast(:subjects as text[]), cast(:dues as timestamptz[])) on conflict do nothing returning kind, subject, due"
)


async def not_told_yet(unit: Unit, warned: Iterable[RosterWarned]) -> list[RosterWarned]:
    """Those of these warnings that nobody was told, each once; from now on they count as told."""
    given = {(event.kind, event.subject, event.due): event for event in warned}
    if not given:
        return []
    ordered = sorted(given)
    rows = await unit.connection.execute(
        _NEW,
        {
            "kinds": [kind for kind, _, _ in ordered],
            "subjects": [subject for _, subject, _ in ordered],
            "dues": [due for _, _, due in ordered],
        },
    )
    new = {(row.kind, row.subject, row.due) for row in rows}
    return [given[key] for key in ordered if key in new]

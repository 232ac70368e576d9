"""The marks people are known again by: looked up for a batch, written, moved, and forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.rules.people import Incident, Mark, Past, People, Sighting
from services.intake.rules.report import OPEN
from services.intake.store.tables import SCHEMA, MarkRow, table_of
from shared import rows

MOST = 100
"""Marks of one person that are looked at, the latest: a number that a thousand people give tells nobody apart."""
_OPEN = ", ".join(f"'{state}'" for state in sorted(OPEN))

_PAST = (
    "reference, reports.at as reported, exercise, source_force, system, incident_ref, reports.incident_date, "
    f"state in ({_OPEN}) and withdrawn_at is null as open, ended_as, last_officer"
)
_LOOK_UP = sa.text(
    f"select latest.referral_id, mark, kind, latest.person, latest.at, {_PAST} "
    f"from (select distinct person from {SCHEMA}.marks "
    "where mark = any(cast(:marks as bytea[])) or referral_id = any(cast(:ids as uuid[]))) as met "
    f"cross join lateral (select * from {SCHEMA}.marks where marks.person = met.person order by at desc limit {MOST}) "
    f"as latest join {SCHEMA}.reports using (referral_id) "
    f"union all select referral_id, null, null, null, null, {_PAST} from {SCHEMA}.reports "
    "join unnest(cast(:forces as text[]), cast(:systems as text[]), cast(:refs as text[]), cast(:days as date[])) "
    "as wanted(source_force, system, incident_ref, incident_date) using (source_force, system, incident_ref) "
    f"where reports.incident_date is not distinct from wanted.incident_date and state in ({_OPEN})"
)


async def look_up(
    connection: AsyncConnection,
    people: People,
    marks: Iterable[Mark],
    ids: Iterable[UUID],
    incidents: Iterable[Incident],
) -> None:
    """Tell `people` what is known of whoever gave these marks or these reports, and of reports of these incidents.

    One statement, none where nothing is asked. Of somebody seen very often only the latest marks are looked at.
    """
    digests = sorted({digest for mark in marks for digest in mark.digests})
    wanted, asked = sorted(set(ids)), list(dict.fromkeys(incidents))
    if not (digests or wanted or asked):
        return
    forces, systems, refs, days = zip(*asked, strict=True) if asked else ((), (), (), ())
    found = await connection.execute(
        _LOOK_UP,
        {
            "marks": digests,
            "ids": wanted,
            "forces": list(forces),
            "systems": list(systems),
            "refs": list(refs),
            "days": list(days),
        },
    )
    for row in found:
        if row.referral_id not in people.pasts:
            people.heard(_past(row))
        if row.mark is not None:
            people.saw(Sighting(bytes(row.mark), row.kind, row.referral_id, row.person, row.at, row.exercise))


def _past(row: Any) -> Past:
    incident = (row.source_force, row.system, row.incident_ref, row.incident_date) if row.incident_ref else None
    return Past(
        row.referral_id,
        row.reference,
        row.reported,
        row.open,
        row.exercise,
        incident,
        row.ended_as,
        row.last_officer,
    )


def new_marks(sightings: Sequence[Sighting]) -> rows.Insert:
    """Marks that were given, to be written."""
    return rows.Insert(
        table_of(MarkRow),
        [
            {"referral_id": one.referral_id, "mark": one.mark, "kind": one.kind, "person": one.person, "at": one.at}
            for one in sightings
        ],
    )


async def drop_marks(connection: AsyncConnection, referral_ids: Sequence[UUID]) -> None:
    """Forget which marks these reports gave: others stand in their place, or none."""
    if referral_ids:
        await connection.execute(
            sa.text(f"delete from {SCHEMA}.marks where referral_id = any(cast(:ids as uuid[]))"),
            {"ids": sorted(referral_ids)},
        )


async def merge(connection: AsyncConnection, merged: Mapping[str, str]) -> None:
    """People who turned out to be one go by one pseudonym from here on."""
    if merged:
        await connection.execute(
            sa.text(
                f"update {SCHEMA}.marks set person = given.older from "
                "unnest(cast(:newer as text[]), cast(:older as text[])) as given(newer, older) "
                "where marks.person = given.newer"
            ),
            {"newer": list(merged), "older": list(merged.values())},
        )


async def forget(connection: AsyncConnection, referral_ids: Sequence[UUID]) -> None:
    """Unlink these reports from whoever made them: their marks go, and the pseudonym in their pictures."""
    await drop_marks(connection, referral_ids)
    await connection.execute(
        sa.text(
            f'update {SCHEMA}.reports set picture = picture || \'{{"person": null, "earlier": null}}\'::jsonb '
            "where referral_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": sorted(referral_ids)},
    )


async def forgettable(connection: AsyncConnection, before: datetime, limit: int) -> list[UUID]:
    """Reports whose marks were given before an instant of the domain, at most `limit`."""
    found = await connection.execute(
        sa.text(f"select distinct referral_id from {SCHEMA}.marks where at < :before limit :limit"),
        {"before": before, "limit": limit},
    )
    return list(found.scalars())

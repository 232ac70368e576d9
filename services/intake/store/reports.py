"""Reports as rows and back, and the questions asked of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.rules.contact import ContactFacts
from services.intake.rules.report import Followed, Report, Skills, ToldOthers
from services.intake.store.tables import SCHEMA, ReportRow, table_of
from shared import rows
from shared.contracts.logline import SourceEcho
from shared.contracts.model import Holder, Part
from shared.contracts.reports import ReportPicture

_TABLE = table_of(ReportRow)
_MODELS: Mapping[str, type[Part]] = {
    "source": SourceEcho,
    "picture": ReportPicture,
    "contact": ContactFacts,
    "holder": Holder,
    "skills": Skills,
    "told_others": ToldOthers,
}
_FOLLOWED = tuple(field.name for field in fields(Followed))
_FOLLOWING = (
    *("referral_id", "force", "state", "holder", "next_due", "held_until"),
    *("outbound_sequence", "changed_at", "unrouted_at", "transferred", "last_officer", "ended_as"),
    "told_others",
)
"""What can change because of what happens elsewhere; `referral_id` finds the row."""
_LIVING = (
    *_FOLLOWING,
    *("source", "system", "incident_ref", "incident_date", "picture", "contact", "place_desk", "strand_desk"),
    *("sequence", "withdrawn_at", "amended_by", "withdrawn_by", "skills"),
)
"""What can change after a report was accepted."""


def _columns(names: Iterable[str]) -> str:
    # As text, JSON goes straight into its model.
    return ", ".join(f"cast({name} as text) as {name}" if name in _MODELS else name for name in names)


_WHOLE = _columns(field.name for field in fields(Report))
_STANDING = _columns(_FOLLOWED)


class Overtaken(OSError):
    """Somebody else used the same key or drew the same reference meanwhile: nothing was written, try again."""


def to_row(report: Report) -> dict[str, Any]:
    """The row of a report."""
    row: dict[str, Any] = {field.name: getattr(report, field.name) for field in fields(Report)}
    row |= {name: _json(row[name]) for name in _MODELS}
    source = report.source
    return row | {
        "source_force": source.force,
        "system": source.system,
        "incident_ref": source.incident_ref,
        "incident_date": source.incident_date,
    }


def from_row(row: sa.RowMapping) -> Report:
    """The report of a row."""
    return Report(**{field.name: _part(field.name, row[field.name]) for field in fields(Report)})


def _followed(row: sa.RowMapping) -> Followed:
    return Followed(**{name: _part(name, row[name]) for name in _FOLLOWED})


def _standing(report: Followed) -> dict[str, Any]:
    values = ((name, getattr(report, name)) for name in _FOLLOWING)
    return {name: _json(value) if name in _MODELS else value for name, value in values}


def _part(name: str, value: Any) -> Any:
    model = _MODELS.get(name)
    return value if model is None or value is None else model.model_validate_json(value)


def _json(value: Part | None) -> str | None:
    return None if value is None else value.model_dump_json(by_alias=True)


async def insert(connection: AsyncConnection, reports: Sequence[Report], *beside: rows.Insert) -> None:
    """Write new reports, and what belongs `beside` them. Raises Overtaken where one of their names was just taken."""
    new = rows.Insert(_TABLE, [to_row(report) for report in reports])
    if await rows.insert(connection, new, *beside) != len(reports):
        raise Overtaken


async def save(connection: AsyncConnection, reports: Sequence[Report]) -> None:
    """Write what has changed about reports that are there."""
    living = [{name: row[name] for name in _LIVING} for row in map(to_row, reports)]
    await rows.update(connection, _TABLE, living)


async def lock_addressed(
    connection: AsyncConnection, keys: Iterable[tuple[str, str]], references: Iterable[str]
) -> list[Report]:
    """The reports with these keys (principal, idempotency key) or references, locked in id order."""
    principals, idempotency_keys = zip(*keys, strict=True) if (keys := sorted(set(keys))) else ((), ())
    found = await connection.execute(
        sa.text(
            f"select {_WHOLE} from {SCHEMA}.reports where referral_id in ("
            f"select referral_id from {SCHEMA}.reports join unnest(cast(:principals as text[]), cast(:keys as text[])) "
            "as wanted(principal, idempotency_key) using (principal, idempotency_key) union all "
            f"select referral_id from {SCHEMA}.reports where reference = any(cast(:references as text[]))"
            ") order by referral_id for update"
        ),
        {"principals": list(principals), "keys": list(idempotency_keys), "references": sorted(set(references))},
    )
    return [from_row(row) for row in found.mappings()]


async def follow(connection: AsyncConnection, reports: Sequence[Followed]) -> None:
    """Write where reports stand now."""
    await rows.update(connection, _TABLE, [_standing(report) for report in reports])


async def lock_followed(connection: AsyncConnection, referral_ids: Iterable[UUID]) -> list[Followed]:
    """Where the reports with these ids stand, locked in id order; those that are not there are left out."""
    found = await connection.execute(
        sa.text(
            f"select {_STANDING} from {SCHEMA}.reports where referral_id = any(cast(:ids as uuid[])) "
            "order by referral_id for update"
        ),
        {"ids": sorted(set(referral_ids))},
    )
    return [_followed(row) for row in found.mappings()]


async def lock_overdue(connection: AsyncConnection, limit: int) -> list[Followed]:
    """Held reports whose time has run out and of which nobody was told yet; those another replica has are skipped."""
    found = await connection.execute(
        sa.text(
            f"select {_STANDING} from {SCHEMA}.reports where held_until <= clock_timestamp() "
            "and unrouted_at is null order by referral_id limit :limit for update skip locked"
        ),
        {"limit": limit},
    )
    return [_followed(row) for row in found.mappings()]


async def any_unrouted(connection: AsyncConnection) -> bool:
    """Whether any report was called unrouted and has not been opened since."""
    found = await connection.execute(
        sa.text(
            f"select exists (select 1 from {SCHEMA}.reports where held_until is not null and unrouted_at is not null)"
        )
    )
    return bool(found.scalar_one())


async def send_again(connection: AsyncConnection, seconds: float) -> int:
    """Have what was said to routing about unrouted reports published once more, the same events under the same ids.

    Only what was published longer than `seconds` (real time) ago: routing drops what it has seen, in whatever order.
    """
    found = await connection.execute(
        sa.text(
            f"update {SCHEMA}.journal set published_at = null, sent_in = null where topic = 'reports' and key in ("
            f"select cast(referral_id as text) from {SCHEMA}.reports where held_until is not null "
            "and held_until < clock_timestamp() - make_interval(secs => :seconds)) "
            "and published_at between clock_timestamp() - interval '1 day' "
            "and clock_timestamp() - make_interval(secs => :seconds)"
        ),
        {"seconds": seconds},
    )
    return found.rowcount


@dataclass(frozen=True)
class Holds:
    """How the reports that intake answers for stand, in real time."""

    next_in: float | None
    """Seconds until the next held report is overdue; None where none is held."""
    overdue: int
    """Held reports of which a person has been told, and which routing has not opened yet."""
    oldest: float
    """Seconds since the oldest of them was due; 0 where there is none."""
    without_deadline: int
    """Open reports that nobody must act on: always 0."""


async def holds(connection: AsyncConnection) -> Holds:
    """What is held, overdue and forgotten at this moment."""
    found = await connection.execute(
        sa.text(
            "select extract(epoch from min(held_until) filter (where unrouted_at is null) - clock_timestamp()) "
            "as next, "
            "count(*) filter (where held_until <= clock_timestamp()) as overdue, "
            "extract(epoch from clock_timestamp() - min(held_until)) as oldest, "
            f"(select count(*) from {SCHEMA}.reports where held_until is null and next_due is null "
            "and state in ('waiting', 'offered', 'accepted', 'contacted')) as without_deadline "
            f"from {SCHEMA}.reports where held_until is not null"
        )
    )
    row = found.one()
    return Holds(
        None if row.next is None else float(row.next),
        row.overdue,
        max(float(row.oldest or 0), 0.0),
        row.without_deadline,
    )


async def by_reference(connection: AsyncConnection, reference: str) -> Report | None:
    """The report with this reference."""
    found = await connection.execute(
        sa.text(f"select {_WHOLE} from {SCHEMA}.reports where reference = :reference"), {"reference": reference}
    )
    row = found.mappings().first()
    return None if row is None else from_row(row)


async def by_incident(
    connection: AsyncConnection, system: str, incident_ref: str, incident_date: date | None
) -> list[Report]:
    """The reports of an incident, newest first; at most 100. Incident numbers start again every day."""
    found = await connection.execute(
        sa.text(
            f"select {_WHOLE} from {SCHEMA}.reports where system = :system and incident_ref = :ref "
            "and (cast(:day as date) is null or incident_date = :day) order by at desc limit 100"
        ),
        {"system": system, "ref": incident_ref, "day": incident_date},
    )
    return [from_row(row) for row in found.mappings()]

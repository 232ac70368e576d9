"""Offers that somebody is to be reminded of, if they are still open by then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from shared.database import Unit


@dataclass(frozen=True)
class Reminder:
    """At `due_at` this officer is reminded of the offer that must be answered by `respond_by` (domain time)."""

    referral_id: UUID
    officer: str
    due_at: datetime
    respond_by: datetime


_KEEP = sa.text(
    "insert into notify.reminders (referral_id, recipient, due_at, respond_by) select referral_id, recipient, "
    "due_at, respond_by from unnest(cast(:referrals as uuid[]), cast(:recipients as text[]), "
    "cast(:dues as timestamptz[]), cast(:respond_bys as timestamptz[])) "
    "as v(referral_id, recipient, due_at, respond_by) order by referral_id, recipient "
    "on conflict (referral_id, recipient) do update set due_at = excluded.due_at, respond_by = excluded.respond_by"
)


async def keep_reminders(unit: Unit, reminders: Iterable[Reminder]) -> None:
    """Write them down, by one statement; a newer one of the same offer replaces the older."""
    rows = list({(one.referral_id, one.officer): one for one in reminders}.values())
    if not rows:
        return
    await unit.connection.execute(
        _KEEP,
        {
            "referrals": [row.referral_id for row in rows],
            "recipients": [row.officer for row in rows],
            "dues": [row.due_at for row in rows],
            "respond_bys": [row.respond_by for row in rows],
        },
    )


_DUE = sa.text("select distinct referral_id from notify.reminders where due_at <= :now limit :limit")
_TAKE = sa.text(
    "delete from notify.reminders where due_at <= :now and referral_id = any(:ids) "
    "returning referral_id, recipient, due_at, respond_by"
)


async def referrals_to_remind_of(unit: Unit, now: datetime, limit: int) -> list[UUID]:
    """Referrals with a reminder due (domain time); to be locked before `take_reminders`."""
    return [row.referral_id for row in await unit.connection.execute(_DUE, {"now": now, "limit": limit})]


async def take_reminders(unit: Unit, referrals: Sequence[UUID], now: datetime) -> list[Reminder]:
    """The reminders of these referrals that are due, each given out once."""
    rows = await unit.connection.execute(_TAKE, {"ids": list(referrals), "now": now})
    return [Reminder(*row) for row in rows]

"""Engagements and loads: who has what in hand, and that nobody ever has more of it than their cap."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.matching.model import Load
from services.routing.rules.referral.answers import has_part, is_asked
from services.routing.rules.referral.state import Referral
from services.routing.store.tables import SCHEMA

Change = tuple[Referral | None, Referral]


class LoadsMoved(OSError):
    """Somebody's load grew meanwhile and a cap would be exceeded: nothing was written, decide again."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """An officer's part in a referral: an open offer, or holding it."""

    officer: str
    kind: Literal["offer", "held"]
    counts: bool
    since: datetime


def engagements(referral: Referral | None) -> Iterator[Engagement]:
    """Who has the referral in hand: who holds it or comes along, and who is still asked. A drill burdens nobody."""
    if referral is None or not referral.is_open or referral.picture.drill:
        return
    counts = not referral.terms.broadcast
    for offer in referral.offers:
        if has_part(referral, offer.officer):
            yield Engagement(offer.officer, "held", counts, offer.at)
        elif is_asked(referral, offer):
            yield Engagement(offer.officer, "offer", counts, offer.at)


async def of_officers(connection: AsyncConnection, officers: Iterable[str] | None = None) -> dict[str, Load]:
    """The loads of these officers, of everybody where None."""
    wanted = None if officers is None else sorted(set(officers))
    found = await connection.execute(
        sa.text(
            f"select officer, counted, last_task from {SCHEMA}.loads "
            "where cast(:officers as text[]) is null or officer = any(cast(:officers as text[]))"
        ),
        {"officers": wanted},
    )
    return {row.officer: Load(row.counted, row.last_task) for row in found}


async def follow(connection: AsyncConnection, changes: Iterable[Change], caps: Mapping[str, int]) -> None:
    """Write what changed about who has what in hand. LoadsMoved where somebody of `caps` would have too much."""
    gone: list[tuple[Referral, Engagement]] = []
    came: list[tuple[Referral, Engagement]] = []
    for before, after in changes:
        had, has = set(engagements(before)), set(engagements(after))
        gone += [(after, one) for one in had - has]
        came += [(after, one) for one in has - had]
    await _delete(connection, gone)
    await _upsert(connection, came)
    await _weigh(connection, [one for _, one in gone], [one for _, one in came], caps)


async def _delete(connection: AsyncConnection, gone: Iterable[tuple[Referral, Engagement]]) -> None:
    if not (pairs := [(referral.id, one.officer) for referral, one in gone]):
        return
    await connection.execute(
        sa.text(
            f"delete from {SCHEMA}.engagements where (referral_id, officer) in "
            "(select * from unnest(cast(:referrals as uuid[]), cast(:officers as text[])))"
        ),
        {"referrals": [pair[0] for pair in pairs], "officers": [pair[1] for pair in pairs]},
    )


async def _upsert(connection: AsyncConnection, came: Iterable[tuple[Referral, Engagement]]) -> None:
    if not (ordered := sorted(came, key=lambda pair: (pair[0].id, pair[1].officer))):
        return
    await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.engagements (referral_id, officer, kind, counts_for_cap, since) "
            "select * from unnest(cast(:referrals as uuid[]), cast(:officers as text[]), cast(:kinds as text[]), "
            "cast(:counts as boolean[]), cast(:since as timestamptz[]))"
        ),
        {
            "referrals": [referral.id for referral, _ in ordered],
            "officers": [one.officer for _, one in ordered],
            "kinds": [one.kind for _, one in ordered],
            "counts": [one.counts for _, one in ordered],
            "since": [one.since for _, one in ordered],
        },
    )


async def _weigh(
    connection: AsyncConnection, gone: list[Engagement], came: list[Engagement], caps: Mapping[str, int]
) -> None:
    difference = Counter(one.officer for one in came if one.counts)
    difference.subtract(one.officer for one in gone if one.counts)
    latest: dict[str, datetime] = {}
    for one in came:
        latest[one.officer] = max(one.since, latest.get(one.officer, one.since))
    officers = sorted({officer for officer, number in difference.items() if number} | latest.keys())
    if not officers:
        return
    found = await connection.execute(
        sa.text(
            f"insert into {SCHEMA}.loads as load (officer, counted, last_task) "
            "select * from unnest(cast(:officers as text[]), cast(:counted as integer[]), "
            "cast(:latest as timestamptz[])) as more(officer, counted, last_task) order by officer "
            "on conflict (officer) do update set counted = load.counted + excluded.counted, "
            "last_task = greatest(load.last_task, excluded.last_task) returning officer, counted"
        ),
        {
            "officers": officers,
            "counted": [difference[officer] for officer in officers],
            "latest": [latest.get(officer) for officer in officers],
        },
    )
    if any(difference[row.officer] > 0 and row.counted > caps.get(row.officer, row.counted) for row in found):
        raise LoadsMoved

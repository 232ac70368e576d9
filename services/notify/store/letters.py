"""Messages that are no notices: answers to text messages, and codes that prove an address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from shared.database import Unit

KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Letter:
    """One message to one address, `sealed` for `place`; one `about` the same thing is written once."""

    id: UUID
    about: str
    means: str
    recipient: str | None
    place: str
    sealed: str
    verdict: str
    reference: str | None = None


@dataclass(frozen=True)
class Owed:
    """A letter that is due, under a lease; `tries` counts the one that begins."""

    letter: Letter
    tries: int


_WRITE = sa.text(
    "insert into notify.letters (id, about, means, recipient, place, sealed, verdict, reference, at, due_at, tries, "
    "state) select id, about, means, recipient, place, sealed, verdict, reference, :now, clock_timestamp(), 0, "
    "'planned' from unnest(cast(:ids as uuid[]), cast(:abouts as text[]), cast(:means as text[]), "
    "cast(:recipients as text[]), cast(:places as text[]), cast(:sealeds as text[]), cast(:verdicts as text[]), "
    "cast(:references as text[])) as v(id, about, means, recipient, place, sealed, verdict, reference) "
    "order by about on conflict (about) do nothing"
)


async def write_letters(unit: Unit, letters: Iterable[Letter], now: datetime) -> None:
    """Write them down, due at once; one about the same thing as an earlier one is left out. `now` is domain time."""
    rows = list(letters)
    if not rows:
        return
    await unit.connection.execute(
        _WRITE,
        {
            "now": now,
            "ids": [row.id for row in rows],
            "abouts": [row.about for row in rows],
            "means": [row.means for row in rows],
            "recipients": [row.recipient for row in rows],
            "places": [row.place for row in rows],
            "sealeds": [row.sealed for row in rows],
            "verdicts": [row.verdict for row in rows],
            "references": [row.reference for row in rows],
        },
    )


_OWED = sa.text(
    "update notify.letters l set tries = tries + 1, state = 'sending', due_at = clock_timestamp() + :lease "
    "from (select id from notify.letters where due_at <= clock_timestamp() "
    "order by due_at limit :limit for update skip locked) d where l.id = d.id "
    "returning l.id, l.about, l.means, l.recipient, l.place, l.sealed, l.verdict, l.reference, l.tries"
)


async def owed_letters(unit: Unit, limit: int, lease: timedelta) -> list[Owed]:
    """Letters that are due, each under a lease: who dies on the way leaves it to the next."""
    rows = await unit.connection.execute(_OWED, {"limit": limit, "lease": lease})
    return [Owed(Letter(*row[:8]), row.tries) for row in rows]


async def settle_letter(unit: Unit, letter: UUID, state: str, again_in: timedelta | None) -> None:
    """Write down what came of sending it; without a next try the address is forgotten."""
    await unit.connection.execute(
        sa.text(
            "update notify.letters set state = :state, due_at = clock_timestamp() + cast(:again as interval), "
            "sealed = case when cast(:again as interval) is null then null else sealed end where id = :id"
        ),
        {"id": letter, "state": state, "again": again_in},
    )


async def forget_letters(unit: Unit, limit: int) -> int:
    """Drop what was written more than 30 days ago; gives how many."""
    gone = await unit.connection.execute(
        sa.text(
            "delete from notify.letters where id = any(array(select id from notify.letters "
            "where due_at is null and at < :before limit :limit))"
        ),
        {"limit": limit, "before": await unit.now() - KEPT},
    )
    return int(gone.rowcount)

"""Codes that answer offers by text message, and numbers that want no text messages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from services.notify.rules.replies import Coded
from shared.database import Unit

KEPT = timedelta(days=14)
"""How long a code that nobody waits for any more is kept from being used again, and known as old."""


@dataclass(frozen=True)
class Wanted:
    """One offer to one number: what a code is to stand for. `marks` of the number, newest key first."""

    marks: tuple[bytes, ...]
    recipient: str
    referral_id: UUID
    notice_id: UUID

    @property
    def key(self) -> tuple[UUID, str]:
        """What it is asked for by: an officer has one code for a referral and number."""
        return self.referral_id, self.recipient


_MEET = sa.text(
    "insert into notify.numbers (mark, first_at) select mark, :now from unnest(cast(:marks as bytea[])) as v(mark) "
    "order by mark on conflict (mark) do nothing"
)
_STOPPED = sa.text("select mark from notify.numbers where mark = any(:marks) and stopped_at is not null")
_KNOWN = sa.text("select 1 from notify.numbers where mark = any(:marks) limit 1")


async def meet(unit: Unit, numbers: Iterable[Sequence[bytes]], now: datetime) -> frozenset[bytes]:
    """Remember that these numbers are written to; gives the marks of those that said STOP."""
    listed = list(numbers)
    await unit.connection.execute(_MEET, {"marks": sorted({marks[0] for marks in listed}), "now": now})
    return await stopped_among(unit, [mark for marks in listed for mark in marks])


async def stopped_among(unit: Unit, marks: Sequence[bytes]) -> frozenset[bytes]:
    """Those of these marks whose numbers said STOP."""
    rows = await unit.connection.execute(_STOPPED, {"marks": list(marks)})
    return frozenset(row.mark for row in rows)


async def is_known(unit: Unit, marks: Sequence[bytes]) -> bool:
    """Whether this number was ever written to."""
    return (await unit.connection.execute(_KNOWN, {"marks": list(marks)})).first() is not None


_STOP = sa.text(
    "insert into notify.numbers (mark, first_at, stopped_at) select mark, :now, :stopped from "
    "unnest(cast(:marks as bytea[])) as v(mark) order by mark on conflict (mark) do update set "
    "stopped_at = case when excluded.stopped_at is null then null "
    "else coalesce(numbers.stopped_at, excluded.stopped_at) end"
)


async def stop_or_start(unit: Unit, marks: Sequence[bytes], now: datetime, *, stopped: bool) -> None:
    """Write down that a number said STOP, or START."""
    parameters = {"marks": sorted(marks), "now": now, "stopped": now if stopped else None}
    await unit.connection.execute(_STOP, parameters)


_OF_NUMBER = sa.text(
    "select c.code, c.referral_id, c.recipient from notify.offer_codes c where c.mark = any(:marks) order by c.code"
)
_GIVE = sa.text(
    "insert into notify.offer_codes (mark, code, recipient, referral_id, notice_id, at) "
    "select :mark, :code, :recipient, r.id, :notice, cast(:now as timestamptz) from notify.referrals r "
    "where r.id = :referral and (r.holder is null or r.holder like '%:%') on conflict do nothing returning code"
)
_FORGET = sa.text(
    "delete from notify.offer_codes c where c.mark = any(:marks) and c.at < :before and not exists "
    "(select 1 from notify.referrals r where r.id = c.referral_id and c.recipient = any(r.open))"
)


async def codes_of(unit: Unit, marks: Sequence[bytes]) -> Mapping[tuple[UUID, str], str]:
    """Every code this number has, by what it stands for."""
    rows = await unit.connection.execute(_OF_NUMBER, {"marks": list(marks)})
    return {(row.referral_id, row.recipient): row.code for row in rows}


async def give_code(unit: Unit, wanted: Wanted, code: str, now: datetime) -> bool:
    """Write down a new code; False where somebody else was quicker, with this code or for this offer.

    A task that an officer holds gets none: who is asked to take it over sees first what they would take on.
    """
    await unit.connection.execute(_FORGET, {"marks": list(wanted.marks), "before": now - KEPT})
    parameters = {
        "mark": wanted.marks[0],
        "code": code,
        "recipient": wanted.recipient,
        "referral": wanted.referral_id,
        "notice": wanted.notice_id,
        "now": now,
    }
    return (await unit.connection.execute(_GIVE, parameters)).first() is not None


_REFERRAL_OF = sa.text("select referral_id from notify.offer_codes where mark = any(:marks) and code = :code")
_CODED = sa.text(
    "select c.recipient, c.referral_id, c.notice_id, r.reference, c.recipient = any(r.open) as waiting, c.answer "
    "from notify.offer_codes c join notify.referrals r on r.id = c.referral_id "
    "where c.mark = any(:marks) and c.code = :code order by c.at desc limit 1 for update of c"
)


async def referrals_coded(unit: Unit, marks: Sequence[bytes], code: str) -> list[UUID]:
    """The referrals a code of this number stands for: to be locked before `coded`."""
    rows = await unit.connection.execute(_REFERRAL_OF, {"marks": list(marks), "code": code})
    return [row.referral_id for row in rows]


async def coded(unit: Unit, marks: Sequence[bytes], code: str) -> Coded | None:
    """What a code of this number stands for, its row locked; its referral is locked already."""
    row = (await unit.connection.execute(_CODED, {"marks": list(marks), "code": code})).first()
    return None if row is None else Coded(*row)


async def keep_answer(unit: Unit, marks: Sequence[bytes], code: str, answer: str) -> None:
    """Write down what was passed on last."""
    await unit.connection.execute(
        sa.text("update notify.offer_codes set answer = :answer where mark = any(:marks) and code = :code"),
        {"marks": list(marks), "code": code, "answer": answer},
    )

"""Text messages that came in: each taken in once, its words kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from shared.database import Unit

KEPT = timedelta(days=14)
"""No provider repeats a message so late."""


@dataclass(frozen=True)
class Arrived:
    """A text message by its provider's id; `marks` of the number it came from, newest key first."""

    provider: str
    provider_id: str
    marks: tuple[bytes, ...]


_ARRIVE = sa.text(
    "insert into notify.replies (provider, provider_id, mark, at, verdict, answered) "
    "values (:provider, :provider_id, :mark, :now, '', false) on conflict do nothing returning provider_id"
)
_FORGET = sa.text("delete from notify.replies where mark = any(:marks) and at < :before")


async def arrive(unit: Unit, reply: Arrived, now: datetime) -> bool:
    """Write down that it came, and forget what came from that number long ago; False where it came before."""
    await unit.connection.execute(_FORGET, {"marks": list(reply.marks), "before": now - KEPT})
    parameters = {
        "provider": reply.provider,
        "provider_id": reply.provider_id,
        "mark": reply.marks[0],
        "now": now,
    }
    return (await unit.connection.execute(_ARRIVE, parameters)).first() is not None


async def answers_since(unit: Unit, marks: Sequence[bytes], since: datetime) -> int:
    """How many answers this number has been given, or is owed, since then."""
    row = await unit.connection.execute(
        sa.text("select count(*) from notify.replies where mark = any(:marks) and at > :since and answered"),
        {"marks": list(marks), "since": since},
    )
    return int(row.scalar_one())


async def settle_reply(unit: Unit, reply: Arrived, verdict: str, *, answered: bool) -> None:
    """Write down what it was taken for."""
    await unit.connection.execute(
        sa.text(
            "update notify.replies set verdict = :verdict, answered = :answered "
            "where provider = :provider and provider_id = :provider_id"
        ),
        {
            "provider": reply.provider,
            "provider_id": reply.provider_id,
            "verdict": verdict,
            "answered": answered,
        },
    )

"""Text messages that came in: each taken in once, its words kept nowhere, and the answer it gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from shared.database import Unit


@dataclass(frozen=True)
class Arrived:
    """A text message by its provider's id. `id` is ours, of the answer it may get; `marks` of the number."""

    id: UUID
    provider: str
    provider_id: str
    marks: tuple[bytes, ...]


@dataclass(frozen=True)
class Settled:
    """What is made of it. `sealed` is the number to answer, None where no answer is sent."""

    recipient: str | None
    verdict: str
    reference: str | None
    sealed: str | None


@dataclass(frozen=True)
class Owed:
    """An answer that is due, its row locked; `tries` counts the one that begins."""

    id: UUID
    recipient: str | None
    verdict: str
    reference: str | None
    sealed: str
    tries: int


_ARRIVE = sa.text(
    "insert into notify.replies (provider, provider_id, id, mark, at, verdict, tries, state) "
    "values (:provider, :provider_id, :id, :mark, :now, '', 0, 'taken') on conflict do nothing returning id"
)


async def arrive(unit: Unit, reply: Arrived, now: datetime) -> bool:
    """Write down that it came; False where it came before."""
    parameters = {
        "provider": reply.provider,
        "provider_id": reply.provider_id,
        "id": reply.id,
        "mark": reply.marks[0],
        "now": now,
    }
    return (await unit.connection.execute(_ARRIVE, parameters)).first() is not None


async def answers_since(unit: Unit, marks: Sequence[bytes], since: datetime) -> int:
    """How many answers this number has been given, or is owed, since then."""
    row = await unit.connection.execute(
        sa.text(
            "select count(*) from notify.replies where mark = any(:marks) and at > :since "
            "and state in ('planned', 'sending', 'sent', 'delivered', 'failed')"
        ),
        {"marks": list(marks), "since": since},
    )
    return int(row.scalar_one())


async def settle_reply(unit: Unit, reply: Arrived, settled: Settled) -> None:
    """Write down what is made of it; an answer to be sent is due at once."""
    await unit.connection.execute(
        sa.text(
            "update notify.replies set recipient = :recipient, verdict = :verdict, reference = :reference, "
            "sealed = :sealed, state = case when cast(:sealed as text) is null then 'silent' else 'planned' end, "
            "due_at = case when cast(:sealed as text) is null then null else clock_timestamp() end where id = :id"
        ),
        {
            "id": reply.id,
            "recipient": settled.recipient,
            "verdict": settled.verdict,
            "reference": settled.reference,
            "sealed": settled.sealed,
        },
    )


_OWED = sa.text(
    "update notify.replies r set tries = tries + 1, state = 'sending', due_at = clock_timestamp() + :lease "
    "from (select provider, provider_id from notify.replies where due_at <= clock_timestamp() "
    "order by due_at limit :limit for update skip locked) d "
    "where r.provider = d.provider and r.provider_id = d.provider_id "
    "returning r.id, r.recipient, r.verdict, r.reference, r.sealed, r.tries"
)


async def owed_answers(unit: Unit, limit: int, lease: timedelta) -> list[Owed]:
    """Answers that are due, each under a lease: who dies on the way leaves it to the next."""
    return [Owed(*row) for row in await unit.connection.execute(_OWED, {"limit": limit, "lease": lease})]


async def settle_answer(unit: Unit, answer: UUID, state: str, again_in: timedelta | None) -> None:
    """Write down what came of sending it; without a next try the number is forgotten."""
    await unit.connection.execute(
        sa.text(
            "update notify.replies set state = :state, due_at = clock_timestamp() + cast(:again as interval), "
            "sealed = case when cast(:again as interval) is null then null else sealed end where id = :id"
        ),
        {"id": answer, "state": state, "again": again_in},
    )


async def forget_replies(unit: Unit, limit: int) -> int:
    """Drop what came more than 14 days ago: no provider repeats a message so late. Gives how many."""
    gone = await unit.connection.execute(
        sa.text(
            "delete from notify.replies where ctid = any(array(select ctid from notify.replies "
            "where due_at is null and at < :before limit :limit))"
        ),
        {"limit": limit, "before": await unit.now() - timedelta(days=14)},
    )
    return int(gone.rowcount)

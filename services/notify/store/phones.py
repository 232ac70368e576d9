"""The demo's phones and mailboxes, and the sink of exercise traffic: messages as their receivers would see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.database import Unit


@dataclass(frozen=True)
class PhoneMessage:
    """One message. `at` is domain time; an exercise message was meant for real means and never reached them."""

    notice_id: UUID
    means: str
    nth: int
    to: str
    type: str
    reference: str | None
    subject: str
    body: str
    exercise: bool
    at: datetime
    respond_by: datetime | None = None


async def keep_messages(unit: Unit, messages: Sequence[PhoneMessage]) -> None:
    """Store messages, by one statement; one that is there already (a second attempt) stays as it is."""
    await unit.connection.execute(
        sa.text(
            "insert into notify.phone_messages (notice_id, means, nth, recipient, type, reference, subject, body, "
            "exercise, at) select * from unnest(cast(:ids as uuid[]), cast(:means as text[]), "
            "cast(:nths as integer[]), cast(:recipients as text[]), cast(:types as text[]), "
            "cast(:references as text[]), "
            "cast(:subjects as text[]), cast(:bodies as text[]), cast(:exercises as boolean[]), "
            "cast(:ats as timestamptz[])) on conflict do nothing"
        ),
        {
            "ids": [message.notice_id for message in messages],
            "means": [message.means for message in messages],
            "nths": [message.nth for message in messages],
            "recipients": [message.to for message in messages],
            "types": [message.type for message in messages],
            "references": [message.reference for message in messages],
            "subjects": [message.subject for message in messages],
            "bodies": [message.body for message in messages],
            "exercises": [message.exercise for message in messages],
            "ats": [message.at for message in messages],
        },
    )


async def messages(unit: Unit, limit: int, to: str | None = None) -> list[PhoneMessage]:
    """The newest messages, newest first, to everybody or to one person."""
    rows = await unit.connection.execute(
        sa.text(
            "select m.*, n.respond_by from notify.phone_messages m left join notify.notices n on n.id = m.notice_id "
            "where cast(:to as text) is null or m.recipient = :to order by m.at desc, m.notice_id desc limit :limit"
        ),
        {"to": to, "limit": limit},
    )
    return [_message(row) for row in rows]


def _message(row: Any) -> PhoneMessage:
    return PhoneMessage(
        notice_id=row.notice_id,
        means=row.means,
        nth=row.nth,
        to=row.recipient,
        type=row.type,
        reference=row.reference,
        subject=row.subject,
        body=row.body,
        exercise=row.exercise,
        at=row.at,
        respond_by=row.respond_by,
    )

"""Order: events of one referral pass one after another by their producer's sequence.

What comes too early is held, what came before is dropped, and behind a dead letter everything of the
same referral waits until somebody replays or discards it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from shared import packing
from shared.database import Unit
from shared.inbox import Received, read
from shared.sealing import MasterKeys

Place = tuple[str, str]


@dataclass
class Cursor:
    """How far one referral has come on one stream; locked for the length of the transaction."""

    sequence: int
    held: int
    blocked_by: UUID | None
    admitted: int = 0
    touched: bool = False


@dataclass
class Passage:
    """What one transaction may let through, and what it must remember."""

    cursors: dict[Place, Cursor]
    waiting: dict[Place, dict[int, Received]]
    stored: frozenset[tuple[Place, int]] = frozenset()
    """Which of those waiting are in the table already."""

    def admit(self, fresh: Iterable[Received]) -> list[Received]:
        """The events whose turn it is, in order, waiting ones that follow on included."""
        admitted: list[Received] = []
        for place in list(self.waiting):
            self._follow_on(place, admitted)
        for item in fresh:
            if item.stream is None:
                admitted.append(item)
            elif item.sequence > self.cursors[item.stream].admitted:
                self.hold(item)
                self._follow_on(item.stream, admitted)
        return admitted

    def _follow_on(self, place: Place, admitted: list[Received]) -> None:
        cursor = self.cursors[place]
        waiting = self.waiting.get(place, {})
        while cursor.blocked_by is None and (item := waiting.pop(cursor.admitted + 1, None)) is not None:
            cursor.admitted += 1
            admitted.append(item)

    def blocked(self, item: Received) -> bool:
        """Whether an earlier event of the same referral stands in the dead letters."""
        return item.stream is not None and self.cursors[item.stream].blocked_by is not None

    def hold(self, item: Received) -> None:
        """Keep an event until its turn; the first of a number counts."""
        if item.stream is not None:
            self.waiting.setdefault(item.stream, {}).setdefault(item.sequence, item)

    def passed(self, item: Received) -> None:
        """The event has had its effect."""
        if item.stream is not None:
            cursor = self.cursors[item.stream]
            cursor.sequence, cursor.touched = item.sequence, True

    def stop_at(self, item: Received, dead_letter: UUID) -> None:
        """The event went to the dead letters: nothing of its referral passes until that is settled."""
        if item.stream is not None:
            cursor = self.cursors[item.stream]
            cursor.blocked_by, cursor.touched = dead_letter, True

    async def save(self, unit: Unit, keys: MasterKeys) -> None:
        """Write cursors and held events; nothing is written where nothing changed."""
        now_waiting = {(place, number): item for place, items in self.waiting.items() for number, item in items.items()}
        released = sorted(self.stored - now_waiting.keys())
        early = [item for key, item in now_waiting.items() if key not in self.stored]
        await _delete_held(unit, released)
        await _insert_held(unit, keys, early)
        changed = {place for place, _ in released} | {item.stream for item in early if item.stream is not None}
        touched = {place: cursor for place, cursor in self.cursors.items() if cursor.touched or place in changed}
        await _save_cursors(unit, touched)


async def open_for(unit: Unit, keys: MasterKeys, fresh: Sequence[Received]) -> Passage:
    """Lock the cursors of every referral in the batch, in order, and fetch what is held for them."""
    places = sorted({item.stream for item in fresh if item.stream is not None})
    if not places:
        return Passage({}, {})
    parameters = {"streams": [place[0] for place in places], "subjects": [place[1] for place in places]}
    wanted = "unnest(cast(:streams as text[]), cast(:subjects as text[])) as wanted(stream, subject)"
    # The update changes nothing; it locks and returns the row that is there, in the same statement and order.
    rows = await unit.connection.execute(
        sa.text(
            f"insert into {unit.schema}.cursors (stream, subject) select stream, subject from {wanted} "
            "order by stream, subject on conflict (stream, subject) do update set stream = excluded.stream "
            "returning stream, subject, sequence, held, blocked_by"
        ),
        parameters,
    )
    cursors = {(row[0], row[1]): Cursor(row[2], row[3], row[4], admitted=row[2]) for row in rows}
    waiting = [place for place, cursor in cursors.items() if cursor.held]
    return _passage(cursors, await _fetch_held(unit, keys, waiting) if waiting else {})


async def reopen(unit: Unit, keys: MasterKeys, places: Sequence[Place]) -> Passage:
    """The passage for referrals whose dead letter was just settled."""
    rows = await unit.connection.execute(
        sa.text(
            f"select stream, subject, sequence, held, blocked_by from {unit.schema}.cursors "
            "where stream = any(:streams) and subject = any(:subjects) order by stream, subject for update"
        ),
        {"streams": [place[0] for place in places], "subjects": [place[1] for place in places]},
    )
    cursors = {(row[0], row[1]): Cursor(row[2], row[3], row[4], admitted=row[2]) for row in rows}
    return _passage(cursors, await _fetch_held(unit, keys, list(cursors)) if cursors else {})


def _passage(cursors: dict[Place, Cursor], held: dict[Place, dict[int, Received]]) -> Passage:
    stored = frozenset((place, number) for place, items in held.items() for number in items)
    return Passage(cursors, held, stored)


async def block(unit: Unit, culprit: Received) -> None:
    """Hold everything behind an event that was buried outside its batch's transaction."""
    assert culprit.stream is not None
    await unit.connection.execute(
        sa.text(
            f"insert into {unit.schema}.cursors as c (stream, subject, sequence, blocked_by) "
            f"select :stream, :subject, 0, d.id from {unit.schema}.dead_letters d "
            "where d.stream = :stream and d.subject = :subject and d.sequence = :sequence and d.state = 'open' "
            "on conflict (stream, subject) do update set blocked_by = excluded.blocked_by"
        ),
        {"stream": culprit.stream[0], "subject": culprit.stream[1], "sequence": culprit.sequence},
    )


async def _fetch_held(unit: Unit, keys: MasterKeys, places: Sequence[Place]) -> dict[Place, dict[int, Received]]:
    rows = await unit.connection.execute(
        sa.text(
            f"select stream, subject, sequence, record from {unit.schema}.held_events "
            "where stream = any(:streams) and subject = any(:subjects) order by stream, subject, sequence"
        ),
        {"streams": [place[0] for place in places], "subjects": [place[1] for place in places]},
    )
    held: dict[Place, dict[int, Received]] = {}
    for stream, subject, sequence, record in rows:
        held.setdefault((stream, subject), {})[sequence] = read(
            packing.unpack(bytes(record), keys, f"{unit.schema}|held_events")
        )
    return held


async def _insert_held(unit: Unit, keys: MasterKeys, items: Sequence[Received]) -> None:
    if not items:
        return
    await unit.connection.execute(
        sa.text(
            f'insert into {unit.schema}.held_events (stream, subject, sequence, topic, partition, "offset", record) '
            "values (:stream, :subject, :sequence, :topic, :partition, :offset, :record) on conflict do nothing"
        ),
        [
            {
                "stream": item.stream[0],
                "subject": item.stream[1],
                "sequence": item.sequence,
                "topic": item.topic,
                "partition": item.partition,
                "offset": item.offset,
                "record": packing.pack(item.record, keys, f"{unit.schema}|held_events"),
            }
            for item in items
            if item.stream is not None
        ],
    )


async def _delete_held(unit: Unit, released: Sequence[tuple[Place, int]]) -> None:
    if not released:
        return
    await unit.connection.execute(
        sa.text(
            f"delete from {unit.schema}.held_events h using unnest(cast(:streams as text[]), "
            "cast(:subjects as text[]), cast(:sequences as bigint[])) as gone(stream, subject, sequence) "
            "where h.stream = gone.stream and h.subject = gone.subject and h.sequence = gone.sequence"
        ),
        {
            "streams": [place[0] for place, _ in released],
            "subjects": [place[1] for place, _ in released],
            "sequences": [number for _, number in released],
        },
    )


async def _save_cursors(unit: Unit, cursors: dict[Place, Cursor]) -> None:
    if not cursors:
        return
    places = sorted(cursors)
    await unit.connection.execute(
        sa.text(
            f"update {unit.schema}.cursors c set sequence = new.sequence, blocked_by = new.blocked_by, "
            f"changed_at = clock_timestamp(), held = (select count(*) from {unit.schema}.held_events h "
            "where h.stream = c.stream and h.subject = c.subject) from unnest(cast(:streams as text[]), "
            "cast(:subjects as text[]), cast(:sequences as bigint[]), cast(:blockers as uuid[])) "
            "as new(stream, subject, sequence, blocked_by) where c.stream = new.stream and c.subject = new.subject"
        ),
        {
            "streams": [place[0] for place in places],
            "subjects": [place[1] for place in places],
            "sequences": [cursors[place].sequence for place in places],
            "blockers": [cursors[place].blocked_by for place in places],
        },
    )

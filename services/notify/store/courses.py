"""How a course is stored: its legs as one JSON value, and what the dispatcher searches by as columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.notify.rules.attempts import Course, Leg, State
from shared.database import Unit

COURSE = "n.legs::text as legs, n.not_after, n.patience, n.superseded"
"""Columns that `course_of` reads, of a table called `n`."""


def course_of(row: Any) -> Course:
    """The course in a row that has the columns of `COURSE`."""
    legs = tuple(
        Leg(means, nth, State(state), tries, datetime.fromisoformat(due) if due else None)
        for means, nth, state, tries, due in orjson.loads(row.legs)
    )
    return Course(legs, row.not_after, row.patience, row.superseded)


def legs_json(course: Course) -> str:
    """The legs as they are stored."""
    return orjson.dumps(
        [[leg.means, leg.nth, leg.state, leg.tries, leg.due and leg.due.isoformat()] for leg in course.legs]
    ).decode()


@dataclass(frozen=True)
class Columns:
    """Parallel arrays for one `unnest`: what is searched by, beside the legs themselves."""

    courses: Sequence[Course]

    def parameters(self) -> dict[str, list[Any]]:
        """By the names that `UNNEST` uses."""
        return {
            "legs": [legs_json(course) for course in self.courses],
            "states": [course.state.value for course in self.courses],
            "means": [course.means for course in self.courses],
            "dues": [course.due for course in self.courses],
            "tried": [course.tried for course in self.courses],
            "in_flight": [course.in_flight for course in self.courses],
            "waiting": [course.waiting for course in self.courses],
            "superseded": [course.superseded for course in self.courses],
        }


UNNEST = (
    "cast(:legs as text[]), cast(:states as text[]), cast(:means as text[]), cast(:dues as timestamptz[]), "
    "cast(:tried as boolean[]), cast(:in_flight as boolean[]), cast(:waiting as boolean[]), "
    "cast(:superseded as boolean[])"
)
NAMES = "legs, state, means, due_at, tried, in_flight, waiting, superseded"


_SAVE = sa.text(
    "update notify.notices n set legs = v.legs::jsonb, state = v.state, means = v.means, due_at = v.due_at, "
    "repeat = v.tried or n.type = 'task.reminder', in_flight = v.in_flight, waiting = v.waiting, "
    "superseded = v.superseded, lane = null, changed_at = :now "
    f"from unnest(cast(:ids as uuid[]), {UNNEST}) as v(id, {NAMES}) where n.id = v.id"
)


async def save_courses(unit: Unit, changed: Iterable[tuple[UUID, Course]], now: datetime) -> None:
    """Write courses back, by one statement, under the locks their notices are held by. `now` is domain time."""
    pairs = list(changed)
    if not pairs:
        return
    await unit.connection.execute(
        _SAVE,
        {"ids": [pair[0] for pair in pairs], "now": now} | Columns([pair[1] for pair in pairs]).parameters(),
    )

"""A role's rota: who staffs it when, and when nobody does. Pure.

What a supervisor sets beats the file for the time it speaks of, as an officer's own word beats the file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

ALWAYS = datetime.min.replace(tzinfo=UTC)
FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's time in a role, from `starts` up to `ends`; `source` is own (a supervisor's word) or file."""

    row: UUID
    source: str
    starts: datetime = ALWAYS
    ends: datetime = FOR_EVER


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nobody staffs a role."""

    starts: datetime
    ends: datetime


def in_force(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Who staffs the role when, by time: every own turn, and of the file's what no own turn covers."""
    given = list(turns)
    own = sorted((turn for turn in given if turn.source == "own"), key=_by_time)
    rest = (piece for turn in given if turn.source != "own" for piece in _outside(turn, own))
    return tuple(sorted((*own, *rest), key=_by_time))


def gaps(turns: Iterable[Turn], start: datetime, end: datetime) -> tuple[Gap, ...]:
    """When nobody staffs the role between `start` and `end`; a gap under way begins where the last turn ended.

    With no turn before it, it begins at `start`.
    """
    known = sorted(turns, key=_by_time)
    over = max((turn.ends for turn in known if turn.ends <= start), default=start)
    found: list[Gap] = []
    reached = start
    for turn in (turn for turn in known if turn.ends > start and turn.starts < end):
        if turn.starts > reached:
            found.append(Gap(over if reached == start else reached, turn.starts))
        reached = max(reached, turn.ends)
    if reached < end:
        found.append(Gap(over if reached == start else reached, end))
    return tuple(found)


def _outside(turn: Turn, own: Iterable[Turn]) -> Iterator[Turn]:
    """The pieces of a turn that none of `own`, in order of time, covers."""
    begins = turn.starts
    for other in own:
        if other.ends <= begins or other.starts >= turn.ends:
            continue
        if other.starts > begins:
            yield replace(turn, starts=begins, ends=other.starts)
        begins = max(begins, other.ends)
    if begins < turn.ends:
        yield replace(turn, starts=begins)


def _by_time(turn: Turn) -> tuple[datetime, datetime, str]:
    return (turn.starts, turn.ends, str(turn.row))

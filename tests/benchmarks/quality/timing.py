"""How long one ranking takes, beside the bare sort of as many rows."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from services.routing.rules.matching.model import Load, Ranked, Request, Roster
from services.routing.rules.matching.muster import muster
from services.routing.rules.matching.rank import rank
from services.routing.rules.roster.duty import Duty, Entry, fold
from shared.contracts.policy import PolicyDocument
from tests.benchmarks.quality.supply import crowd

SIZES = (100, 300, 1_000, 10_000)
ALL_ON_DUTY = "everybody on duty"
IN_SHIFTS = "as the shifts fall"


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Times":
        """Percentiles of some durations in seconds."""
        ordered = sorted(seconds)
        return cls(statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99)] * 1000)


@dataclass(frozen=True)
class Timed:
    """One size: how long to rank, to sort as many rows, and to judge everybody once for a stretch of time."""

    officers: int
    duty: str
    present: int
    ranking: Times
    sorting: Times
    standing: Times


@dataclass(frozen=True)
class Ask:
    """What to rank at each size: these requests one after the other, at one instant, under one policy."""

    policy: PolicyDocument
    now: datetime
    requests: Sequence[Request]
    sizes: Sequence[int] = SIZES


def measure(roster: Roster, ask: Ask) -> list[Timed]:
    """Every size, with everybody on duty and as the shifts fall; made by repeating the officers of `roster`."""
    now = ask.now
    always = fold([Entry("duty", now - timedelta(hours=2), now + timedelta(hours=6), "file")])
    cases: list[tuple[str, Duty | None]] = [(ALL_ON_DUTY, always), (IN_SHIFTS, None)]
    return [_measure(crowd(roster, size, duty), words, ask) for words, duty in cases for size in ask.sizes]


def _measure(roster: Roster, words: str, ask: Ask) -> Timed:
    draw, now = Random(len(roster.officers)), ask.now
    loads = {one.id: Load(draw.randint(0, 2), now - timedelta(hours=draw.uniform(1, 400))) for one in roster.officers}
    standing = muster(roster, ask.policy, now, loads)
    rows = [_row(number, draw) for number in range(len(roster.officers))]
    return Timed(
        officers=len(roster.officers),
        duty=words,
        present=len(standing.standing.present),
        ranking=Times.of(_timed(partial(rank, request, standing)) for request in ask.requests),
        sorting=Times.of(_timed(partial(sorted, rows)) for _ in ask.requests),
        standing=Times.of(_timed(partial(muster, roster, ask.policy, now, loads)) for _ in range(5)),
    )


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _row(number: int, draw: Random) -> Ranked:
    """A row in no order, of the kind that ranking sorts."""
    parts = tuple(draw.randint(0, 20) for _ in range(8))
    return Ranked(draw.randint(0, 1), draw.random() < 0.3, -sum(parts), draw.random(), f"X{number}", "", None, parts)

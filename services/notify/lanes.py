"""How much may be under way at once, in all and to one receiver, so that a slow one slows nobody else.

Bounds of one process, not a record: after a restart they are found anew.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic

OPENS_AFTER = 10
"""Failures in a row after which a receiver is left alone."""

TROUBLED_AFTER = 3
"""Failures in a row after which people should know that a way is in trouble."""

REMEMBERED = 900.0
"""Seconds after which an old failure says nothing about now: SLOWEST_RETRY and some more."""

PROBE_EVERY = 5.0
"""Seconds (real time) after which one attempt may see whether it is back."""


@dataclass(frozen=True)
class Bounds:
    """Attempts under way: in all, to one receiver we know to be well, to one we know nothing of, and to a provider."""

    total: int = 1024
    widest: int = 512
    first: int = 32
    provider: int = 16


class Lanes:
    """Counts what is under way. A lane that fails is narrowed by half, one that succeeds is widened to double.

    A lane to one of the `providers` stays narrow: its messages cost more to send than others do, it takes no more than
    so many a second anyway, and everybody's wait for it at once when it comes back.
    """

    def __init__(
        self,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = monotonic,
        providers: Collection[str] = (),
    ) -> None:
        self._bounds = bounds or Bounds()
        self._providers = frozenset(providers)
        self._clock = clock
        self._failures: Counter[str] = Counter()
        self._failed_at: dict[str, float] = {}
        self._probe_at: dict[str, float] = {}
        self._used: Counter[str] = Counter()
        self._width: dict[str, int] = {}

    def room(self, share: float = 1.0) -> int:
        """How many more attempts may start now, within this share of all; below 0 when others have taken more."""
        return int(self._bounds.total * share) - self._used.total()

    def take(self, lane: str, share: float = 1.0) -> bool:
        """Start an attempt in a lane, within this share of its width; False when there is no room."""
        if self._used[lane] >= self._width_of(lane) * share:
            return False
        self._used[lane] += 1
        return True

    def give(self, lane: str, healthy: bool | None = None) -> None:
        """An attempt has ended: well, badly, or (None) without having been made."""
        self._used[lane] -= 1
        if self._used[lane] <= 0:
            del self._used[lane]
        width = self._width_of(lane)
        if healthy is not None:
            self._count(lane, healthy)
            self._width[lane] = min(width * 2, self._widest_of(lane)) if healthy else max(width // 2, 1)

    def shut(self, lane: str) -> bool:
        """Whether a receiver has failed so often in a row that it is not to be tried now.

        Every five seconds one attempt is let through all the same; one that succeeds opens the lane again.
        """
        if self._failures[lane] < OPENS_AFTER:
            return False
        if self._clock() < self._probe_at[lane]:
            return True
        self._probe_at[lane] = self._clock() + PROBE_EVERY
        return False

    def troubled(self, lane: str) -> bool:
        """Whether a receiver has lately failed several times in a row, and taken nothing since."""
        if self._failures[lane] < TROUBLED_AFTER:
            return False
        return self._clock() < self._failed_at[lane] + REMEMBERED

    def full(self) -> list[str]:
        """Lanes not worth looking at: less than a quarter of their width is free, or nothing at all."""
        return [lane for lane, used in self._used.items() if used > self._width_of(lane) * 3 // 4]

    def clear(self) -> None:
        """Forget everything: nothing is under way any more."""
        self._used.clear()
        self._width.clear()
        self._failures.clear()
        self._failed_at.clear()
        self._probe_at.clear()

    def _count(self, lane: str, healthy: bool) -> None:
        self._failures[lane] = 0 if healthy else self._failures[lane] + 1
        if not healthy:
            self._failed_at[lane] = self._clock()
        if self._failures[lane] == OPENS_AFTER:
            self._probe_at[lane] = self._clock() + PROBE_EVERY

    def _width_of(self, lane: str) -> int:
        return self._width.get(lane, min(self._bounds.first, self._widest_of(lane)))

    def _widest_of(self, lane: str) -> int:
        return self._bounds.provider if lane in self._providers else self._bounds.widest

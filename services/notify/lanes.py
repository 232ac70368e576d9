"""How much may be under way at once, in all and to one receiver, so that a slow one slows nobody else.

Bounds of one process, not a record: after a restart they are found anew.
"""

from collections import Counter

IN_FLIGHT = 512
PER_LANE = 64


class Lanes:
    """Counts what is under way. A lane that fails is narrowed by half, one that succeeds is widened again."""

    def __init__(self, total: int = IN_FLIGHT, per_lane: int = PER_LANE) -> None:
        self._total = total
        self._widest = per_lane
        self._used: Counter[str] = Counter()
        self._width: dict[str, int] = {}

    def room(self) -> int:
        """How many more attempts may start now."""
        return self._total - self._used.total()

    def take(self, lane: str) -> bool:
        """Start an attempt in a lane; False when the lane is full."""
        if self._used[lane] >= self._width.get(lane, self._widest):
            return False
        self._used[lane] += 1
        return True

    def give(self, lane: str, healthy: bool | None = None) -> None:
        """An attempt has ended: well, badly, or (None) without having been made."""
        self._used[lane] -= 1
        if self._used[lane] <= 0:
            del self._used[lane]
        if healthy is None:
            return
        width = self._width.get(lane, self._widest)
        width = min(width * 2, self._widest) if healthy else max(width // 2, 1)
        if width == self._widest:
            self._width.pop(lane, None)
        else:
            self._width[lane] = width

    def full(self) -> list[str]:
        """Lanes that may start nothing now."""
        return [lane for lane, used in self._used.items() if used >= self._width.get(lane, self._widest)]

    def clear(self) -> None:
        """Forget everything: nothing is under way any more."""
        self._used.clear()
        self._width.clear()

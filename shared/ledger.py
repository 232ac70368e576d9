"""The embedded broker keeps nothing, so the journal keeps it: what was sent, and who has handled it.

A row counts as published when every group that reads its topic has committed past it, and at most 2 MB a topic
are under way, because the broker drops its oldest records without asking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from shared.service import Wake

MOST_BYTES = 2 * 1024 * 1024
ROW_OVERHEAD = 120


@dataclass
class _Pending:
    offset: int
    row: int
    size: int


@dataclass
class Ledger:
    """One service's rows under way on the embedded broker."""

    bell: Wake
    readers: Mapping[str, frozenset[str]]
    """Groups by topic; a topic nobody here reads counts as published at the broker's answer."""
    _pending: dict[TopicPartition, list[_Pending]] = field(default_factory=dict)
    _committed: dict[TopicPartition, dict[str, int]] = field(default_factory=dict)
    _bytes: dict[str, int] = field(default_factory=dict)
    _published: list[int] = field(default_factory=list)

    def fit(self, rows: Sequence[Any]) -> int:
        """How many of these rows may be sent together: as many as stay under the limit, one at least."""
        total = 0
        for count, row in enumerate(rows):
            total += _size(row)
            if total > MOST_BYTES:
                return max(count, 1)
        return len(rows)

    def sent(self, rows: Sequence[Any], metadata: Sequence[Any]) -> tuple[list[int], list[int]]:
        """Record broker answers (topic, partition, offset); returns ids (published at once, still pending)."""
        published: list[int] = []
        pending: list[int] = []
        for row, answer in zip(rows, metadata, strict=True):
            if not self.readers.get(answer.topic):
                published.append(row["id"])
                continue
            size = _size(row)
            place = TopicPartition(answer.topic, answer.partition)
            self._pending.setdefault(place, []).append(_Pending(answer.offset, row["id"], size))
            self._bytes[answer.topic] = self._bytes.get(answer.topic, 0) + size
            pending.append(row["id"])
        for place in list(self._pending):
            self._settle(place)
        return published, pending

    def handled(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """A group has handled everything before these offsets."""
        for place, offset in offsets.items():
            self._committed.setdefault(place, {})[group] = offset
            self._settle(place)

    def take(self) -> list[int]:
        """Row ids that have become published since the last call."""
        taken, self._published = self._published, []
        return taken

    def full(self) -> list[str]:
        """Topics with too much under way to send more."""
        return [topic for topic, size in self._bytes.items() if size >= MOST_BYTES]

    def _settle(self, place: TopicPartition) -> None:
        committed = self._committed.get(place, {})
        groups = self.readers.get(place.topic, frozenset())
        past = min((committed.get(group, 0) for group in groups), default=0)
        rows = self._pending.get(place, [])
        done = 0
        while done < len(rows) and rows[done].offset < past:
            self._published.append(rows[done].row)
            self._bytes[place.topic] -= rows[done].size
            done += 1
        if done:
            del rows[:done]
            self.bell.ring()


def _size(row: Any) -> int:
    return len(row["payload"] or b"") + len(row["key"]) + ROW_OVERHEAD

"""When an officer is on duty: entries from three sources folded into one line of stretches.

An officer's own entry beats the feed, the feed beats the file (contract §5). Within one source what
takes an officer away beats what makes them available.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

SOURCES = ("own", "feed", "file")
AVAILABLE = frozenset({"duty", "on_call"})
AWAY = ("leave", "sick", "court", "abstracted", "restricted", "event", "busy")
"""Each is the code of the filter that rules the officer out; `restricted`: at work, but not to be sent anywhere."""

_STRONGER_FIRST = ("sick", "leave", "court", "abstracted", "restricted", "event", "busy", "duty", "on_call")
_RANK = {
    (source, kind): (place, strength)
    for place, source in enumerate(SOURCES)
    for strength, kind in enumerate(_STRONGER_FIRST)
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry about an officer from `starts` up to `ends`; `source` is own, feed or file."""

    kind: str
    starts: datetime
    ends: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which one entry decides."""

    starts: datetime
    ends: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Duty:
    """An officer's stretches in order, none overlapping another."""

    stretches: tuple[Stretch, ...] = ()

    def at(self, now: datetime) -> str | None:
        """The kind that decides at `now`, None where nothing is entered."""
        stretch = self._stretch(now)
        return stretch.kind if stretch else None

    def available_until(self, now: datetime) -> datetime | None:
        """The end of the unbroken duty or on-call time that covers `now`, None where it covers nothing."""
        place = bisect_right(self.stretches, now, key=_starts) - 1
        end: datetime | None = None
        for stretch in self.stretches[max(place, 0) :]:
            if stretch.kind not in AVAILABLE or not stretch.starts <= (end or now) < stretch.ends:
                break
            end = stretch.ends
        return end

    def next_start(self, now: datetime) -> datetime | None:
        """When the officer is next available after `now`, being away at `now`."""
        return next((s.starts for s in self.stretches if s.starts > now and s.kind in AVAILABLE), None)

    def rest_before(self, now: datetime, since: datetime) -> timedelta | None:
        """How long the officer was off before the duty that covers `now`; None where no duty ended after `since`."""
        begun: datetime | None = None
        for stretch in reversed(self.stretches[: bisect_right(self.stretches, now, key=_starts)]):
            if stretch.ends <= since:
                return None
            if stretch.kind != "duty":
                continue
            if begun is not None and stretch.ends < begun:
                return begun - stretch.ends
            begun = stretch.starts
        return None

    def _stretch(self, now: datetime) -> Stretch | None:
        place = bisect_right(self.stretches, now, key=_starts) - 1
        if place < 0 or now >= self.stretches[place].ends:
            return None
        return self.stretches[place]


OFF_DUTY = Duty()


def fold(entries: Iterable[Entry]) -> Duty:
    """The line of stretches that `entries` make, whatever their order."""
    waiting = sorted(set(entries), key=lambda entry: entry.starts, reverse=True)
    edges = sorted({edge for entry in waiting for edge in (entry.starts, entry.ends)})
    stretches: list[Stretch] = []
    covering: list[Entry] = []
    for starts, ends in pairwise(edges):
        covering = [entry for entry in covering if entry.ends > starts]
        while waiting and waiting[-1].starts == starts:
            covering.append(waiting.pop())
        if covering:
            _extend(stretches, Stretch(starts, ends, min(covering, key=_precedence).kind))
    return Duty(tuple(stretches))


def _extend(stretches: list[Stretch], new: Stretch) -> None:
    last = stretches[-1] if stretches else None
    if last and last.ends == new.starts and last.kind == new.kind:
        stretches[-1] = Stretch(last.starts, new.ends, last.kind)
    else:
        stretches.append(new)


def _starts(stretch: Stretch) -> datetime:
    return stretch.starts


def _precedence(entry: Entry) -> tuple[int, int]:
    return _RANK[entry.source, entry.kind]

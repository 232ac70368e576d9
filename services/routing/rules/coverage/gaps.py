"""Stretches in which nobody could be asked, and those of them that fall into the coming night."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from services.routing.rules.calendar import is_quiet
from services.routing.rules.coverage.ledger import Ledger
from services.routing.rules.coverage.model import Gap, Line
from shared.contracts.policy import PolicyDocument

EVENING, MORNING = time(18), time(8)
"""A night, by the local clock: from when day staff have left until they are back."""


def gaps(ledger: Ledger) -> list[Gap]:
    """Every stretch of every district and line with nobody at home or nobody in the pool, most expected demand first.

    Where part of a stretch has nobody in the pool either, that part is a gap of its own.
    """
    found = (gap for line in ledger.question.lines for gap in _of(ledger, line))
    return sorted(found, key=_worst_first)


def together(found: Iterable[Gap]) -> list[Gap]:
    """The gaps that differ in their district alone as one, most expected demand first."""
    same: dict[tuple[object, ...], list[Gap]] = {}
    for gap in found:
        same.setdefault((gap.starts, gap.ends, gap.line, gap.level, gap.sisters), []).append(gap)
    merged = (
        replace(
            alike[0],
            districts=tuple(district for gap in alike for district in gap.districts),
            expected=sum(gap.expected for gap in alike),
        )
        for alike in same.values()
    )
    return sorted(merged, key=_worst_first)


def tonight(found: Iterable[Gap], now: datetime, timezone: str = "Europe/London") -> list[Gap]:
    """What falls into the night of `now`, cut to it, soonest first: this evening's, or the one under way.

    A gap that is cut keeps its share of the expected referrals by the clock.
    """
    since, until = night(now, timezone)
    cut = (_cut(gap, max(since, now), until) for gap in found)
    return sorted((gap for gap in cut if gap is not None), key=lambda gap: (gap.starts, _worst_first(gap)))


def _worst_first(gap: Gap) -> tuple[object, ...]:
    return -gap.expected, gap.level != "pool", gap.starts, gap.line, gap.districts


def _of(ledger: Ledger, line: Line) -> Iterator[Gap]:
    cover, pieces = ledger.covers[line.code], ledger.pieces
    for level, run in groupby(range(len(pieces.weights)), key=cover.level):
        if level is None:
            continue
        its = list(run)
        weight = sum(pieces.weights[its[0] : its[-1] + 1])
        for district in ledger.question.districts:
            yield Gap(
                starts=pieces.instant(its[0]),
                ends=pieces.instant(its[-1] + 1),
                districts=(district,),
                line=line.code,
                level=level,
                sisters=min(cover.sisters[its[0] : its[-1] + 1]),
                expected=ledger.forecast.a_week(district, line.code) * weight,
            )


def note_due(policy: PolicyDocument, now: datetime) -> datetime | None:
    """The evening of which coordinators are to be told at `now`: from the policy's time on, until the quiet hours.

    None at any other time. A note that could not be written by then is not worth waking anybody for.
    """
    local = now.astimezone(ZoneInfo(policy.calendar.timezone)).strftime("%H:%M")
    if local < policy.coverage.note_at or is_quiet(policy.calendar, now):
        return None
    return night(now, policy.calendar.timezone)[0]


def night(now: datetime, timezone: str = "Europe/London") -> tuple[datetime, datetime]:
    """When the night of `now` begins and ends: this evening's, or the one under way."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    evening = local.date() - timedelta(days=1 if local.time() < MORNING else 0)
    morning = evening + timedelta(days=1)
    return tuple(  # type: ignore[return-value]
        datetime.combine(day, at, zone).astimezone(UTC) for day, at in ((evening, EVENING), (morning, MORNING))
    )


def _cut(gap: Gap, since: datetime, until: datetime) -> Gap | None:
    starts, ends = max(gap.starts, since), min(gap.ends, until)
    if starts >= ends:
        return None
    return replace(gap, starts=starts, ends=ends, expected=gap.expected * ((ends - starts) / (gap.ends - gap.starts)))

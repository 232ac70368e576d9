"""What a receiver that is unwell does to notices that go to others."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.notices.bench import OFFICERS, Bench, Peers, Row, bench, steady, waits

MODERATE, SPELL = 100.0, 20.0
"""Offers a second, and for how many seconds, while a receiver is unwell."""

OTHERS = ("webhook", "email", "phone")
"""Means of those whose providers are well."""


@dataclass(frozen=True)
class Isolation:
    """p99 in seconds of each means whose providers are well, while one provider is (or none is) `unwell`."""

    unwell: str
    p99: Mapping[str, float]
    counts: Mapping[str, int]

    def beside(self, quiet: "Isolation") -> str:
        """Each means with how many times as long it took as when all were well."""
        return ", ".join(
            f"{means} {self.p99[means] * 1000:,.0f} ms (x{self.p99[means] / quiet.p99[means]:.1f})" for means in OTHERS
        )

    def __str__(self) -> str:
        return ", ".join(f"{means} {self.p99[means] * 1000:,.0f} ms (n={self.counts[means]:,})" for means in OTHERS)


async def isolation(made: Bench, rate: float, seconds: float, longest: float) -> list[Isolation]:
    """The others' p99 with everybody well, and then with a fifth of the notices going to each sick receiver in turn.

    `longest` is how long (seconds) the one that answers 500 does so.
    """
    with ExitStack() as stack:
        sick = Peers.start(stack, "unwell").addresses
        names = {f"webhook_{number}": kind for number, kind in enumerate(sick)}
        await made.enlist(**{name: _always(sick[kind]) for name, kind in names.items()})
        await made.producer.flush()
        await asyncio.sleep(2)
        found = [await _watched(made, "", rate, seconds, None)]
        for name, kind in names.items():
            lasts = longest if kind == "answers 500" else seconds
            found.append(await _watched(made, kind, rate, lasts, name))
    return found


def _always(address: str) -> Callable[[int], str]:
    return lambda _number: address


async def _settled(made: Bench, since: object, wanted: int) -> dict[str, list[float]]:
    """What the notices of a spell to well providers took, once so many are there or a minute is over."""
    end = time.monotonic() + 60
    while True:
        found = await waits(made, since)
        if sum(len(found.get(means, ())) for means in OTHERS) >= wanted or time.monotonic() > end:
            return found
        await asyncio.sleep(0.5)


async def _watched(made: Bench, kind: str, rate: float, seconds: float, sick: str | None) -> Isolation:
    """One spell: offers over every means in turn, a fifth of them to the sick receiver's officers if there is one."""
    officers = []
    for number in range(OFFICERS):
        officers += [f"{means}-{number}" for means in ("webhook", "webhook", "email", "phone")]
        officers.append(f"{sick or 'webhook'}-{number}")
    since = await made.database.fetchval("select clock_timestamp()")
    await steady(made, rate, seconds, officers)
    found = await _settled(made, since, int(rate * seconds) * (4 if sick else 5) // 5)
    spent = {means: found.get(means) or [float("inf")] for means in OTHERS}
    return Isolation(
        kind,
        {means: one[int(len(one) * 0.99)] for means, one in spent.items()},
        {means: len(one) for means, one in spent.items()},
    )


async def spells(folder: Path, url: str, bootstrap: str, longest: float) -> list[Row]:
    """The rows of `isolation`: (who is unwell, the others' p99, theirs when all are well, to reach)."""
    async with bench(folder, url, bootstrap) as made:
        quiet, *sick = await isolation(made, MODERATE, SPELL, longest)
    return [(f"a receiver that {one.unwell}", one.beside(quiet), str(quiet), "each below x2") for one in sick]

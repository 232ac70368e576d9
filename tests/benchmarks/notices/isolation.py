"""What a provider that is unwell does to notices that go over others."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from tests.benchmarks.notices.bench import OFFICERS, Bench, Peers, Row, bench, offers_to, steady, waits
from tests.benchmarks.notices.peers import TALKS, WELL

MODERATE, SECONDS = 100.0, 15.0
"""Offers a second, and for how many seconds, while a provider is unwell."""

CALM = 60.0
"""Seconds in which all are well, at most, beside a longer spell."""

OTHERS = ("webhook", "email", "phone")
"""Means of those whose providers are well."""


@dataclass(frozen=True)
class Isolation:
    """How long (seconds) notices took over each means whose providers are well, while one (or none) is `unwell`."""

    unwell: str
    waits: Mapping[str, Sequence[float]]

    def p99(self, means: str) -> float:
        """Seconds."""
        waits = sorted(self.waits[means])
        return waits[int(len(waits) * 0.99)]

    def calmer(self, other: "Isolation") -> "Isolation":
        """Of two spells the shorter waits over each means: a hiccup of the machine flatters no other spell."""
        best = {means: min((self, other), key=lambda one: one.p99(means)).waits[means] for means in self.waits}
        return Isolation(self.unwell, best)

    def beside(self, quiet: "Isolation") -> str:
        """Each means with how many times as long it took as when all were well."""
        return ", ".join(
            f"{means} {self.p99(means) * 1000:,.0f} ms (x{self.p99(means) / quiet.p99(means):.1f})"
            for means in self.waits
        )

    def __str__(self) -> str:
        return ", ".join(
            f"{means} {self.p99(means) * 1000:,.0f} ms (n={len(waits):,})" for means, waits in self.waits.items()
        )


Pairs = list[tuple[Isolation, Isolation]]
"""The others' waits when all are well, and while one is unwell."""


async def isolation(made: Bench, seconds: float, longest: float) -> Pairs:
    """The others' waits with everybody well, and while one provider after the other is unwell in each way.

    What all of a provider's ills are set beside is the calmer of a spell before and one after them. Each spell is
    measured alone: what waits for a sick receiver is dropped after it, and a provider that is well again is first let
    come to the end of what waited. A webhook receiver that is unwell gets a fifth of the notices; of e-mail and texts
    everything fails. `longest` is how long (seconds) the provider of texts answers 500; where that is longer than the
    others, how the others fare when it is back is a spell, too.
    """
    with ExitStack() as stack:
        sick = Peers.start(stack, "unwell").addresses
        names = {f"webhook_{number}": kind for number, kind in enumerate(sick)}
        await made.enlist(**{name: _always(sick[kind]) for name, kind in names.items()})
        await made.producer.flush()
        await asyncio.sleep(2)
        await _watched(made, Spell("", seconds, ""))  # to warm up
        calm = Spell("", max(seconds, min(longest, CALM)), "")
        before = await _watched(made, calm)
        found: Pairs = []
        ills = (partial(_receivers, names), partial(_provider, "email", seconds), partial(_provider, "phone", longest))
        for whose in ills:
            unwell = await whose(made, seconds)
            after = await _watched(made, calm)
            found += [(before.calmer(after), one) for one in unwell]
            before = after
    return found


async def _receivers(names: Mapping[str, str], made: Bench, seconds: float) -> list[Isolation]:
    found = []
    for name, kind in names.items():
        found.append(await _watched(made, Spell(f"a receiver that {kind}", seconds, name)))
        await made.database.execute(_DROP, f"{name}-%")
    return found


async def _provider(means: str, longest: float, made: Bench, seconds: float) -> list[Isolation]:
    found = []
    for kind in TALKS:
        lasts = longest if kind == "answers 500" else seconds
        await _turn(made, means, kind)
        found.append(await _watched(made, Spell(f"{means}: the provider {kind}", lasts, means)))
        await _turn(made, means, WELL)
        if lasts > seconds:
            found.append(await _watched(made, Spell(f"{means}: after {lasts:.0f} s of it", CALM, means)))
        await _caught_up(made, means)
    return found


_DROP = "update notify.notices set due_at = null, state = 'expired' where recipient like $1 and due_at is not null"


async def _caught_up(made: Bench, means: str) -> None:
    """Wait until nothing waits for a provider that is well again, two minutes at most; then drop the rest."""
    waiting = "select count(*) from notify.notices where recipient like $1 and state in ('planned', 'sending')"
    end = time.monotonic() + 120
    while await made.database.fetchval(waiting, f"{means}-%") and time.monotonic() < end:
        await asyncio.sleep(0.5)
    await made.database.execute(_DROP, f"{means}-%")


async def _turn(made: Bench, means: str, kind: str) -> None:
    sink = aiohttp.ClientSession(made.peers.addresses["sink"])
    async with sink as session, session.post(f"turn/{means}/{kind}") as answer:
        answer.raise_for_status()


@dataclass(frozen=True)
class Spell:
    """Who is unwell, for how many seconds, and whose notices those are: `webhook_0`, or a means."""

    unwell: str
    seconds: float
    whose: str

    @property
    def others(self) -> tuple[str, ...]:
        """The means whose providers are well."""
        return tuple(means for means in OTHERS if means != self.whose)


def _always(address: str) -> Callable[[int], str]:
    return lambda _number: address


async def _settled(made: Bench, since: object, wanted: int, others: Sequence[str]) -> dict[str, list[float]]:
    """What the notices of a spell to well providers took, once so many are there or a minute is over."""
    end = time.monotonic() + 60
    while True:
        found = await waits(made, since)
        if sum(len(found.get(means, ())) for means in others) >= wanted or time.monotonic() > end:
            return {means: found.get(means) or [float("inf")] for means in others}
        await asyncio.sleep(0.5)


async def _watched(made: Bench, spell: Spell) -> Isolation:
    """One spell: offers over every means in turn, a fifth of them to the sick receiver's officers if there is one."""
    fifth = spell.whose if spell.whose.startswith("webhook_") else "webhook"
    turn = ("webhook", "webhook", "email", "phone", fifth)
    officers = [f"{means}-{number}" for number in range(OFFICERS) for means in turn]
    offers = offers_to(officers, int(MODERATE * spell.seconds))
    since = await made.database.fetchval("select clock_timestamp()")
    await steady(made, MODERATE, offers)
    share = sum(means in spell.others for means in turn)
    found = await _settled(made, since, len(offers) * share // len(turn), spell.others)
    return Isolation(spell.unwell, found)


async def spells(folder: Path, url: str, bootstrap: str, longest: float) -> list[Row]:
    """The rows of `isolation`: (who is unwell, the others' p99, theirs when all are well, to reach)."""
    async with bench(folder, url, bootstrap) as made:
        found = await isolation(made, SECONDS, longest)
    return [(sick.unwell, sick.beside(quiet), str(quiet), "each below x2") for quiet, sick in found]

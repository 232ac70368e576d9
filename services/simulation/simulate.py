"""`liaison simulate`: a stream of reports at a steady rate, people who answer, and a reckoning at the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.simulation.access import Addresses, Client, SimulationFailed, client
from services.simulation.check import Reckoning, Verdict
from services.simulation.counties import FORCES
from services.simulation.items import Item
from services.simulation.ledger import Ledger, pending
from services.simulation.listening import listening
from services.simulation.notebook import Notebook
from services.simulation.officers import BRISK, Crew, Manners, crew
from services.simulation.phones import watch
from services.simulation.places import sampled
from services.simulation.roster import officer_ids
from services.simulation.sending import Sender, producing
from services.simulation.summary import Run, Summary, show, summarise
from services.simulation.traffic import Mix, arrivals, evenly, stream
from services.simulation.webhooks import Ear, receiving
from shared.identifiers import uuid7

AT_ONCE = 256
"""Items under way together; beyond it sending falls behind its rate."""
_PAUSE = 0.25
_LOOKED_AT_EVERY = 1.0
"""Seconds between looks at the phones, and between reckonings that are not good yet."""


@dataclass(frozen=True)
class Options:
    """What to simulate.

    `bootstrap` None: everything over HTTP, and nothing is heard of outbound. `rate`: items a second. `run`: a word
    in every key (None: a new one). `officers`: nobody answers; they are told over webhooks (which the roster must
    name: see `roster.write_roster`, and `ear` for where); or they look at the demo's phones. `season`: the times at
    which requests really arrive, over the months before now, with the Pride weekend of `pride` (its Saturday).
    `settle`: seconds to wait for answers after the last item. `tokens`: by name, where there is no demo sign-in;
    there everything is an exercise.
    """

    addresses: Addresses
    bootstrap: str | None = None
    reports: int = 200
    rate: float = 20.0
    seed: int = 1
    run: str | None = None
    forces: tuple[str, ...] = FORCES
    http_share: float = 0.5
    hostile_share: float = 0.05
    exercise: bool = False
    officers: Literal["none", "webhooks", "phones"] = "none"
    ear: Ear = field(default_factory=Ear)
    manners: Manners = BRISK
    season: bool = False
    pride: date | None = None
    settle: float = 30.0
    tokens: Mapping[str, str] = field(default_factory=dict)
    security: Mapping[str, Any] = field(default_factory=dict)


async def simulate(options: Options, console: Console | None = None) -> Summary:
    """Run a simulation and reckon up; the summary's `good` says whether all is as it must be.

    Progress and the table at the end go to `console` (stderr). Raises SimulationFailed where it cannot run at all.
    """
    out = console or Console(stderr=True)
    ledger, notebook = Ledger(), Notebook()
    async with AsyncExitStack() as stack:
        person = await stack.enter_async_context(client(options.addresses, options.tokens))
        demo = await _signs_in(person, options)
        items = await _items(options, exercise=options.exercise or not demo)
        people = await _people(stack, person, notebook, options)
        topics = [f"outbound.{force}" for force in options.forces]
        await stack.enter_async_context(listening(options.bootstrap, topics, ledger.hear, options.security))
        producer = await stack.enter_async_context(producing(options.bootstrap, options.security))
        sender = Sender(person, producer, ledger)
        started = asyncio.get_running_loop().time()
        with _progress(out) as progress:
            await _send(sender, items, options, progress)
            verdict = await _settle(person, ledger, options, progress)
        seconds = asyncio.get_running_loop().time() - started
        summary = summarise(Run(ledger, verdict, notebook, people.did, seconds))
    show(summary, out)
    return summary


async def _signs_in(person: Client, options: Options) -> bool:
    demo = await person.demo()
    if not demo and not options.tokens:
        raise SimulationFailed("nobody can sign in here: is it running, and with AUTH=demo? Else give tokens.")
    if not demo and options.officers != "none":
        raise SimulationFailed("officers can only be simulated with AUTH=demo")
    return demo


async def _items(options: Options, exercise: bool) -> Iterator[Item]:
    places = await asyncio.to_thread(sampled)
    mix = Mix(
        run=options.run or uuid7().hex[-6:],
        seed=options.seed,
        forces=options.forces,
        http_share=options.http_share if options.bootstrap is not None else 1.0,
        hostile_share=options.hostile_share,
        exercise=exercise,
        officers={force: officer_ids(force) for force in options.forces if force in FORCES},
    )
    return stream(mix, places, _times(options))


def _times(options: Options) -> Iterator[datetime]:
    now = datetime.now(UTC)
    if not options.season:
        return evenly(now, options.reports, options.rate)
    *_, last = arrivals(options.seed, now, options.reports)
    times = arrivals(options.seed, now - (last - now), options.reports, pride=options.pride)
    return (min(at, now) for at in times)


async def _people(stack: AsyncExitStack, person: Client, notebook: Notebook, options: Options) -> Crew:
    people = await stack.enter_async_context(crew(person, options.manners, options.seed))
    if options.officers == "webhooks":
        await stack.enter_async_context(receiving(options.ear, notebook, people.told))
    elif options.officers == "phones":
        await stack.enter_async_context(_watching(person, notebook, people))
    return people


@asynccontextmanager
async def _watching(person: Client, notebook: Notebook, people: Crew) -> AsyncIterator[None]:
    task = asyncio.create_task(watch(person, notebook, people.told, _LOOKED_AT_EVERY))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


async def _send(sender: Sender, items: Iterator[Item], options: Options, progress: Progress) -> None:
    """Send each item at its time, whatever became of those before it: an open loop, as people are."""
    loop = asyncio.get_running_loop()
    begun, room = loop.time(), asyncio.Semaphore(AT_ONCE)
    bar = progress.add_task("Sending", total=options.reports)

    async def send(item: Item) -> None:
        try:
            await sender.send(item)
        finally:
            room.release()
            progress.advance(bar)

    try:
        async with asyncio.TaskGroup() as group:
            for number, item in enumerate(items):
                await asyncio.sleep(max(0.0, begun + number / options.rate - loop.time()))
                await room.acquire()
                sender.expect(item)
                group.create_task(send(item))
    except* SimulationFailed as failed:
        raise SimulationFailed(str(failed.exceptions[0])) from None


async def _settle(person: Client, ledger: Ledger, options: Options, progress: Progress) -> Verdict:
    """Wait until everything is answered, then reckon until it comes out well or the time is up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + options.settle
    bar = progress.add_task("Answered", total=len(ledger.sent))
    while (left := len(pending(ledger))) and loop.time() < deadline:
        progress.update(bar, completed=len(ledger.sent) - left)
        await asyncio.sleep(_PAUSE)
    progress.update(bar, completed=len(ledger.sent) - left, description="Reckoning")
    reckoning = Reckoning(person, ledger, options.forces)
    verdict = await reckoning.look()
    while not verdict.settled and loop.time() < deadline:
        await asyncio.sleep(_LOOKED_AT_EVERY)
        verdict = await reckoning.look()
    return verdict

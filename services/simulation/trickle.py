"""A slow stream of reports for as long as it is let, and people who answer in their own time: something to watch."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random

from services.simulation.access import Addresses, SimulationFailed, client
from services.simulation.counties import FORCES
from services.simulation.items import Item
from services.simulation.ledger import Ledger, Sent
from services.simulation.notebook import Notebook
from services.simulation.officers import HUMAN, Manners, crew
from services.simulation.phones import watch
from services.simulation.places import sampled
from services.simulation.roster import officer_ids
from services.simulation.sending import Sender, producing
from services.simulation.traffic import Mix, Traffic
from shared.identifiers import uuid7
from shared.telemetry import get_logger

log = get_logger("simulation")

_PHONES_EVERY = 3.0
"""Seconds between looks at the phones."""
_HOSTILE = 0.03


class _Forgetful(Ledger):
    """A ledger for a stream without end: it keeps nothing."""

    def send(self, item: Item, at: float) -> Sent:
        return Sent(item, at)

    def answered(self, sent: Sent, status: int, reference: str | None, at: float) -> None:
        sent.status = status


async def trickle(
    base_url: str,
    per_minute: float = 20,
    *,
    bootstrap: str | None = None,
    seed: int | None = None,
    manners: Manners = HUMAN,
) -> None:
    """Send about `per_minute` reports a minute until cancelled, with officers who answer what shows on the phones.

    For the demo (`AUTH=demo`) alone. Services that are away are waited for; nothing is raised.
    """
    run = uuid7().hex[-6:]
    async with AsyncExitStack() as stack:
        person = await stack.enter_async_context(client(Addresses.one(base_url)))
        people = await stack.enter_async_context(crew(person, manners, seed or 1))
        producer = await stack.enter_async_context(producing(bootstrap, {}))
        sender = Sender(person, producer, _Forgetful())
        traffic = await _traffic(run, seed, over_topics=bootstrap is not None)
        async with asyncio.TaskGroup() as group:
            group.create_task(watch(person, Notebook(), people.told, _PHONES_EVERY))
            for pause in _pauses(per_minute, seed):
                await asyncio.sleep(pause)
                item = traffic.item(datetime.now(UTC))
                sender.expect(item)
                group.create_task(_send(sender, item))


async def _traffic(run: str, seed: int | None, *, over_topics: bool) -> Traffic:
    places = await asyncio.to_thread(sampled)
    officers = {force: officer_ids(force) for force in FORCES}
    share = 0.5 if over_topics else 1.0
    return Traffic(
        Mix(
            run,
            seed if seed is not None else int(run, 16),
            http_share=share,
            hostile_share=_HOSTILE,
            officers=officers,
        ),
        places,
    )


def _pauses(per_minute: float, seed: int | None) -> Iterator[float]:
    """Seconds between reports: irregular, as calls are, and never a burst of more than a few."""
    draw = Random(seed)
    while True:
        yield min(draw.expovariate(per_minute / 60), 5 * 60 / per_minute)


async def _send(sender: Sender, item: Item) -> None:
    try:
        await sender.send(item)
    except SimulationFailed:
        log.warning("trickle_refused", reason="sign_in")

"""A notify to kill, one that takes over, and what can be seen of both from outside."""

import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shared.consuming import Consuming
from shared.inbox import Record
from shared.sealing import MasterKeys, new_key
from tests.chaos.mortal import Orders, Point, live, real_channels
from tests.edges.notify_house import Story
from tests.edges.receivers import Other
from tests.edges.texting_house import Texts, texts
from tests.waiting import until

PROCESSES = multiprocessing.get_context("forkserver")
"""Each death is a process of its own, forked from one that has read the code already."""


@dataclass
class Scene:
    """One database, and the town around it."""

    town: Texts
    url: str
    key: bytes
    folder: Path
    offsets: int = field(default=10_000)

    def offered(self, story: Story, *officers: str) -> Record:
        """An offer as Kafka brings it: again and again the same."""
        self.offsets += 1
        return replace(self.town.notify._record("referrals", None, story.offered(*officers)), offset=self.offsets)

    def orders(self, other: Other, records: tuple[Record, ...], story: Story, point: Point) -> Orders:
        """A life in this place."""
        return Orders(self.url, self.key, other.settings, records, story.reference, point, self.folder)

    async def shown(self, reference: str) -> list[dict[str, Any]]:
        """What a coordinator is shown of a referral's notices."""
        return await self.town.shown(reference)

    async def finished(self, reference: str) -> list[dict[str, Any]] | None:
        """The same, once all of them have gone out."""
        shown = await self.shown(reference)
        return shown if shown and all(one["state"] in ("sent", "delivered") for one in shown) else None

    async def told(self, story: Story) -> list[str]:
        """What routing is to hear of a referral's notices, by name."""
        deliveries = await self.town.notify.deliveries()
        return [name for name, payload in deliveries if payload["reference"] == story.reference]

    @asynccontextmanager
    async def taken_over(self, orders: Orders) -> AsyncIterator[None]:
        """Somebody with the same settings is at work; Kafka has brought again what the dead had not committed to it."""
        notify = self.town.notify
        real = real_channels(notify.database, orders)
        notify.channels = {"exercise": notify.channels["exercise"], **real}
        notify.gathered = orders.gathered
        await Consuming("referrals", notify.database, notify.planning, notify.keys).process(orders.records)
        async with notify.at_work():
            yield


@asynccontextmanager
async def scene(url: str, folder: Path) -> AsyncIterator[Scene]:
    """Such a place on an empty database."""
    PROCESSES.set_forkserver_preload(["tests.chaos.mortal"])
    async with texts(url) as town:
        key = new_key()
        town.notify.keys = MasterKeys({"test": key})
        yield Scene(town, url, key, folder)


async def dies(orders: Orders, other: Other) -> None:
    """A process lives by these orders and dies by them, or by its receiver's hand where that is the point."""
    process = PROCESSES.Process(target=live, args=(orders,))

    def strike() -> None:
        process.kill()
        process.join()

    if orders.point is Point.SENDING:
        other.fatal(strike)
    process.start()
    await dead(process)


async def dead(process: Any) -> None:
    """Wait until it is, by nothing but a kill."""

    async def look() -> bool | None:
        return process.exitcode is not None or None

    await until(look, 120)
    assert process.exitcode == -signal.SIGKILL

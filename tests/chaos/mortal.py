"""A notify process that dies where it is told to: the real loops, channels and transactions, and a witness of them.

Production knows nothing of it. Channels are wrapped from outside, and what a transaction is about to commit is read
from the tables themselves, so that a point stays where it is however the code around it changes.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.app import channels
from services.notify.channels.channel import Channel, Message
from services.notify.rules.attempts import Outcome
from shared.clock import Clock
from shared.consuming import Consuming
from shared.database import Database, engine_for
from shared.inbox import Record
from shared.relay import Relay
from shared.sealing import MasterKeys
from shared.service import Platform, Wake
from shared.settings import load_settings
from tests.edges.notify_house import House


class Point(StrEnum):
    """Where a notify process dies on the way of one notice."""

    PLANNING = "before_the_plan_is_committed"
    PLANNED = "after_the_plan_is_committed"
    CLAIMING = "before_the_claim_is_committed"
    CLAIMED = "claimed_and_nothing_sent"
    SENDING = "sent_and_the_answer_not_read"
    """Its receiver kills it: nobody else knows that moment."""
    ANSWERED = "answered_and_not_written_down"
    SETTLING = "written_down_and_not_committed"
    SETTLED = "committed_and_nothing_published"
    PUBLISHED = "published_and_not_marked"


@dataclass(frozen=True)
class Orders:
    """One life: where it works, what reaches it from Kafka, which notices it watches, and where it ends."""

    database_url: str
    key: bytes
    settings: Mapping[str, Any]
    records: tuple[Record, ...]
    reference: str
    point: Point
    folder: Path
    gathered: frozenset[str] = frozenset()
    at_once: bool = False
    """What it plans leaves in the transaction that plans it, its dispatcher being at work."""

    def leaving_at_once(self) -> "Orders":
        """The same, with its dispatcher at work before Kafka brings anything."""
        return replace(self, at_once=True)

    def gathering(self, *means: str) -> "Orders":
        """The same, with storms over these means as one message."""
        return replace(self, gathered=frozenset(means))


LONGEST = 30.0
"""Seconds; a life that has not come to its point by then ends by itself, and its test fails."""

_ATTEMPTED = sa.text(
    "select a.state from notify.attempts a join notify.notices n on n.id = a.notice_id where n.reference = :reference"
)
_PLANNED = sa.text("select state from notify.notices where reference = :reference")


def die() -> NoReturn:
    """As the kernel ends a process that took too much memory: at once, and nothing of ours is run any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


class Mortal:
    """A channel whose process may die on its doorstep, going out or coming home."""

    def __init__(self, inner: Channel, point: Point) -> None:
        self._inner = inner
        self._point = point

    def lane(self, address: str) -> str:
        """The real one's."""
        return self._inner.lane(address)

    async def send(self, message: Message) -> Outcome:
        """Send for real, unless it ends here."""
        if self._point is Point.CLAIMED:
            die()
        outcome = await self._inner.send(message)
        if self._point is Point.ANSWERED:
            die()
        return outcome

    async def close(self) -> None:
        """Close the real one."""
        await self._inner.close()


class Witness:
    """Sees what each transaction is about to commit, by reading it inside that transaction, and ends its process."""

    def __init__(self, engine: AsyncEngine, orders: Orders) -> None:
        self._orders = orders
        self._doomed: object = None
        sa.event.listen(engine.sync_engine, "commit", self._committing)
        sa.event.listen(engine.sync_engine, "checkin", self._given_back)

    def _committing(self, connection: sa.Connection) -> None:
        point = self._orders.point
        if point is Point.PLANNING and self._seen(connection, _PLANNED):
            die()
        attempted = self._seen(connection, _ATTEMPTED)
        if point is Point.CLAIMING and "sending" in attempted:
            die()
        settled = bool(attempted - {"sending"})
        if point is Point.SETTLING and settled:
            die()
        if point is Point.SETTLED and settled:
            self._doomed = connection.connection.dbapi_connection

    def _given_back(self, connection: object, _record: object) -> None:
        """A connection comes home to its pool, so what it was committing is committed."""
        if self._doomed is not None and connection is self._doomed:
            die()

    def _seen(self, connection: sa.Connection, query: sa.TextClause) -> set[str]:
        return {row[0] for row in connection.execute(query, {"reference": self._orders.reference})}


class LastWords(Relay):
    """A relay whose process dies when the broker has confirmed, before that is written down."""

    async def _mark(self, connection: Any, ids: Any) -> None:
        if ids:
            die()


def live(orders: Orders) -> None:
    """A life, from the first line to its point."""
    with (orders.folder / f"{orders.point}.log").open("a") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    asyncio.run(_live(orders))


async def _live(orders: Orders) -> None:
    engine = engine_for(orders.database_url, pool=4)
    database = Database("notify", engine, Clock(datetime(2026, 6, 6, tzinfo=UTC)))
    keys = MasterKeys({"test": orders.key})
    Witness(engine, orders)
    house = House(database, keys, {}, gathered=orders.gathered)
    database.on_commit = house.rung
    house.channels |= {name: Mortal(one, orders.point) for name, one in real_channels(database, orders).items()}
    if not orders.at_once:
        await _hear(house, orders)
    if orders.point is Point.PLANNED:
        die()
    async with house.at_work():
        if orders.at_once:
            await asyncio.sleep(0)  # its loop begins
            await _hear(house, orders)
        await asyncio.sleep(LONGEST)


async def _hear(house: House, orders: Orders) -> None:
    await Consuming("referrals", house.database, house.planning, house.keys).process(orders.records)


def real_channels(database: Database, orders: Orders) -> Mapping[str, Channel]:
    """The channels that notify builds itself from these settings."""
    settings = load_settings(env_file=None, data_dir=orders.folder, **orders.settings)
    return channels(Platform(settings, database, MasterKeys({"test": orders.key}), instance="mortal"))


def relay_once(database_url: str, bootstrap: str) -> None:
    """A life that is nothing but a relay, up to the moment when the broker has confirmed."""
    asyncio.run(LastWords("notify", database_url, bootstrap, Wake()).run())

"""A service's own database: one engine, one schema, one transaction at a time, one clock.

Errors are told apart here: what passes by itself (`is_transient`) never counts against an event,
anything else is pinned to its event by halving the batch (`shared/consuming.py`).
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared import journal
from shared.clock import Clock
from shared.journal import Outgoing

SERVER_SETTINGS = {
    # A polling service pays 17 % of a core for just-in-time compilation and gains nothing.
    "jit": "off",
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "10s",
    "statement_timeout": "15s",
}

_TRANSIENT_STATES = ("08", "40001", "40P01", "55P03", "57P0", "53", "25P03", "57014")
_TRANSIENT_NAMES = frozenset(
    {"ConnectionDoesNotExistError", "CannotConnectNowError", "InterfaceError", "InternalClientError"}
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        link = queue.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        queue += [getattr(link, "orig", None), link.__cause__]


def is_transient(error: BaseException) -> bool:
    """True for connection, serialisation, deadlock, lock and shutdown errors: try again, blame nobody."""
    for link in _causes(error):
        if isinstance(link, OSError | TimeoutError | sa.exc.TimeoutError):
            return True
        if type(link).__name__ in _TRANSIENT_NAMES:
            return True
        if str(getattr(link, "sqlstate", None) or "").startswith(_TRANSIENT_STATES):
            return True
        if getattr(link, "connection_invalidated", False):
            return True
    return False


_CLOCK = sa.text("select clock_timestamp()")


@dataclass
class Unit:
    """One transaction: the connection, the clock, and the journal entries it will publish once committed."""

    connection: AsyncConnection
    schema: str
    clock: Clock
    appended: int = 0
    wakes: set[str] = field(default_factory=set)
    ended: list[Callable[[bool], None]] = field(default_factory=list)
    """Called when it is over, with whether it was committed; for what lives in this process alone."""

    async def now(self, not_before: datetime | None = None) -> datetime:
        """Domain time. Read it after taking locks; `not_before` is the locked row's last change."""
        real = (await self.connection.execute(_CLOCK)).scalar_one()
        now = self.clock.domain(real)
        return now if not_before is None else max(now, not_before)

    async def real_now(self) -> datetime:
        """Real time of the database: for leases, retries, holds and heartbeats."""
        real: datetime = (await self.connection.execute(_CLOCK)).scalar_one()
        return real

    async def append(self, entries: Sequence[Outgoing]) -> None:
        """Append to the journal; the relay is woken when the transaction has committed."""
        await journal.append(self.connection, self.schema, entries)
        self.appended += len(entries)

    def wake(self, name: str) -> None:
        """Wake a loop ("driver", "dispatcher") in every replica once this transaction has committed."""
        self.wakes.add(name)


@dataclass
class Database:
    """The database of one service in one process."""

    name: str
    engine: AsyncEngine
    clock: Clock
    on_commit: Callable[[set[str]], None] | None = None
    """Told after each commit which loops to wake; "relay" is among them when the journal grew."""

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """One transaction; commits when the block ends, rolls back when it raises."""
        async with self.engine.connect() as connection:
            transaction = await connection.begin()
            unit = Unit(connection, self.name, self.clock)
            committed = False
            try:
                try:
                    yield unit
                except BaseException:
                    await transaction.rollback()
                    raise
                await transaction.commit()
                committed = True
            finally:
                for tell in unit.ended:
                    tell(committed)
        wakes = unit.wakes | ({"relay"} if unit.appended else set())
        if wakes and self.on_commit is not None:
            self.on_commit(wakes)

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


def engine_for(url: str, *, pool: int = 12, settings: dict[str, str] | None = None) -> AsyncEngine:
    """An engine on `url` (postgresql+asyncpg://…) with the project's time-outs and at most `pool` connections."""
    arguments: dict[str, Any] = {
        "server_settings": SERVER_SETTINGS | (settings or {}),
        "command_timeout": 20,
        # A service has more different statements than the default keeps prepared (100).
        "prepared_statement_cache_size": 500,
        "timeout": 5,
    }
    return create_async_engine(
        url, pool_size=pool, max_overflow=0, pool_timeout=10, pool_pre_ping=False, connect_args=arguments
    )


async def read_clock(engine: AsyncEngine, schema: str, speed: float) -> Clock:
    """The clock whose epoch `migrate` wrote into the schema."""
    async with engine.connect() as connection:
        epoch = (await connection.execute(sa.text(f"select epoch from {schema}.clock_epoch"))).scalar_one()
    return Clock(epoch, speed)

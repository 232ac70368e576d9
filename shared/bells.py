"""Bells across processes: a commit here wakes the loops of the same service elsewhere.

NOTIFY inside a business transaction takes a database-wide lock at commit, so it is sent outside, debounced,
on a connection of its own. Losing one costs a poll interval, never an event.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

from shared.service import Platform
from shared.telemetry import get_logger

log = get_logger("bells")

DEBOUNCE_SECONDS = 0.02


@dataclass
class Bells:
    """Rings the bells of one platform, here and in the service's other processes."""

    platform: Platform
    database_url: str
    settled_here: Callable[[str], bool] = lambda _name: False
    """Whether a bell need not ring elsewhere, because the loop that matters runs in this process."""
    _wanted: set[str] = field(default_factory=set)
    _ring: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self, names: set[str]) -> None:
        """Ring in this process at once, and in the others within some milliseconds."""
        for name in names:
            self.platform.bell(name).ring()
        self._wanted |= {name for name in names if not self.settled_here(name)}
        if self._wanted:
            self._ring.set()

    async def run(self) -> None:
        """Carry bells between processes until cancelled."""
        channel = f"liaison_{self.platform.database.name}"
        while True:
            try:
                connection = await asyncpg.connect(
                    self.database_url.replace("postgresql+asyncpg://", "postgresql://"), timeout=5
                )
            except (OSError, asyncpg.PostgresError, TimeoutError) as error:
                log.warning("database_away", service=self.platform.database.name, reason=type(error).__name__)
                await asyncio.sleep(1.0)
                continue
            try:
                await connection.add_listener(channel, self._heard)
                await self._carry(connection, channel)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(0.5)
            finally:
                with contextlib.suppress(Exception):
                    await connection.close(timeout=1)

    async def _carry(self, connection: asyncpg.Connection, channel: str) -> None:
        while True:
            await self._ring.wait()
            await asyncio.sleep(DEBOUNCE_SECONDS)
            self._ring.clear()
            names, self._wanted = self._wanted, set()
            payload = f"{self.platform.instance}:{','.join(sorted(names))}"
            await connection.execute("select pg_notify($1, $2)", channel, payload, timeout=5)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        sender, _, names = str(payload).partition(":")
        if sender != self.platform.instance:
            for name in names.split(","):
                self.platform.bell(name).ring()

"""The one way out: the journal's unpublished rows, in order, to the broker, each at least once.

One relay a service, elected by an advisory lock on its own connection (which times out when idle, so that a
frozen owner lets go). On the first failure, or ten seconds without an answer, the producer is dropped hard and
everything starts again from the lowest unpublished row: a row never overtakes another of the same referral.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import random
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.identifiers import uuid7
from shared.ledger import Ledger
from shared.metrics import metrics
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("relay")

BATCH = 500
CONFIRM_SECONDS = 10.0
POLL_SECONDS = 0.2

_UNPUBLISHED = (
    "select id, topic, key, headers::text, payload, created_at from {schema}.journal "
    "where published_at is null and sent_in is distinct from $1 and topic <> all($2) order by id limit $3"
)


class SendFailed(Exception):
    """The broker refused a row or did not answer in time."""


@dataclass
class Relay:
    """Publishes one service's journal."""

    schema: str
    database_url: str
    bootstrap: str
    bell: Wake
    security: dict[str, Any] = field(default_factory=dict)
    ledger: Ledger | None = None
    """Embedded broker only: rows count as published when every group that reads the topic has handled them."""
    boot: UUID = field(default_factory=uuid7)
    reachable: bool = True
    owner: bool = False

    async def run(self) -> None:
        """Relay until cancelled."""
        patience = 0.5
        while True:
            try:
                async with self._connection() as connection:
                    await self._own(connection)
                    async with self._producer() as producer:
                        log.info("relaying", service=self.schema)
                        while True:
                            patience = 0.5
                            await self._turn(connection, producer)
            except (SendFailed, KafkaError) as error:
                self.reachable = False
                metrics().relay_failures.labels(self.schema).inc()
                log.warning("broker_away", service=self.schema, reason=type(error).__name__)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("database_away", service=self.schema, reason=type(error).__name__)
            self.owner = False
            await asyncio.sleep(patience * (0.75 + random() / 2))
            patience = min(patience * 2, 2.0)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(
            self.database_url.replace("postgresql+asyncpg://", "postgresql://"),
            timeout=5,
            command_timeout=15,
            # Re-sending after a crash is harmless, so marking rows need not wait for the disk.
            server_settings={"idle_session_timeout": "5s", "jit": "off", "synchronous_commit": "off"},
        )
        try:
            yield connection
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    async def _own(self, connection: asyncpg.Connection) -> None:
        lock = "select pg_try_advisory_lock(hashtext($1))"
        while not await connection.fetchval(lock, f"relay|{self.schema}"):
            await asyncio.sleep(0.5)
        self.owner = True

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=256 * 1024,
            request_timeout_ms=int(CONFIRM_SECONDS * 1000),
            **self.security,
        )
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await producer.start()
            yield producer
        finally:
            await _drop(producer)

    async def _turn(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        if self.ledger is not None:
            await self._mark(connection, self.ledger.take())
        full = self.ledger.full() if self.ledger is not None else []
        rows = await connection.fetch(_UNPUBLISHED.format(schema=self.schema), self.boot, full, BATCH)
        if self.ledger is not None:
            rows = rows[: self.ledger.fit(rows)]
        if not rows:
            self.reachable = True
            await self.bell.sleep(POLL_SECONDS)
            return
        await self._send(connection, producer, rows)
        self.reachable = True
        if len(rows) < BATCH and self.ledger is None:
            await self.bell.sleep(POLL_SECONDS)

    async def _send(
        self, connection: asyncpg.Connection, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> None:
        futures: list[asyncio.Future[Any]] = []
        failed = False
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                for row in rows:
                    futures.append(await _enqueue(producer, row))
                await asyncio.gather(*futures)
        except (KafkaError, TimeoutError, OSError):
            failed = True
        done = _confirmed(futures)
        await self._settle(connection, rows[: len(done)], done)
        if failed:
            raise SendFailed

    async def _settle(
        self, connection: asyncpg.Connection, rows: Sequence[asyncpg.Record], metadata: Sequence[Any]
    ) -> None:
        if self.ledger is None:
            await self._mark(connection, [row["id"] for row in rows])
            return
        published, pending = self.ledger.sent(rows, metadata)
        await self._mark(connection, published)
        if pending:
            await connection.execute(
                f"update {self.schema}.journal set sent_in = $1 where id = any($2)", self.boot, pending
            )

    async def _mark(self, connection: asyncpg.Connection, ids: Sequence[int]) -> None:
        if ids:
            await connection.execute(
                f"update {self.schema}.journal set published_at = clock_timestamp() where id = any($1)", ids
            )
            metrics().published.labels(self.schema).inc(len(ids))


async def _enqueue(producer: AIOKafkaProducer, row: asyncpg.Record) -> asyncio.Future[Any]:
    headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"])]
    future: asyncio.Future[Any] = await producer.send(
        row["topic"], row["payload"], key=row["key"].encode(), headers=headers
    )
    return future


def _confirmed(futures: Sequence[asyncio.Future[Any]]) -> list[Any]:
    """The answers of the rows before the first that failed or is still open."""
    done: list[Any] = []
    for future in futures:
        if not future.done() or future.cancelled() or future.exception() is not None:
            break
        done.append(future.result())
    for future in futures:
        if future.done() and not future.cancelled():
            future.exception()
    return done


async def _drop(producer: AIOKafkaProducer) -> None:
    """Close hard. An orderly stop waits for ever for a broker that is away, and may deliver rows late."""
    producer._closed = True
    task = producer._sender.sender_task
    if task is not None:
        task.cancel()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):
            await producer.client.close()

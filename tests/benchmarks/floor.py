"""The floor under our figures: the same hops and commits, with none of our code between them.

Three processes, one a hop: take a batch from Kafka, insert it into PostgreSQL, commit, hand each record on. The
last hop posts to the sink instead. Run as `python -m tests.benchmarks.floor HOP IN OUT BOOTSTRAP DATABASE`.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

Send = Callable[[Sequence[Any]], Awaitable[None]]


async def _produce(bootstrap: str, topic: str) -> Send:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()

    async def send(records: Sequence[Any]) -> None:
        await asyncio.gather(*[await producer.send(topic, record.value, key=record.key) for record in records])

    return send


async def _post(url: str) -> Send:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def one(record: Any) -> None:
        async with session.post(url, data=record.value) as answer:
            await answer.read()

    async def send(records: Sequence[Any]) -> None:
        await asyncio.gather(*map(one, records))

    return send


async def hop(number: int, source: str, target: str, bootstrap: str, database: str) -> None:
    """One hop, until killed."""
    send = await (_post(target) if target.startswith("http") else _produce(bootstrap, target))
    connection = await asyncpg.connect(database.replace("+asyncpg", ""))
    await connection.execute(f"create table if not exists floor_{number} (id bigserial primary key, payload bytea)")
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bootstrap,
        group_id=f"floor-{number}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    while True:
        batches = await consumer.getmany(timeout_ms=10, max_records=500)
        records = [record for batch in batches.values() for record in batch]
        if not records:
            continue
        async with connection.transaction():
            await connection.execute(
                f"insert into floor_{number} (payload) select unnest($1::bytea[])", [record.value for record in records]
            )
        await send(records)
        await consumer.commit()


if __name__ == "__main__":
    uvloop.run(hop(int(sys.argv[1]), *sys.argv[2:6]))

"""Reads topics as any control room may: from now on, all partitions, in no group, marking nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.simulation.access import SimulationFailed
from services.simulation.ledger import Heard
from shared.contracts.topics import PARTITIONS, force_of

Hear = Callable[[Heard], None]

_PATIENCE = 20
"""Seconds for finding the ends of all partitions."""
_PAUSE = 0.5
"""Seconds before asking a broker again that is away."""


@asynccontextmanager
async def listening(
    bootstrap: str | None, topics: Sequence[str], hear: Hear, security: Mapping[str, Any]
) -> AsyncIterator[None]:
    """Give every record that comes to `topics` from now on to `hear`, for the length of the block."""
    if bootstrap is None:
        yield
        return
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50, **security)
    try:
        await _begin(consumer, topics)
        reading = asyncio.create_task(_read(consumer, hear))
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    finally:
        await consumer.stop()


async def _begin(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
    try:
        await consumer.start()
        await _from_now_on(consumer, topics)
    except (TimeoutError, KafkaError) as error:
        raise SimulationFailed(f"cannot read {', '.join(topics)}: {type(error).__name__}") from None


async def _from_now_on(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
    places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    consumer.assign(places)
    async with asyncio.timeout(_PATIENCE):
        await consumer.seek_to_end(*places)
        for place in places:
            await consumer.position(place)


async def _read(consumer: AIOKafkaConsumer, hear: Hear) -> None:
    while True:
        try:
            batches = await consumer.getmany(timeout_ms=500, max_records=1_000)
        except KafkaError:
            await asyncio.sleep(_PAUSE)
            continue
        for records in batches.values():
            for record in records:
                hear(heard_of(record, asyncio.get_running_loop().time()))


def heard_of(record: ConsumerRecord, at: float) -> Heard:
    """What a record says; an empty body where it is no JSON object."""
    headers = dict(record.headers)
    kind = (headers.get("ce_type") or b"").decode("utf-8", "replace")
    key = record.key.decode("utf-8", "replace") if record.key is not None else None
    return Heard(force_of(record.topic) or record.topic, key, _name(kind), _body(record.value), at)


def _name(ce_type: str) -> str:
    return ce_type.removeprefix("liaison.").removesuffix(".v1")


def _body(value: bytes | None) -> Mapping[str, Any]:
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}

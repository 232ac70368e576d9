"""The way over a broker: Liaison's side of `inbound.<force>` and `outbound.<force>`, from now on, in no group."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from services.intake.rules.desk import Told
from services.rehearsal.stage import RehearsalFailed
from shared.contracts.cloudevents import Envelope, Header, to_headers
from shared.identifiers import uuid7
from shared.inbox import Received, Record, read

SOURCE = "urn:liaison:rehearsal"
_LIAISONS_OWN = frozenset({"reports", "referrals"})
_START_SECONDS = 20
_UNHEARD_OF = {"rehearsal": True}
"""A field that no reader knows: readers of `outbound` are told to ignore such."""


class Broker:
    """Reads every partition of the inbound topic and writes the outbound one."""

    def __init__(self, force: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        self._force, self._consumer, self._producer = force, consumer, producer

    async def hear(self, seconds: float) -> Received | None:
        """The next record on `inbound`, None when the time is out."""
        try:
            async with asyncio.timeout(seconds):
                found = await self._consumer.getone()
        except TimeoutError:
            return None
        return read(
            Record(
                topic=found.topic,
                partition=found.partition,
                offset=found.offset,
                timestamp=found.timestamp,
                key=found.key,
                value=found.value,
                headers=tuple(found.headers),
            )
        )

    async def tell(self, told: Told, *, twice: bool) -> None:
        """Write one event to `outbound`; `twice` with the same id, as a broker that delivers again."""
        body, headers = written(told)
        for _ in range(2 if twice else 1):
            await self._producer.send_and_wait(f"outbound.{self._force}", body, key=told.key.encode(), headers=headers)


def written(told: Told) -> tuple[bytes, list[Header]]:
    """Value and headers of an event, under a new id; with a field that nobody knows."""
    event = told.event
    envelope = Envelope(str(uuid7()), SOURCE, event.ce_type(), event.at, event.reference)
    return orjson.dumps(orjson.loads(event.to_json()) | _UNHEARD_OF), to_headers(envelope)


@asynccontextmanager
async def at_broker(bootstrap: str, force: str, security: Mapping[str, Any]) -> AsyncIterator[Broker]:
    """A broker for the length of the block. RehearsalFailed where it is away, or is a Liaison's own."""
    async with AsyncExitStack() as stack:
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, **security)
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, **security)
        stack.push_async_callback(consumer.stop)
        stack.push_async_callback(producer.stop)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await consumer.start()
                await producer.start()
                await _from_now_on(consumer, producer, force)
        except (KafkaError, TimeoutError) as error:
            raise RehearsalFailed(f"the broker cannot be used: {type(error).__name__}") from None
        yield Broker(force, consumer, producer)


async def _from_now_on(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, force: str) -> None:
    there = await consumer.topics()
    if there & _LIAISONS_OWN:
        raise RehearsalFailed("a Liaison works on this broker and would answer too: rehearse on one of your own")
    for topic in (f"inbound.{force}", f"outbound.{force}"):
        if topic not in there:
            raise RehearsalFailed(f"there is no topic {topic} on this broker: create it first")
    places = [
        TopicPartition(f"inbound.{force}", number) for number in await producer.partitions_for(f"inbound.{force}")
    ]
    consumer.assign(places)
    await consumer.seek_to_end(*places)
    for place in places:
        await consumer.position(place)

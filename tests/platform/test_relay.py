"""The one way out: what has committed is published, in order, whatever dies; nothing else ever is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import PARTITIONS, topic_names
from shared.embedded.broker import EmbeddedBroker
from shared.embedded.native import NativeKafka
from shared.identifiers import uuid7
from shared.journal import JournalRefused, Outgoing
from shared.kafka import Reader, consume
from shared.ledger import Ledger
from shared.relay import Relay
from shared.service import Wake
from shared.topics import create_topics
from tests.platform.tiny import NOON, SCHEMA, TOPIC, Tiny, settings, tiny, viewed


async def append(service: Tiny, referral: UUID, *sequences: int) -> None:
    async with service.database.unit() as unit:
        await unit.append([Outgoing(TOPIC, str(referral), viewed(referral, number), NOON) for number in sequences])


@asynccontextmanager
async def relaying(service: Tiny, url: str, ledger: Ledger | None = None) -> AsyncIterator[Relay]:
    bell = ledger.bell if ledger is not None else Wake()
    service.database.on_commit = lambda names: bell.ring()
    relay = Relay(SCHEMA, url, service.bootstrap, bell, ledger=ledger)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def unpublished(service: Tiny) -> int:
    async with service.database.unit() as unit:
        count: int = (
            await unit.connection.execute(sa.text(f"select count(*) from {SCHEMA}.journal where published_at is null"))
        ).scalar_one()
        return count


async def all_published(service: Tiny, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while await unpublished(service):
            await asyncio.sleep(0.05)


async def on_the_topic(service: Tiny, referral: UUID) -> list[int]:
    """Sequences of one referral on the topic, repeats left out, in the order they first stand there."""
    consumer = AIOKafkaConsumer(bootstrap_servers=service.bootstrap)
    await consumer.start()
    places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, 0)
    found: list[int] = []
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            found += [_sequence(record.value) for record in records if record.key == str(referral).encode()]
    await consumer.stop()
    return list(dict.fromkeys(found))


def _sequence(value: bytes) -> int:
    from shared.contracts.referrals import ReferralViewed

    return ReferralViewed.model_validate_json(value).sequence


@pytest.mark.real_kafka
async def test_what_has_committed_is_published_in_order_and_what_was_rolled_back_never(
    postgres_url: str, kafka_topics: str
) -> None:
    ada = uuid7()
    async with tiny(postgres_url, kafka_topics) as service, relaying(service, postgres_url):
        await append(service, ada, 1, 2, 3)
        with suppress(ZeroDivisionError):
            async with service.database.unit() as unit:
                await unit.append([Outgoing(TOPIC, str(ada), viewed(ada, 99), NOON)])
                raise ZeroDivisionError
        await append(service, ada, 4)
        await all_published(service)
        assert await on_the_topic(service, ada) == [1, 2, 3, 4]


@pytest.mark.real_kafka
async def test_a_second_relay_stands_by_and_takes_over_when_the_first_is_gone(
    postgres_url: str, kafka_topics: str
) -> None:
    ada = uuid7()
    async with tiny(postgres_url, kafka_topics) as service:
        async with relaying(service, postgres_url) as first:
            await append(service, ada, 1)
            await all_published(service)
            async with relaying(service, postgres_url) as second:
                await asyncio.sleep(1)
                assert (first.owner, second.owner) == (True, False)
        async with relaying(service, postgres_url) as third:
            await append(service, ada, 2)
            await all_published(service)
            assert third.owner
        assert await on_the_topic(service, ada) == [1, 2]


@pytest.mark.real_kafka
async def test_a_broker_killed_in_mid_stream_loses_nothing_and_reorders_nothing(
    postgres_url: str, tmp_path: Path
) -> None:
    kafka = NativeKafka(tmp_path)
    bootstrap = await asyncio.to_thread(kafka.start)
    try:
        await create_topics(bootstrap, [TOPIC])
        ada, ben = uuid7(), uuid7()
        async with tiny(postgres_url, bootstrap) as service, relaying(service, postgres_url):
            await append(service, ada, *range(1, 301))
            await asyncio.to_thread(kafka.kill)
            await append(service, ben, *range(1, 301))
            await append(service, ada, *range(301, 601))
            await asyncio.to_thread(kafka.restart)
            await all_published(service)
            assert await on_the_topic(service, ada) == list(range(1, 601))
            assert await on_the_topic(service, ben) == list(range(1, 301))
    finally:
        await asyncio.to_thread(kafka.stop)


async def test_on_the_embedded_broker_a_row_counts_as_published_only_once_it_has_been_handled(
    postgres_url: str,
) -> None:
    ada = uuid7()
    inside = EmbeddedBroker()
    bootstrap = inside.start(topic_names(["herts"]))
    try:
        async with tiny(postgres_url, bootstrap) as service:
            reader = Reader(SCHEMA, service.group, (TOPIC,), service.consuming)
            ledger = Ledger(Wake(), {TOPIC: frozenset({reader.group})})
            reader.handled = ledger.handled
            async with relaying(service, postgres_url, ledger):
                await append(service, ada, 1, 2)
                await asyncio.sleep(1)
                assert await unpublished(service) == 2
                task = asyncio.create_task(consume([reader], bootstrap, settings(), fetch_wait_ms=10))
                await all_published(service)
                task.cancel()
            assert [(row[0], row[1]) for row in await service.effects()] == [(ada, 1), (ada, 2)]
    finally:
        inside.stop()


async def test_an_embedded_broker_that_died_with_its_process_costs_nothing(postgres_url: str) -> None:
    """The broker forgets everything with the process; the next process sends again what nobody had handled."""
    ada = uuid7()
    for attempt in (1, 2):
        inside = EmbeddedBroker()
        bootstrap = inside.start(topic_names(["herts"]))
        try:
            async with tiny(postgres_url, bootstrap, fresh=attempt == 1) as service:
                reader = Reader(SCHEMA, "kept", (TOPIC,), service.consuming)
                ledger = Ledger(Wake(), {TOPIC: frozenset({reader.group})})
                reader.handled = ledger.handled
                async with relaying(service, postgres_url, ledger):
                    if attempt == 1:
                        await append(service, ada, *range(1, 101))
                        await asyncio.sleep(1)
                        continue
                    task = asyncio.create_task(consume([reader], bootstrap, settings(), fetch_wait_ms=10))
                    await all_published(service)
                    task.cancel()
                assert [row[1] for row in await service.effects()] == list(range(1, 101))
        finally:
            inside.stop()


async def test_what_no_broker_would_take_is_refused_while_appending(postgres_url: str) -> None:
    async with tiny(postgres_url, "nowhere:1") as service:
        event = viewed(uuid7(), 1)
        with pytest.raises(JournalRefused):
            async with service.database.unit() as unit:
                await unit.append([Outgoing("no-such-topic", "key", event, NOON)])
        with pytest.raises(JournalRefused):
            async with service.database.unit() as unit:
                await unit.append([Outgoing(TOPIC, "", event, NOON)])

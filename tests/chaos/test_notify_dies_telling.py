"""Notify's relay is killed around a notice's news: routing hears it, and can tell a repeat from a second notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import PARTITIONS
from shared.relay import Relay
from shared.service import Wake
from tests.chaos.mortal import Point, relay_once
from tests.chaos.scene import PROCESSES, dead, dies, scene
from tests.edges.notify_house import House, Story
from tests.edges.receivers import other_end
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.slow, pytest.mark.timeout(300)]


@asynccontextmanager
async def deliveries(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader of what comes to the topic from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    places = [TopicPartition("deliveries", number) for number in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_end(*places)
    for one in places:
        await consumer.position(one)
    try:
        yield consumer
    finally:
        await consumer.stop()


async def heard_of(consumer: AIOKafkaConsumer, story: Story, count: int) -> list[tuple[str, str]]:
    """(ce_id, notice) of everything on the topic about a referral, once there are so many."""
    found: list[tuple[str, str]] = []

    async def look() -> bool | None:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                if record.key == str(story.referral_id).encode():
                    identity = dict(record.headers)["ce_id"].decode()
                    found.append((identity, orjson.loads(record.value)["notice_id"]))
        return len(found) >= count or None

    await until(look)
    return found


async def unmarked(notify: House) -> bool | None:
    rows = await notify.rows("select 1 from notify.journal where published_at is null")
    return not rows or None


async def test_news_that_was_committed_and_not_published_or_published_and_not_marked_reaches_routing(
    postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    story = Story()
    async with scene(postgres_url, tmp_path_factory.mktemp("mortal")) as place, other_end("webhook") as other:
        notify = place.town.notify
        await notify.publish("H1042", webhook=other.address)
        orders = place.orders(other, (place.offered(story, "H1042"),), story, Point.SETTLED)
        await dies(orders, other)
        assert await place.told(story) == ["notice.delivered"]

        async with deliveries(kafka_topics) as consumer:
            process = PROCESSES.Process(target=relay_once, args=(place.url, kafka_topics))
            process.start()
            await dead(process)
            (first,) = await heard_of(consumer, story, 1)
            assert await unmarked(notify) is None

            relay = asyncio.create_task(Relay("notify", place.url, kafka_topics, Wake()).run())
            assert await heard_of(consumer, story, 1) == [first]
            await until(lambda: unmarked(notify))
            relay.cancel()
            with suppress(asyncio.CancelledError):
                await relay
        assert other.heard() == [first[1]]

"""Lets a consumer group begin at the end of its topics: tests share a broker, and what others sent is not theirs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.commands.assembly import build_of
from shared.clock import Clock
from shared.contracts.topics import PARTITIONS
from shared.database import Database, engine_for
from shared.sealing import MasterKeys, new_key
from shared.service import Platform, Service, Subscription
from shared.settings import SERVICES, load_settings


async def begin_at_the_end(bootstrap: str, group: str, topics: Sequence[str]) -> None:
    """Commit the ends of `topics` for `group`, which nobody has joined."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
    finally:
        await consumer.stop()


def built(service: str) -> Service:
    """A service put together, and not started."""
    engine = engine_for("postgresql+asyncpg://nobody@localhost/nothing", pool=1)
    database = Database(service, engine, Clock(datetime(2026, 6, 6, tzinfo=UTC)))
    platform = Platform(load_settings(env_file=None), database, MasterKeys({"test": new_key()}), "test")
    return build_of(service)(platform)


def subscriptions(service: str) -> list[Subscription]:
    """What a service subscribes to, without starting it."""
    return built(service).subscriptions


async def all_services_begin_at_the_end(bootstrap: str) -> None:
    """The same for every group of the three services; their topics must be there."""
    for service in SERVICES:
        for subscription in subscriptions(service):
            await begin_at_the_end(bootstrap, f"liaison.{service}.{subscription.name}", subscription.topics)

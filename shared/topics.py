"""Creates the topics on a real broker. What is there already stays exactly as it is."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.topics import PARTITIONS, Topic, family

MAX_RECORD = 1024 * 1024
"""Bytes; twice what the journal takes, so that no row of ours is ever refused."""

_WAIT_SECONDS = 20


class TopicsRefused(Exception):
    """The broker did not create a topic; one line says which and why."""


async def create_topics(
    bootstrap: str, names: Iterable[str], replication: int | None = None, **security: Any
) -> list[str]:
    """Create those of `names` that are missing, 12 partitions each; gives the names it created.

    `replication` None: three copies, two of them in sync, where there are three brokers; else one.

    `security` is what `Settings.kafka_security()` gives. Returns when every partition has a leader, so that the
    first send finds one. TopicsRefused for a broker's refusal, aiokafka's KafkaConnectionError without a broker.
    """
    wanted = list(dict.fromkeys(names))
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000, **security)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        copies = replication or await _copies(admin)
        created = await _create(admin, [name for name in wanted if name not in there], copies)
        await _leaders(admin, wanted)
    finally:
        await admin.close()
    return created


async def _copies(admin: AIOKafkaAdminClient) -> int:
    cluster = await admin.describe_cluster()
    return 3 if len(cluster["brokers"]) >= 3 else 1


async def _create(admin: AIOKafkaAdminClient, names: Sequence[str], replication: int) -> list[str]:
    if not names:
        return []
    answer = await admin.create_topics([_described(name, replication) for name in names])
    created = []
    for name, code, *_ in answer.topic_errors:
        if code == 0:
            created.append(name)
        elif for_code(code) is not TopicAlreadyExistsError:
            raise TopicsRefused(f"topic {name} was not created: {for_code(code).__name__}")
    return created


def _described(name: str, replication: int) -> NewTopic:
    topic = family(name)
    if topic is None:
        raise TopicsRefused(f"{name} is not one of the topics of this project")
    return NewTopic(name, PARTITIONS, replication, topic_configs=configuration(topic, replication))


def configuration(topic: Topic, replication: int) -> dict[str, str]:
    """Kafka's settings for a topic of this family, as `kafka-configs` would show them."""
    retention = str(int(topic.retention.total_seconds() * 1000))
    settings = {"max.message.bytes": str(MAX_RECORD)}
    if replication >= 3:
        settings["min.insync.replicas"] = "2"
    if not topic.compacted:
        return settings | {"cleanup.policy": "delete", "retention.ms": retention}
    return settings | {
        "cleanup.policy": "compact",
        # However quiet the topic, what was replaced or deleted is gone from the disk after this.
        "max.compaction.lag.ms": retention,
        "min.cleanable.dirty.ratio": "0.1",
    }


async def _leaders(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        described = await admin.describe_topics(list(names))
        if all(_is_led(topic) for topic in described):
            return
        if time.monotonic() > until:
            raise TopicsRefused(f"some partitions had no leader after {_WAIT_SECONDS} s")
        await asyncio.sleep(0.1)


def _is_led(topic: dict[str, Any]) -> bool:
    partitions = topic["partitions"]
    return bool(partitions) and all(partition["leader"] >= 0 for partition in partitions)

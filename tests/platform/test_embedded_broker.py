"""The broker inside the process speaks enough Kafka for our clients."""

from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.embedded.broker import EmbeddedBroker


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker for one test."""
    inside = EmbeddedBroker()
    yield inside
    inside.stop()


async def test_what_is_sent_comes_back_with_its_key_and_headers(broker: EmbeddedBroker) -> None:
    bootstrap = broker.start(["reports", "referrals"])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(
        "reports", bootstrap_servers=bootstrap, group_id="larch", auto_offset_reset="earliest", fetch_max_wait_ms=10
    )
    async with producer, consumer:
        await producer.send_and_wait("reports", b"{}", key=b"the larch", headers=[("ce_id", b"1")])
        record = await consumer.getone()
        await consumer.commit()
    assert (record.key, record.value, record.headers) == (b"the larch", b"{}", (("ce_id", b"1"),))


async def test_a_topic_has_twelve_partitions_and_may_come_later(broker: EmbeddedBroker) -> None:
    bootstrap = broker.start(["reports"])
    broker.add(["inbound.sussex", "reports"])
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        assert len(await producer.partitions_for("reports")) == 12
        assert len(await producer.partitions_for("inbound.sussex")) == 12


async def test_a_restart_begins_empty_as_a_wire_does(broker: EmbeddedBroker) -> None:
    first = broker.start(["reports"])
    async with AIOKafkaProducer(bootstrap_servers=first) as producer:
        await producer.send_and_wait("reports", b"gone")
    broker.stop()
    again = broker.start(["reports"])
    async with AIOKafkaConsumer("reports", bootstrap_servers=again) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
    assert set(ends.values()) == {0}

"""The one way in from Kafka: FastStream with the settings under which nothing is lost.

FastStream's defaults acknowledge before handling, drop a batch for one bad header and end the loop on a leaked
cancellation. Here: batches, manual acknowledgement, a parser and a decoder that cannot raise, offsets committed
by name after the database has committed, and every failure either waited out or pinned to its event.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import random
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.consuming import Consuming, TooMuchPoison
from shared.database import is_transient
from shared.inbox import BATCH, Record
from shared.metrics import metrics
from shared.settings import Settings
from shared.telemetry import get_logger

log = get_logger("kafka")

SESSION_MS, HEARTBEAT_MS = 6_000, 500
# A batch may wait as long as its database is away; what must not wait is the heartbeat, and that runs by itself.
LONGEST_BATCH_MS = 24 * 3600 * 1000

Handled = Callable[[str, Mapping[TopicPartition, int]], None]


def _security(settings: Settings) -> BaseSecurity | None:
    """FastStream's form of `KAFKA_SECURITY_*`; None for a plain connection."""
    options = settings.kafka_security()
    if not options:
        return None
    tls: dict[str, Any] = {"ssl_context": options.get("ssl_context"), "use_ssl": "ssl_context" in options}
    kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    if "sasl_mechanism" not in options:
        return BaseSecurity(**tls)
    names = {"username": options["sasl_plain_username"], "password": options["sasl_plain_password"]}
    return kinds[options["sasl_mechanism"]](**names, **tls)


def broker_for(bootstrap: str, settings: Settings) -> KafkaBroker:
    """A FastStream broker for consuming only. `log_level` keeps its two lines a batch out of the logs."""
    own = logging.getLogger("liaison.broker")
    own.setLevel(logging.ERROR)  # it warns, at every start, that topics are not made by accident; they must not be
    return KafkaBroker(
        bootstrap,
        allow_auto_create_topics=False,
        logger=own,
        log_level=logging.DEBUG,
        apply_types=False,
        graceful_timeout=10.0,
        consumer_only=True,
        security=_security(settings),
    )


async def _parse(message: Any, original: Any) -> Any:
    """FastStream's parser decodes every header and raises on a bad one; ours are read by the contract instead.

    It is shown one record of the batch: what it makes of the others would be thrown away.
    """
    parsed = await original((replace(message[0], headers=()),))
    parsed.raw_message = message
    return parsed


async def _decode(message: Any) -> list[ConsumerRecord]:
    return list(message.raw_message)


@dataclass
class Reader:
    """One consumer group member: records in, effects out, offsets committed behind them."""

    service: str
    name: str
    topics: tuple[str, ...]
    consuming: Consuming
    handled: Handled | None = None
    most: int = BATCH
    """Events in one transaction at most."""
    stopped_by_poison: bool = False
    subscriber: Any = None
    caught_up: set[str] = field(default_factory=set)
    _uncommitted: dict[TopicPartition, int] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The consumer group."""
        return f"liaison.{self.service}.{self.name}"

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The client underneath, None before the start."""
        return self.subscriber.consumer if self.subscriber is not None else None

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Give a batch its effect, however long the database is away, then commit its offsets."""
        mine = [record_of(record) for record in records]
        metrics().batch_events.labels(self.group).observe(len(mine))
        with metrics().batch_seconds.labels(self.group).time():
            await self._until_done(mine)
        self._done(mine)

    async def _until_done(self, records: list[Record]) -> None:
        patience = 0.1
        while True:
            try:
                return await self.consuming.process(records)
            except TooMuchPoison:
                await self._stop_for_good()
            except BaseException as error:
                if not _worth_waiting_for(error):
                    raise
                metrics().transient.labels(self.group).inc()
                log.warning("waiting", group=self.group, reason=type(error).__name__, seconds=round(patience, 1))
                await asyncio.sleep(patience * (0.75 + random() / 2))
                patience = min(patience * 2, 5.0)

    async def _stop_for_good(self) -> None:
        """Too much is going wrong to be the events' fault: hold still, keep the offsets, and be seen."""
        self.stopped_by_poison = True
        metrics().stopped.labels(self.group).set(1)
        log.error("consumer_stopped", group=self.group, reason="too_many_dead_letters")
        await asyncio.Event().wait()

    def _done(self, records: Sequence[Record]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            offsets[place] = max(offsets.get(place, 0), record.offset + 1)
        if self.handled is not None:
            self.handled(self.group, offsets)
        self._uncommitted |= offsets

    async def commit(self) -> None:
        """Tell the broker how far the database has come. A few times a second is enough: the inbox absorbs the rest."""
        if self.consumer is None or not self._uncommitted:
            return
        offsets, self._uncommitted = self._uncommitted, {}
        ours = self.consumer.assignment()
        try:
            await self.consumer.commit({place: offset for place, offset in offsets.items() if place in ours})
        except (KafkaError, RuntimeError) as error:
            # The database has it; whoever owns the partition next is told again, and the inbox absorbs it.
            log.info("commit_missed", group=self.group, reason=type(error).__name__)

    def alive(self) -> bool:
        """Whether the consuming loop still runs (a finished task beside a running one is a past restart)."""
        tasks = getattr(self.subscriber, "tasks", None) or ()
        return any(not task.done() for task in tasks)

    async def measure(self) -> None:
        """Bring lag gauges and `caught_up` up to date."""
        consumer = self.consumer
        if consumer is None:
            return
        behind = dict.fromkeys(self.topics, 0)
        unknown: set[str] = set()
        for place in consumer.assignment():
            high = consumer.highwater(place)
            if high is None:
                unknown.add(place.topic)
            else:
                behind[place.topic] += max(high - await consumer.position(place), 0)
        for topic, lag in behind.items():
            metrics().lag.labels(self.group, topic).set(lag)
            if lag == 0 and topic not in unknown and self.alive():
                self.caught_up.add(topic)


def _worth_waiting_for(error: BaseException) -> bool:
    """Bad weather, or a cancellation nobody asked this task for (a leaked one would end the loop for good)."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() == 0
    return isinstance(error, Exception) and is_transient(error)


def record_of(record: ConsumerRecord) -> Record:
    """Our own form of a client's record."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers or ()),
    )


def subscribe(broker: KafkaBroker, reader: Reader, *, fetch_wait_ms: int = 200) -> None:
    """The only subscriber: everything that consumes goes through here."""
    subscriber = broker.subscriber(
        *reader.topics,
        group_id=reader.group,
        batch=True,
        max_records=reader.most,
        batch_timeout_ms=10,
        fetch_max_wait_ms=fetch_wait_ms,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        max_poll_interval_ms=LONGEST_BATCH_MS,
        parser=_parse,
        decoder=_decode,
        no_reply=True,
    )
    subscriber(reader.handle)
    reader.subscriber = subscriber


async def consume(readers: Sequence[Reader], bootstrap: str, settings: Settings, *, fetch_wait_ms: int = 200) -> None:
    """Consume until cancelled; the broker being away is waited out, here and at every restart."""
    while True:
        broker = broker_for(bootstrap, settings)
        for reader in readers:
            subscribe(broker, reader, fetch_wait_ms=fetch_wait_ms)
        try:
            await broker.start()
            log.info("consuming", group=[reader.group for reader in readers])
            while all(reader.alive() for reader in readers):
                for reader in readers:
                    await reader.commit()
                    await reader.measure()
                await asyncio.sleep(0.2)
            log.error("consumer_ended", count=len(readers))
        except KafkaError as error:
            log.warning("broker_away", reason=type(error).__name__)
        finally:
            await _stop(broker, readers)
        await asyncio.sleep(1.0)


async def _stop(broker: KafkaBroker, readers: Sequence[Reader]) -> None:
    try:
        async with asyncio.timeout(12):
            for reader in readers:
                await reader.commit()
            await broker.stop()
    except (TimeoutError, KafkaError, OSError) as error:
        log.warning("broker_stop_abandoned", reason=type(error).__name__)

"""Apache Kafka from its jars: what was acknowledged survives the broker, and a folder is taken up again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.embedded import jars
from shared.embedded.native import NativeKafka
from shared.embedded.tenancy import StartFailed
from shared.topics import create_topics

pytestmark = pytest.mark.real_kafka

_OWNER_WHO_IS_KILLED = """
import os, pathlib, sys
from shared.embedded.native import NativeKafka
print(NativeKafka(pathlib.Path(sys.argv[1]), quick=True).start(), flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def needs_java_and_maven() -> None:
    """These start brokers themselves, so a configured Kafka or Docker does not help them."""
    if lacking := jars.missing():
        reason = f"Kafka from jars needs {lacking}"
        if os.environ.get("REQUIRE_REAL_KAFKA") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


async def send(bootstrap: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait("reports", value, key=b"spam")


async def first(bootstrap: str) -> bytes:
    async with AIOKafkaConsumer("reports", bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        return bytes((await consumer.getone()).value)


async def test_an_acknowledged_event_survives_kill_minus_nine_of_the_broker(data_dir: Path) -> None:
    kafka = NativeKafka(data_dir, quick=True)
    try:
        bootstrap = kafka.start()
        await create_topics(bootstrap, ["reports"])
        await send(bootstrap, b"spam, egg and chips")
        kafka.kill()
        assert kafka.pid() is None
        kafka.restart()
        assert kafka.bootstrap == bootstrap
        assert await first(bootstrap) == b"spam, egg and chips"
    finally:
        kafka.stop()
    assert kafka.pid() is None


def test_a_killed_owner_leaves_a_broker_that_the_next_one_adopts(data_dir: Path) -> None:
    owner = subprocess.run(
        [sys.executable, "-c", _OWNER_WHO_IS_KILLED, str(data_dir)], check=False, capture_output=True, text=True
    )
    assert owner.returncode == -signal.SIGKILL
    kafka = NativeKafka(data_dir, quick=True)
    running = kafka.pid()
    try:
        assert kafka.start() == owner.stdout.strip()
        assert running is not None
        assert kafka.pid() == running
    finally:
        kafka.stop()
    assert kafka.pid() is None


async def test_three_brokers_go_on_while_one_is_dead(data_dir: Path) -> None:
    kafka = NativeKafka(data_dir, nodes=3, quick=True)
    try:
        bootstrap = kafka.start()
        await create_topics(bootstrap, ["reports"], replication=3)
        await send(bootstrap, b"before")
        kafka.kill(2)
        await send(bootstrap, b"while it is dead")
        kafka.restart(2)
        assert kafka.pid(2) is not None
        assert await first(bootstrap) == b"before"
    finally:
        kafka.stop()


def test_a_taken_port_is_said_in_one_line(data_dir: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=f"port {port} is taken"):
            NativeKafka(data_dir, port).start()

"""`liaison contract rehearse` from the command line, over a broker, with a control room written from the document."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.embedded import jars
from shared.embedded.broker import EmbeddedBroker
from shared.embedded.native import NativeKafka
from shared.topics import create_topics
from tests.contracts.control_room import ControlRoom, Headers

LIAISON = (sys.executable, "-m", "services")
BRIEF = ("--patience", "20", "--quiet", "1")


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """An integrator's own broker."""
    inside = EmbeddedBroker()
    yield inside
    inside.stop()


async def liaison(folder: Path, *words: str) -> Process:
    """A command at work; its settings are the shipped ones."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environment |= {"LIAISON_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    return await asyncio.create_subprocess_exec(*LIAISON, *words, stdout=PIPE, stderr=PIPE, env=environment)


@asynccontextmanager
async def control_room(bootstrap: str, document: dict) -> AsyncIterator[ControlRoom]:
    """A client at work on a broker: reads what it is told, and sends again what has no answer."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer("outbound.herts", bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    outbox: asyncio.Queue[tuple[str, bytes, bytes, Headers]] = asyncio.Queue()
    room = ControlRoom(document, "herts", lambda *record: outbox.put_nowait(record))

    async def send() -> None:
        while True:
            topic, key, value, headers = await outbox.get()
            await producer.send_and_wait(topic, value, key=key, headers=headers)

    async def read() -> None:
        async for record in consumer:
            room.heard(record.key, record.value, list(record.headers))

    async def send_again() -> None:
        while True:
            await asyncio.sleep(3)
            room.time_passes()

    async with producer, consumer:
        tasks = [asyncio.create_task(one()) for one in (send, read, send_again)]
        yield room
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def operate(room: ControlRoom, words: str) -> None:
    """Somebody at the control room does what they are asked."""
    if "Choose another" in words:
        await answered(room)
        room.correct(room.reports[-1], incident_kind="non_crime")
    elif "amend:" in words:
        await answered(room)
        room.amend(room.reports[0], risks=["repeat"])
    elif "withdraw:" in words:
        room.withdraw(room.reports[0])
    elif words.strip()[:1].isdigit():
        room.report()


async def answered(room: ControlRoom) -> None:
    async with asyncio.timeout(20):
        while not all(report.answered for report in room.reports):
            await asyncio.sleep(0.05)


async def test_a_control_room_passes_over_a_broker_and_the_command_says_so(
    broker: EmbeddedBroker, data_dir: Path
) -> None:
    await passes(broker.start(["inbound.herts", "outbound.herts"]), data_dir)


@pytest.mark.real_kafka
@pytest.mark.timeout(180)
@pytest.mark.skipif("PROVE_SEED" not in os.environ, reason="a long run: make prove")
async def test_it_passes_over_apache_kafka_too(data_dir: Path) -> None:
    if lacking := jars.missing():
        pytest.skip(f"no Kafka of an integrator's own: no {lacking}")
    own = NativeKafka(data_dir, quick=True)
    bootstrap = await asyncio.to_thread(own.start)
    try:
        await create_topics(bootstrap, ["inbound.herts", "outbound.herts"])
        await passes(bootstrap, data_dir)
    finally:
        await asyncio.to_thread(own.stop)


async def passes(bootstrap: str, data_dir: Path) -> None:
    """A control room written from the document goes through every scene, and the command ends with zero."""
    printed, _ = await (await liaison(data_dir, "contract", "asyncapi")).communicate()
    async with control_room(bootstrap, json.loads(printed)) as room:
        rehearsal = await liaison(data_dir, "contract", "rehearse", "--bootstrap", bootstrap, *BRIEF)
        assert rehearsal.stdout is not None
        lines = []
        async for line in rehearsal.stdout:
            lines.append(line.decode())
            await operate(room, lines[-1])
    assert await rehearsal.wait() == 0, "".join(lines)
    assert "".join(lines).count("passed") == 6


async def test_a_rehearsal_keeps_away_from_a_broker_that_a_liaison_works_on(
    broker: EmbeddedBroker, data_dir: Path
) -> None:
    bootstrap = broker.start(["inbound.herts", "outbound.herts", "reports", "referrals"])
    rehearsal = await liaison(data_dir, "contract", "rehearse", "--bootstrap", bootstrap)
    _, complaint = await rehearsal.communicate()
    assert rehearsal.returncode == 1
    assert complaint.decode().strip() == (
        "liaison: a Liaison works on this broker and would answer too: rehearse on one of your own"
    )


async def test_a_broker_without_the_topics_is_told_which_one_is_missing(broker: EmbeddedBroker, data_dir: Path) -> None:
    rehearsal = await liaison(data_dir, "contract", "rehearse", "--bootstrap", broker.start(["inbound.herts"]))
    _, complaint = await rehearsal.communicate()
    assert rehearsal.returncode == 1
    assert b"no topic outbound.herts on this broker" in complaint

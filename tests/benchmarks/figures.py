"""The figures of design §9 that this project has so far, each measured beside its floor.

An open loop sends at a fixed rate whatever comes back, so that a slow answer is not hidden by a slower question.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
import orjson
from aiokafka import AIOKafkaProducer

from shared.contracts.cloudevents import Envelope, to_headers
from tests.benchmarks.reports import body_of, now
from tests.benchmarks.sink import Sink
from tests.fleet import Fleet


@dataclass(frozen=True)
class Latencies:
    """Milliseconds."""

    p50: float
    p99: float
    count: int

    @classmethod
    def of(cls, seconds: list[float]) -> "Latencies":
        """Percentiles of a list of seconds."""
        ordered = sorted(seconds)
        return cls(statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99)] * 1000, len(ordered))


async def _open_loop(rate: float, count: int, one: Callable[[int], Awaitable[None]]) -> None:
    start = time.perf_counter()
    tasks = []
    for number in range(count):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)


async def token(session: aiohttp.ClientSession, url: str, name: str) -> str:
    """A demo token."""
    async with session.post(f"{url}/demo/token", json={"as": name}) as answer:
        found: str = (await answer.json())["token"]
        return found


async def accepted_to_notified(fleet: Fleet, sink: Sink, rate: float, count: int) -> Latencies:
    """Report accepted (the 202 is here) → officer's webhook received, open loop at `rate` a second."""
    url = fleet.of("intake").url
    accepted: dict[str, float] = {}
    async with aiohttp.ClientSession() as session:
        headers = {"authorization": f"Bearer {await token(session, url, 'control_room:herts')}"}

        async def one(_number: int) -> None:
            async with session.post(f"{url}/v1/reports", json=body_of("herts"), headers=headers) as answer:
                answer.raise_for_status()
                accepted[(await answer.json())["reference"]] = time.perf_counter()

        before = len(sink.arrived)
        await _open_loop(rate, count, one)
        await sink.until(before + count, 30)
    return Latencies.of(
        [sink.arrived[reference] - at for reference, at in accepted.items() if reference in sink.arrived]
    )


async def sustained_by_topic(fleet: Fleet, sink: Sink, count: int) -> tuple[float, int]:
    """Reports a second through the inbound topic to the webhook, and how many notices were received."""
    producer = AIOKafkaProducer(bootstrap_servers=fleet.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    before = len(sink.arrived)
    began = time.perf_counter()
    sent = []
    for _ in range(count):
        body = body_of("herts")
        envelope = Envelope(str(uuid4()), "bench/storm", "liaison.report.submitted.v1", now())
        sent.append(
            await producer.send(
                "inbound.herts", orjson.dumps(body), key=body["idempotency_key"].encode(), headers=to_headers(envelope)
            )
        )
    await asyncio.gather(*sent)
    await producer.stop()
    await sink.until(before + count, 180)
    return _rate(sink, before, began)


async def sustained_by_http(fleet: Fleet, sink: Sink, count: int, workers: int = 32) -> tuple[float, int]:
    """The same by HTTP: `workers` clients, each sending its next report when the last is answered."""
    url = fleet.of("intake").url
    before = len(sink.arrived)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=workers)) as session:
        headers = {"authorization": f"Bearer {await token(session, url, 'control_room:herts')}"}
        left = iter(range(count))
        began = time.perf_counter()

        async def worker() -> None:
            for _ in left:
                async with session.post(f"{url}/v1/reports", json=body_of("herts"), headers=headers) as answer:
                    answer.raise_for_status()
                    await answer.read()

        await asyncio.gather(*(worker() for _ in range(workers)))
        await sink.until(before + count, 180)
    return _rate(sink, before, began)


def _rate(sink: Sink, before: int, began: float) -> tuple[float, int]:
    last = max(sink.arrived.values(), default=began)
    arrived = len(sink.arrived) - before
    return (arrived / (last - began) if last > began else 0.0, arrived)


class Floor:
    """The bare pipeline: three hops without our code, into the same sink."""

    def __init__(self, fleet: Fleet, sink: Sink) -> None:
        self._fleet, self._sink = fleet, sink

    def start(self, stack: ExitStack) -> None:
        """Start the hops; they are killed when `stack` closes."""
        hops = (("1", "floor-1", "floor-2"), ("2", "floor-2", "floor-3"), ("3", "floor-3", self._sink.url))
        for hop in hops:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.floor", *hop, self._fleet.bootstrap, self._fleet.database_url]
            )
            stack.callback(process.kill)

    async def warm(self) -> None:
        """Wait until a record comes through."""
        await self.latencies(5, 5)

    async def latencies(self, rate: float, count: int) -> Latencies:
        """Record acknowledged by the broker → sink."""
        producer = AIOKafkaProducer(bootstrap_servers=self._fleet.bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        sent: dict[str, float] = {}
        before = len(self._sink.arrived)

        async def one(number: int) -> None:
            key = f"floor-{uuid4()}"
            await producer.send_and_wait("floor-1", _floor_body(key), key=key.encode())
            sent[key] = time.perf_counter()

        await _open_loop(rate, count, one)
        await self._sink.until(before + count, 60)
        await producer.stop()
        return Latencies.of([self._sink.arrived[key] - at for key, at in sent.items() if key in self._sink.arrived])

    async def sustained(self, count: int) -> float:
        """Records a second through all three hops."""
        producer = AIOKafkaProducer(bootstrap_servers=self._fleet.bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        before = len(self._sink.arrived)
        began = time.perf_counter()
        keys = [f"floor-{uuid4()}" for _ in range(count)]
        await asyncio.gather(*[await producer.send("floor-1", _floor_body(key), key=key.encode()) for key in keys])
        await producer.stop()
        await self._sink.until(before + count, 120)
        return _rate(self._sink, before, began)[0]


def _floor_body(key: str) -> bytes:
    return orjson.dumps({"reference": key, "padding": "x" * 400})

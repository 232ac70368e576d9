"""Sends items the way they say: over HTTP as somebody signed in, or onto `inbound.<force>`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.simulation.access import PATIENCE, Call, Client, SimulationFailed
from services.simulation.items import SUBMITTED, Item
from services.simulation.ledger import Ledger
from shared.contracts.cloudevents import Envelope, to_headers
from shared.telemetry import new_traceparent

_REMEMBERED = 5_000
"""Items whose turn and handle are kept for those that come after them."""


_PAUSE = 0.5
"""Seconds before a broker that was away is tried again."""


class Sender:
    """Sends items and notes in the ledger what HTTP answers. An item waits for the one it copies."""

    def __init__(self, client: Client, producer: AIOKafkaProducer | None, ledger: Ledger) -> None:
        self._client = client
        self._producer = producer
        self._ledger = ledger
        self._gone: dict[int, asyncio.Event] = {}
        self._handles: dict[int, str] = {}

    def expect(self, item: Item) -> None:
        """Say that an item is about to be sent; call it in the order of the stream."""
        self._gone[item.number] = asyncio.Event()
        for kept in (self._gone, self._handles):
            kept.pop(item.number - _REMEMBERED, None)

    async def send(self, item: Item) -> None:
        """Send one item; returns when HTTP has answered or the broker has it."""
        if item.after is not None and item.after in self._gone:
            await self._gone[item.after].wait()
        try:
            if item.way == "http":
                await self._over_http(item)
            else:
                await self._onto_topic(item)
        finally:
            if item.number in self._gone:
                self._gone[item.number].set()

    async def _over_http(self, item: Item) -> None:
        body = dict(item.body)
        if item.contact is not None:
            body["contact"] = {"details": item.contact}
        headers = {"Idempotency-Key": item.idempotency_key or ""}
        headers |= {name: value.decode() for name, value in item.headers.items() if value is not None}
        sent = self._ledger.send(item, _now())
        answer = await self._client.ask(Call("POST", "/v1/reports", item.principal, _wire(item, body) or b"", headers))
        reference = answer.body.get("reference") if answer.good else None
        self._ledger.answered(sent, answer.status, reference, _now())

    async def _onto_topic(self, item: Item) -> None:
        body = dict(item.body)
        handle = await self._handle(item)
        if handle is not None:
            body["contact"] = {"handle": handle}
        self._ledger.send(item, _now())
        await self._produce(f"inbound.{item.force}", item.key.encode(), _wire(item, body), _headers(item))

    async def _produce(self, topic: str, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        """Until the broker has it; again while it is away, for `PATIENCE` seconds."""
        assert self._producer is not None
        give_up = _now() + PATIENCE
        while True:
            try:
                await self._producer.send_and_wait(topic, value, key=key, headers=headers)
                return
            except KafkaError as error:
                if _now() > give_up:
                    raise SimulationFailed(f"{topic} takes nothing: {type(error).__name__}") from None
                await asyncio.sleep(_PAUSE)

    async def _handle(self, item: Item) -> str | None:
        """The handle of the details left in the vault for this item; over a topic they never travel."""
        if item.contact is None:
            return None
        if item.handle_of is not None:
            return self._handles.get(item.handle_of)
        answer = await self._client.post("/v1/contacts", f"control_room:{item.force}", item.contact)
        handle = answer.body.get("handle") if answer.good else None
        if handle is None:
            self._ledger.not_kept.append((item.number, answer.status))
            return None
        self._handles[item.number] = str(handle)
        return str(handle)


def _wire(item: Item, body: Mapping[str, Any]) -> bytes | None:
    if item.empty:
        return None
    return item.wire if item.wire is not None else orjson.dumps(body)


def _headers(item: Item) -> list[tuple[str, bytes]]:
    envelope = Envelope(
        id=item.event_id,
        source=f"urn:simulated:cad:{item.force}",
        type=SUBMITTED,
        time=item.at,
        subject=item.key,
        traceparent=new_traceparent(),
    )
    headers: dict[str, bytes | None] = {**dict(to_headers(envelope)), **item.headers}
    return [(name, value) for name, value in headers.items() if value is not None]


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def producing(bootstrap: str | None, security: Mapping[str, Any]) -> AsyncIterator[AIOKafkaProducer | None]:
    """A producer that loses nothing, for the length of the block; None without a broker."""
    if bootstrap is None:
        yield None
        return
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=2, **security
    )
    try:
        try:
            await producer.start()
        except KafkaError as error:
            raise SimulationFailed(f"the broker cannot be reached: {type(error).__name__}") from None
        yield producer
    finally:
        await producer.stop()

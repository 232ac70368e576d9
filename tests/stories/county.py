"""Three services, real Kafka, real PostgreSQL, and the people at their ends: what the whole-way stories are told in."""

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
from aiohttp import web
from aiokafka import AIOKafkaProducer

from services.commands.assembly import System, until_ready, whole_system
from services.commands.roster import load_folder
from services.simulation.ledger import Heard
from services.simulation.listening import listening
from shared.contracts.cloudevents import Envelope, to_headers
from shared.settings import load_settings
from shared.telemetry import configure_logging
from tests.benchmarks.reports import now
from tests.fleet import free_port
from tests.offsets import all_services_begin_at_the_end
from tests.stories.county_roster import write_roster
from tests.waiting import until

Json = dict[str, Any]


@dataclass
class County:
    """The running system with its control room, its officers' phones, and everything that was logged."""

    system: System
    http: httpx.AsyncClient
    producer: AIOKafkaProducer
    heard: list[Heard] = field(default_factory=list)
    rang: list[tuple[str, Json]] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)
    _tokens: dict[str, str] = field(default_factory=dict)

    async def as_(self, name: str) -> dict[str, str]:
        """Headers of somebody signed in."""
        if name not in self._tokens:
            answer = await self.http.post("/demo/token", json={"as": name})
            self._tokens[name] = answer.json()["token"]
        return {"authorization": f"Bearer {self._tokens[name]}"}

    async def get(self, who: str, path: str) -> Json:
        """What somebody reads."""
        answer = await self.http.get(path, headers=await self.as_(who))
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def post(self, who: str, path: str, body: Any = None) -> httpx.Response:
        """What somebody does."""
        return await self.http.post(path, headers=await self.as_(who), json=body)

    async def send(self, body: Json | bytes | None, *, event_id: str | None = None, key: str = "desk-7") -> str:
        """The Hertfordshire control room sends an event; gives its id."""
        identity = event_id or str(uuid4())
        envelope = Envelope(identity, "storm/herts", "liaison.report.submitted.v1", now())
        value = orjson.dumps(body) if isinstance(body, dict) else body
        await self.producer.send_and_wait("inbound.herts", value, key=key.encode(), headers=to_headers(envelope))
        return identity

    async def answer_to(self, event_id: str, seconds: float = 20) -> Json:
        """What came back on outbound for an inbound event."""

        async def look() -> Json | None:
            found = (dict(one.body) | {"event": one.type, "key": one.key} for one in list(self.heard))
            return next((one for one in found if one.get("in_reply_to") == event_id), None)

        return await until(look, seconds)

    async def told_of(self, reference: str, *events: str) -> list[Json]:
        """The control room's events about a report, once all of `events` are among them, in order."""

        async def look() -> list[Json] | None:
            mine = [
                dict(one.body) | {"event": one.type}
                for one in list(self.heard)
                if one.body.get("reference") == reference
            ]
            return mine if set(events) <= {one["event"] for one in mine} else None

        return await until(look)

    async def phone(self, reference: str, kind: str, but: Sequence[str] = ()) -> tuple[str, Json]:
        """The first message of a kind about a referral to arrive on somebody's phone: who, and what it said."""

        async def look() -> tuple[str, Json] | None:
            fitting = (
                (to, body)
                for to, body in list(self.rang)
                if body["reference"] == reference and body["type"] == kind and to not in but
            )
            return next(fitting, None)

        return await until(look)


def report(**changes: Any) -> Json:
    """A call on 101: support for somebody who was spat at on a bus in Watford."""
    body: Json = {
        "source": {"system": "storm", "force": "herts", "incident_ref": uuid4().hex[:8], "incident_date": "2026-06-06"},
        "idempotency_key": str(uuid4()),
        "received_at": now().isoformat(),
        "channel": "101",
        "need": "support",
        "requester": {"role": "victim", "consents_to_contact": True},
        "incident_kind": "crime",
        "strands": [{"strand": "sexual_orientation", "perceived_by": "victim"}],
        "grade": {"value": "priority", "by": "desk 7", "at": now().isoformat()},
        "locations": [{"kind": "incident", "district": "E07000103"}],
    }
    return body | changes


@asynccontextmanager
async def county(folder: Path, url: str, bootstrap: str, **more: Any) -> AsyncIterator[County]:
    """All three services on one port against this database and broker, with a roster whose phones ring here.

    `more` are settings.
    """
    log = io.StringIO()
    configure_logging("county", stream=log)
    settings = load_settings(
        env_file=None, data_dir=folder, port=free_port(), database_url=url, kafka_bootstrap=bootstrap,
        master_keys="test:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=", **more,
    )  # fmt: skip
    await all_services_begin_at_the_end(bootstrap)
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(whole_system(settings))
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        await producer.start()
        stack.push_async_callback(producer.stop)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=system.base_url, timeout=20))
        found = County(system, http, producer, log=log)
        webhook = await stack.enter_async_context(_phones(found))
        await load_folder(system, write_roster(folder / "roster", webhook))
        await stack.enter_async_context(listening(bootstrap, ["outbound.herts"], found.heard.append, {}))
        assert await until_ready(system, 60)
        yield found


@asynccontextmanager
async def _phones(found: County) -> AsyncIterator[str]:
    async def ring(request: web.Request) -> web.Response:
        body: Mapping[str, Any] = orjson.loads(await request.read())
        found.rang.append((request.match_info["who"], dict(body)))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{who}", ring)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()

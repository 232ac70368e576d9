"""Intake on a real PostgreSQL, without a broker: people come over HTTPS, records are handed to its consumers."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import orjson
import sqlalchemy as sa
from fastapi import FastAPI

from services.intake.app import build
from services.intake.vault import Vault
from shared.clock import Clock
from shared.consuming import Consuming
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.model import Event
from shared.database import Database, engine_for
from shared.identifiers import uuid7
from shared.identity import parse, sign_demo
from shared.inbox import Record
from shared.migrate import migrate
from shared.sealing import MasterKeys, new_key
from shared.service import Platform, Service
from shared.settings import load_settings
from shared.web import install
from tests.said import as_described

NOON = datetime(2026, 6, 6, 11, 0, tzinfo=UTC)
OTTOLINE = {
    "name": "Ottoline Featherstonehaugh",
    "pronouns": "she/her",
    "phone": "07700 900123",
    "safe_to_call": True,
    "home": {"postcode": "SG8 5AB"},
    "must_not_know": "her landlord Mr Grimthorpe",
    "narrative": "They painted the greenhouse black in the night",
}
SECRETS = ("Ottoline", "Featherstonehaugh", "07700", "900123", "SG8 5AB", "Grimthorpe", "greenhouse")


def body(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A report: somebody in Hoddesdon would like an officer."""
    plain: dict[str, Any] = {
        "source": {
            "system": "STORM",
            "force": "herts",
            "incident_ref": f"HC-{number:04d}",
            "incident_date": "2026-06-06",
        },
        "idempotency_key": f"herts-storm-{number}",
        "received_at": "2026-06-06T12:00:00+01:00",
        "channel": "101",
        "need": "support",
        "requester": {"role": "victim", "consents_to_contact": True},
        "incident_kind": "crime",
        "strands": [{"strand": "sexual_orientation", "perceived_by": "victim"}],
        "grade": {"value": "priority", "by": "OP7", "at": "2026-06-06T12:00:00+01:00"},
        "locations": [{"kind": "incident", "postcode": "EN11 8AA"}],
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


@dataclass
class House:
    """Intake, spoke to from every side."""

    service: Service
    platform: Platform
    http: httpx.AsyncClient
    keys: MasterKeys
    _offsets: Any = field(default_factory=count)

    async def call(self, method: str, path: str, who: str = "control_room:herts", **sent: Any) -> httpx.Response:
        """A request of somebody signed in."""
        token = sign_demo(parse(who), self.keys, int(time.time()))
        headers = {"authorization": f"Bearer {token}"} | sent.pop("headers", {})
        return as_described(self.service.router, await self.http.request(method, path, headers=headers, **sent))

    async def report(self, number: int = 1, **changes: Any) -> str:
        """The reference of a report that was accepted."""
        answer = await self.call("POST", "/v1/reports", json=body(number, **changes))
        assert answer.status_code == 202, answer.text
        reference: str = answer.json()["reference"]
        return reference

    def record(self, topic: str, kind: str, content: Any, **about: Any) -> Record:
        """A record as a broker would hand it over."""
        value = content if isinstance(content, bytes) or content is None else orjson.dumps(content)
        envelope = Envelope(
            about.get("id", str(uuid7())), about.get("source", "storm/herts"), f"liaison.{kind}.v1", NOON
        )
        headers = about.get("headers", to_headers(envelope))
        return Record(topic, 0, next(self._offsets), 0, about.get("key", b"HC-0001"), value, tuple(headers))

    async def knock(self, *records: Record) -> None:
        """Hand records to the door."""
        await self._consuming("door", door=True).process(records)

    async def inside(self, topic: str, *events: Event) -> None:
        """Hand events from inside over."""
        records = [
            self.record(
                topic,
                event.name,
                event.to_json(),
                source="liaison/routing",
                key=str(getattr(event, "referral_id", "bch")).encode(),
            )
            for event in events
        ]
        await self._consuming("inside", door=False).process(records)

    def _consuming(self, name: str, *, door: bool) -> Consuming:
        consumer = next(one.consumer for one in self.service.subscriptions if one.name == name)
        return Consuming(name, self.platform.database, consumer, self.keys, door)

    async def rows(self, query: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """What the database says."""
        async with self.platform.database.unit() as unit:
            found = await unit.connection.execute(sa.text(query), values)
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    async def published(self, topic: str) -> list[dict[str, Any]]:
        """What was appended to the journal for a topic, with its key and type."""
        rows = await self.rows(
            "select key, headers, payload from intake.journal where topic = :topic order by id", topic=topic
        )
        return [
            {"key": row["key"], "type": dict(row["headers"])["ce_type"], **orjson.loads(row["payload"])} for row in rows
        ]

    async def sealed(self, reference: str, name: str) -> dict[str, Any] | None:
        """A text of a report's vault, opened."""
        (row,) = await self.rows("select referral_id from intake.reports where reference = :r", r=reference)
        async with self.platform.database.unit() as unit:
            found = await Vault(self.keys).read(unit.connection, UUID(str(row["referral_id"])), name)
        return None if found is None else orjson.loads(found)


@asynccontextmanager
async def opened(postgres_url: str) -> AsyncIterator[House]:
    """Intake at work on an empty database."""
    keys = MasterKeys({"first": new_key()})
    engine = engine_for(postgres_url)
    await migrate(engine, "intake", NOON)
    settings = load_settings(env_file=None)
    platform = Platform(settings, Database("intake", engine, Clock(NOON)), keys, instance="intake-test")
    async with at_work(platform) as house:
        yield house
    await engine.dispose()


@asynccontextmanager
async def at_work(platform: Platform) -> AsyncIterator[House]:
    """Intake on a platform, as one of its replicas."""
    service = build(platform)
    for step in service.on_start:
        await step()
    app = FastAPI()
    app.state.keys = platform.keys
    install(app)
    app.include_router(service.router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield House(service, platform, client, platform.keys)

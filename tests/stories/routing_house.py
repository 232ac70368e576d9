"""A routing service on a database of its own, with a clock that only moves when a story says so.

Reports, deliveries and duty come in as records through the kernel, as they do from Kafka; officers and roles act
over HTTP; what routing says is read from its journal.
"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from services.routing.app import build
from services.routing.driver import Driver
from services.routing.officers import Officers
from services.routing.policies import Policies
from services.routing.roster import Loaded, load_roster
from services.routing.rules.roster.files import Known, read_roster
from services.routing.store.story import timeline
from shared.consuming import Consuming
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.deliveries import NoticeFailed, NoticeReplied, NotifyHeartbeat
from shared.contracts.duty import DutyCancelled, DutyRecorded
from shared.contracts.model import Event
from shared.contracts.reports import ReportAmended, ReportReceived, ReportWithdrawn
from shared.database import Database, engine_for
from shared.identifiers import new_reference, uuid7
from shared.identity import parse, sign_demo
from shared.inbox import Record
from shared.migrate import migrate
from shared.runtime import readers_of
from shared.sealing import MasterKeys
from shared.service import Platform, Service, Wake
from shared.settings import load_settings
from shared.web import install
from tests.said import as_described

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NORTH_HERTS, LUTON = "E07000099", "E06000032"
FORCES = ("herts", "beds", "cambs")


@dataclass
class HandClock:
    """Domain time stands still until somebody moves it."""

    now: datetime = NOON
    speed: float = 1.0

    def domain(self, _real: datetime) -> datetime:
        """Whatever the database's clock says, it is now."""
        return self.now

    def real_seconds(self, domain: timedelta) -> float:
        """A second is a second."""
        return domain.total_seconds()


@dataclass
class House:
    """Routing with everything in it, and hands to work it with."""

    database: Database
    service: Service
    driver: Driver
    keys: MasterKeys
    clock: HandClock
    people: httpx.AsyncClient
    consuming: dict[str, Consuming]
    offsets: Iterator[int] = field(default_factory=lambda: count(1))

    async def as_new(self, *officers: str) -> "House":
        """Everything forgotten but the policy, noon again, and these officers on the roster."""
        async with self.database.unit() as unit:
            await unit.connection.execute(sa.text(f"truncate {', '.join(f'routing.{table}' for table in _FORGOTTEN)}"))
        self.clock.now = NOON
        await self.roster(*officers)
        return self

    async def pass_minutes(self, minutes: float) -> None:
        """Time passes, and the driver does what is due at each deadline on the way."""
        until = self.clock.now + timedelta(minutes=minutes)
        while (wakes_at := await self._next_wake()) is not None and wakes_at <= until:
            self.clock.now = max(self.clock.now, wakes_at)
            await self.decide()
        self.clock.now = until

    async def stand_still(self, minutes: float) -> None:
        """Time passes while the driver is stopped."""
        self.clock.now += timedelta(minutes=minutes)

    async def decide(self) -> None:
        """Let the driver work until nothing is due."""
        while (await self.driver.turn("bch")).handled:
            pass

    async def hear(self, topic: str, *events: Event, key: str = "k") -> None:
        """Events arrive on a topic in one batch."""
        await self.hear_records(topic, *(self.record(topic, event, key) for event in events))

    async def hear_records(self, topic: str, *records: Record) -> None:
        """Records arrive in one batch, through the kernel."""
        await self.consuming[topic].process(records)

    def record(self, topic: str, event: Event, key: str = "k") -> Record:
        """An event as Kafka would bring it."""
        envelope = Envelope(
            id=str(uuid7()), source=f"liaison/{topic}", type=event.ce_type(), time=NOON, subject=None, traceparent=None
        )
        return self.raw(topic, event.to_json(), tuple(to_headers(envelope)), key)

    def raw(self, topic: str, value: bytes | None, headers: tuple[tuple[str, bytes], ...], key: str = "k") -> Record:
        """Any record."""
        return Record(topic, 0, next(self.offsets), 0, key.encode(), value, headers)

    async def report(self, **words: Any) -> ReportReceived:
        """A report arrives from intake, and the driver has looked at it."""
        received = a_report(**words)
        await self.hear("reports", received)
        await self.decide()
        return received

    async def roster(self, *lines: str, duties: str = "", roles: str = "") -> Loaded:
        """Load officers given as `id,force[,districts[,skills[,cap]]]`, trained, on duty today unless `duties` says."""
        ids = [line.split(",")[0] for line in lines]
        files = {
            "officers.csv": "id,force,districts,skills,cap,webhook\n" + "".join(f"{_padded(line)}\n" for line in lines),
            "training.csv": "officer,course,valid_until\n" + "".join(f"{id_},llo,2027-05-19\n" for id_ in ids),
            "duties.csv": "officer,kind,from,until\n"
            + (duties or "".join(f"{id_},duty,2026-11-23T07:00Z,2026-11-23T23:00Z\n" for id_ in ids)),
            "roles.csv": "force,role,name,phone,from,until\n" + (roles or _ROLES),
        }
        known = Known(frozenset(FORCES))
        rows = read_roster({name: text.encode() for name, text in files.items()}, known)
        return await load_roster(self.database, self.keys, rows)

    async def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Somebody signed in asks over HTTP."""
        token = sign_demo(parse(who), self.keys, int(datetime.now(UTC).timestamp()))
        content = None if body is None else json.dumps(body, default=str)
        told = {"authorization": f"Bearer {token}", **headers}
        return as_described(self.service.router, await self.people.request(method, path, content=content, headers=told))

    async def tap(self, officer: str, report: ReportReceived, action: str, **body: Any) -> httpx.Response:
        """An officer taps accept, decline or release."""
        return await self.ask(f"officer:{officer}", "POST", f"/v1/referrals/{report.reference}/{action}", body)

    async def story(self, report: ReportReceived) -> list[str]:
        """The names of everything said about a referral, in order."""
        async with self.database.unit() as unit:
            return [told.name.removeprefix("referral.") for told in await timeline(unit.connection, report.referral_id)]

    async def told(self, report: ReportReceived, name: str) -> list[dict[str, Any]]:
        """The events of one name about a referral."""
        async with self.database.unit() as unit:
            found = await timeline(unit.connection, report.referral_id)
        return [told.event for told in found if told.name == f"referral.{name}"]

    async def published(self, topic: str) -> list[tuple[str, dict[str, Any] | None]]:
        """What the journal holds for a topic: (key, payload), in order."""
        rows = await self.rows("select key, payload from routing.journal where topic = :topic order by id", topic=topic)
        return [(row.key, json.loads(bytes(row.payload)) if row.payload is not None else None) for row in rows]

    async def rows(self, statement: str, **words: Any) -> list[Any]:
        """Rows from the database."""
        async with self.database.unit() as unit:
            return list(await unit.connection.execute(sa.text(statement), words))

    async def _next_wake(self) -> datetime | None:
        found = await self.rows("select min(wakes_at) as at from routing.referrals")
        at: datetime | None = found[0].at
        return at


_FORGOTTEN = (
    *("referrals", "engagements", "loads", "bars", "timeline", "decisions", "notify_health", "degraded"),
    *("officers", "training", "duties", "roles"),
    *("journal", "inbox", "cursors", "held_events", "dead_letters", "idempotency"),
)
_ROLES = "".join(
    f"{force},{role},{role},+44170700{number}{place},,\n"
    for number, force in enumerate(FORCES, 10)
    for place, role in enumerate(("coordinator", "sergeant", "inspector", "fim", "psd", "ops"), 10)
)


def _padded(line: str) -> str:
    id_, force, *rest = [*line.split(","), "", "", ""][:5]
    return ",".join([id_, force, *rest, f"https://phones.example/{id_}"])


def a_report(**words: Any) -> ReportReceived:
    """A priority request for support in Hertfordshire, as intake describes it."""
    plain: dict[str, Any] = {
        "referral_id": uuid7(),
        "reference": new_reference(),
        "sequence": 1,
        "at": NOON,
        "force": "herts",
        "district": NORTH_HERTS,
        "location_confidence": "high",
        "need": "support",
        "channel": "101",
        "requester_role": "victim",
        "grade": "priority",
        "contact_route": "person",
        "class": "priority",
        "policy_version": "default-1",
    }
    return ReportReceived.model_validate(plain | words)


def amended(report: ReportReceived, changed: Sequence[str], **words: Any) -> ReportAmended:
    """The report after an amendment."""
    told = report.model_dump(by_alias=True) | {"sequence": 2, "changed": tuple(changed)}
    return ReportAmended.model_validate(told | words)


def withdrawn(report: ReportReceived, reason: str) -> ReportWithdrawn:
    """The report is no longer wanted."""
    words = {"referral_id": report.referral_id, "reference": report.reference, "sequence": 2, "at": NOON}
    return ReportWithdrawn.model_validate(words | {"reason": reason})


def failed(report: ReportReceived, to: str) -> NoticeFailed:
    """Notify could not reach somebody by any means."""
    return NoticeFailed(notice_id=uuid7(), referral_id=report.referral_id, at=NOON, to=to, last_means=True)


def replied(report: ReportReceived, officer: str, answer: str, at: datetime = NOON) -> NoticeReplied:
    """An officer answered by text message."""
    words = {"notice_id": str(uuid7()), "referral_id": str(report.referral_id), "at": at.isoformat(), "to": officer}
    return NoticeReplied.model_validate(words | {"officer": officer, "offer_code": "4821", "answer": answer})


def heartbeat() -> NotifyHeartbeat:
    """Notify is there."""
    return NotifyHeartbeat(at=NOON, instance="notify-1")


def on_duty(officer: str, entry: str, kind: str, hours: tuple[float, float | None]) -> DutyRecorded:
    """An entry of a force's duty system, in hours of the story's day."""
    starts, ends = hours
    day = NOON - timedelta(hours=12)
    until = None if ends is None else (day + timedelta(hours=ends)).isoformat()
    words = {"officer": officer, "entry": entry, "kind": kind, "from": (day + timedelta(hours=starts)).isoformat()}
    return DutyRecorded.model_validate(words | {"until": until})


def off_duty(officer: str, entry: str) -> DutyCancelled:
    """The duty system takes an entry back."""
    return DutyCancelled(officer=officer, entry=entry)


@asynccontextmanager
async def routing(postgres_url: str) -> AsyncIterator[House]:
    """A house on an empty database."""
    engine = engine_for(postgres_url)
    await migrate(engine, "routing", NOON)
    clock = HandClock()
    keys = MasterKeys({"test": bytes(32)})
    settings = load_settings(env_file=None, host="127.0.0.1")
    database = Database("routing", engine, clock)  # type: ignore[arg-type]
    platform = Platform(settings, database, keys, instance="one")
    service = build(platform)
    for step in service.on_start:
        await step()
    app = FastAPI()
    app.state.keys = keys
    install(app)
    app.include_router(service.router)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://routing.test") as people:
        policies = Policies(database)
        driver = Driver(database, policies, Wake(), Officers())
        consuming = {topic: reader.consuming for reader in readers_of(service, platform) for topic in reader.topics}
        yield House(database, service, driver, keys, clock, people, consuming)
    await database.close()

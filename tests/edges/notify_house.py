"""What notify's edges are tested against: its own database, and receivers that behave and misbehave as real ones do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notify.addressing import Addressing
from services.notify.channels.channel import Channel, Message
from services.notify.channels.phones import PhonesChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.wording import Wording
from services.notify.consumers import ReferralsConsumer, RosterConsumer
from services.notify.departures import Departures
from services.notify.dispatcher import Dispatcher
from services.notify.lanes import Lanes
from services.notify.letters import WAKES, Letters
from services.notify.newcomers import Newcomers
from services.notify.numbers import Marks
from services.notify.texting import Texting
from shared.addressees import seal_address
from shared.clock import Clock
from shared.consuming import Consuming
from shared.contracts import referrals
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.model import Event
from shared.contracts.officers import OfficerPublished, RosterWarned, SealedMeans
from shared.contracts.policy import PolicyPublished
from shared.database import Database, engine_for
from shared.identifiers import new_reference, uuid7
from shared.inbox import Record
from shared.migrate import migrate
from shared.sealing import MasterKeys, new_key
from shared.service import Wake

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EARLIER_SECRET = "whsec_dGhlIG9sZCBsYW1wIGluIHRoZSBsaWdodGhvdXNl"
HERE = (ip_network("127.0.0.0/8"),)
NOTICE = UUID("01997b5c-0000-7000-8000-000000000001")


def message(address: str, **fields: Any) -> Message:
    """A message to one address."""
    plain: dict[str, Any] = {
        "notice_id": NOTICE,
        "to": "H1042",
        "means": "webhook",
        "nth": 0,
        "type": "task.offered",
        "reference": "K7QM-4T9P",
        "response_class": "priority",
        "respond_by": datetime(2026, 6, 6, 13, 5, tzinfo=UTC),
        "url": "https://tasks.example/referrals/K7QM-4T9P",
        "exercise": False,
        "sent_at": datetime.now(UTC),
    }
    return Message(address=address, **(plain | fields))


@dataclass
class House:
    """Notify without Kafka: events go in through the kernel's own transaction, messages go out for real."""

    database: Database
    keys: MasterKeys
    channels: dict[str, Channel]
    bells: dict[str, Wake] = field(default_factory=dict)
    offsets: int = 0
    gathered: frozenset[str] = frozenset()
    lanes: Lanes = field(default_factory=Lanes)
    working: list[Dispatcher] = field(default_factory=list)

    def bell(self, name: str) -> Wake:
        return self.bells.setdefault(name, Wake())

    def rung(self, names: set[str]) -> None:
        for name in names:
            self.bell(name).ring()

    def dispatcher(self) -> Dispatcher:
        addressing = Addressing(self.keys, self.channels, "https://tasks.example")
        departures = Departures(addressing, Texting(Marks(self.keys), answered=True), self.gathered)
        return Dispatcher(self.database, self.bell("dispatcher"), departures, self.lanes)

    @property
    def planning(self) -> ReferralsConsumer:
        """What plans notices: beside the dispatcher that began last, if one is at work."""
        return ReferralsConsumer(self.working[-1] if self.working else self.dispatcher())

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """The dispatcher and its neighbours running for the length of the block."""
        dispatcher = self.dispatcher()
        newcomers = Newcomers(self.database, self.bell("newcomers"))
        letters = Letters(self.database, self.bell(WAKES), self.keys, self.channels, "https://tasks.example")
        tasks = [asyncio.create_task(loop.run()) for loop in (dispatcher, newcomers, letters)]
        self.working.append(dispatcher)
        try:
            yield
        finally:
            self.working.remove(dispatcher)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def hear(self, *events: Event, key: str | None = None) -> None:
        """Take in events of `referrals` as one batch."""
        await self._take("referrals", self.planning, [(key, event) for event in events])

    async def publish(self, officer: str, **addresses: str) -> None:
        """Take in an officer of the roster with these addresses."""
        means = tuple(
            SealedMeans(kind=kind, verified=True, sealed=seal_address(self.keys, officer, kind, address))
            for kind, address in addresses.items()
        )
        kind = "role" if ":" in officer else "officer"
        self.offsets += 1
        event = OfficerPublished(id=officer, kind=kind, force="herts", means=means, version=self.offsets)
        await self._take("officers", RosterConsumer(), [(officer, event)])

    async def introduce(self, *events: OfficerPublished) -> None:
        """Take in officers and roles as routing published them."""
        await self._take("officers", RosterConsumer(), [(event.id, event) for event in events])

    async def govern(self, *events: PolicyPublished) -> None:
        """Take in versions of the policy as one batch."""
        await self._take("policy", RosterConsumer(), [("bch", event) for event in events])

    async def remove(self, officer: str) -> None:
        """Take in that an officer has left the roster."""
        await self._take("officers", RosterConsumer(), [(officer, None)])

    async def warn(self, *events: RosterWarned) -> None:
        """Take in warnings about the roster as one batch."""
        keyed = [(f"warning:{event.kind}:{event.subject}", event) for event in events]
        await self._take("officers", RosterConsumer(), keyed)

    async def _take(self, topic: str, consumer: Any, events: Sequence[tuple[str | None, Event | None]]) -> None:
        consuming = Consuming(topic, self.database, consumer, self.keys)
        await consuming.process([self._record(topic, key, event) for key, event in events])

    def _record(self, topic: str, key: str | None, event: Event | None) -> Record:
        self.offsets += 1
        key = key or str(getattr(event, "referral_id", "none"))
        kind = event.ce_type() if event is not None else "liaison.deleted.v1"
        envelope = Envelope(str(uuid7()), "liaison/routing", kind, datetime.now(UTC), key)
        headers: tuple[tuple[str, bytes | None], ...] = tuple(to_headers(envelope))
        value = event.to_json() if event is not None else None
        return Record(topic, 0, self.offsets, 0, key.encode(), value, headers)

    async def rows(self, query: str, **parameters: Any) -> list[Any]:
        async with self.database.unit() as unit:
            return list(await unit.connection.execute(sa.text(query), parameters))

    async def states(self) -> list[tuple[str, str, str]]:
        """(to, type, state) of every notice, oldest first."""
        rows = await self.rows("select recipient, type, state from notify.notices order by id")
        return [tuple(row) for row in rows]

    async def until_states(self, *wanted: str, seconds: float = 15) -> None:
        """Wait until the notices have these states, oldest first."""
        found: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while found != list(wanted):
                    await asyncio.sleep(0.02)
                    found = [state for _, _, state in await self.states()]
        assert found == list(wanted)

    async def deliveries(self) -> list[tuple[str, dict[str, Any]]]:
        """What routing hears, in order: event name and payload."""
        rows = await self.rows(
            "select headers::text as headers, convert_from(payload, 'utf8')::jsonb as payload "
            "from notify.journal where topic = 'deliveries' order by id"
        )
        named = ("notice.delivered", "notice.failed", "notice.replied")
        return [(next(name for name in named if f"liaison.{name}.v1" in row.headers), row.payload) for row in rows]


@asynccontextmanager
async def house(postgres_url: str) -> AsyncIterator[House]:
    """Notify on an empty, migrated database, every means at work; texts are kept as the demo keeps them."""
    async with AsyncExitStack() as stack:
        engine = engine_for(postgres_url)
        stack.push_async_callback(engine.dispose)
        epoch = datetime.now(UTC) - timedelta(days=1)
        await migrate(engine, "notify", epoch)
        database = Database("notify", engine, Clock(epoch))
        wording = Wording()
        kept = PhonesChannel(database, wording, "delivered")
        channels: dict[str, Channel] = {
            "webhook": WebhookChannel([SECRET, EARLIER_SECRET], HERE),
            "email": PhonesChannel(database, wording, "sent"),
            "phone": kept,
            "exercise": kept,
        }
        made = House(database, MasterKeys({"test": new_key()}), channels)
        database.on_commit = made.rung
        yield made


@dataclass
class Story:
    """One referral's events, numbered as routing numbers them."""

    referral_id: UUID = field(default_factory=uuid7)
    reference: str = field(default_factory=new_reference)
    exercise: bool = False
    sequence: int = 0

    def event(self, kind: str, **fields: Any) -> ReferralEvent:
        self.sequence += 1
        model: type[ReferralEvent] = getattr(referrals, kind)
        now = datetime.now(UTC)
        plain = {
            "referral_id": self.referral_id,
            "reference": self.reference,
            "sequence": self.sequence,
            "at": now,
            "force": "herts",
            "state": "offered",
            "next_due": now + timedelta(minutes=15),
            "response_class": "priority",
            "pool": "bch",
            "exercise": self.exercise,
        }
        return model(**(plain | fields))

    def offered(self, *officers: str, seconds: float = 900) -> ReferralEvent:
        respond_by = datetime.now(UTC) + timedelta(seconds=seconds)
        return self.event(
            "ReferralOffered", offer_id=uuid7(), officers=officers, respond_by=respond_by, step=0, why="first"
        )

    def accepted(self, officer: str) -> ReferralEvent:
        return self.event("ReferralAccepted", officer=officer, state="accepted")

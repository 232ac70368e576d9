"""A control room with a webhook of its own, and notify that tells it things, with real time in a hand."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from services.notify.channels.webhook import WebhookChannel
from services.notify.control_rooms import OutboundConsumer, bell_of
from services.notify.control_rooms_sending import Sending, Way
from services.notify.rules.control_rooms import Room
from services.notify.store.control_rooms import room_of
from shared.consuming import Consuming
from shared.contracts import outbound
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.logline import Outbound
from shared.contracts.outbound import ServiceHeartbeat
from shared.database import Unit
from shared.identifiers import uuid7
from shared.inbox import Record
from shared.service import Wake
from tests.edges.notify_house import EARLIER_SECRET, HERE, SECRET, House, house
from tests.edges.webhook_receiver import Heard

_offsets = count(1)


@dataclass
class HandTime:
    """Real time that passes when a test says so."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def __call__(self, _unit: Unit) -> datetime:
        return self.now

    def pass_(self, **words: float) -> None:
        self.now += timedelta(**words)


@dataclass
class Desk:
    """Notify's part that tells the control room of Hertfordshire what happens."""

    notify: House
    time: HandTime = field(default_factory=HandTime)
    channel: WebhookChannel = field(default_factory=lambda: WebhookChannel([SECRET, EARLIER_SECRET], HERE))

    def sending(self, force: str = "herts", bell: Wake | None = None) -> Sending:
        """One replica's loop."""
        way = Way(self.notify.database, self.notify.keys, self.channel, self.time)
        return Sending(way, force, bell or self.notify.bell(bell_of(force)))

    async def connect(self, url: str, force: str = "herts") -> None:
        """The roster names the control room's webhook."""
        await self.notify.publish(f"control_room:{force}", webhook=url)

    async def hear(self, *records: Record) -> None:
        """A batch arrives on `outbound`, through the kernel."""
        consuming = Consuming(
            "control_rooms", self.notify.database, OutboundConsumer(self.time), self.notify.keys, True
        )
        await consuming.process(records)

    async def say(self, key: str, *numbers: int, force: str = "herts") -> list[str]:
        """Numbered events under one key; gives their ids."""
        records = [a_record(an_event(number, self.time.now), key, force, self.time.now) for number in numbers]
        await self.hear(*records)
        return [_id_of(record) for record in records]

    async def work(self, sending: Sending | None = None) -> None:
        """One replica does all that can be done at this moment."""
        one = sending or self.sending()
        while True:
            await one.look()
            if not one._flying:
                return
            await one.settled()

    async def room(self) -> Room:
        """How it stands."""
        async with self.notify.database.unit() as unit:
            return await room_of(unit, "herts")

    async def waiting(self) -> int:
        """How many events have not arrived."""
        (row,) = await self.notify.rows("select count(*) as number from notify.outgoing")
        return int(row.number)


def an_event(number: int, at: datetime) -> Outbound:
    """Something about one referral; `sequence` tells which."""
    return outbound.ReferralUpdateGiven(
        reference="K7QM-4T9P", sequence=number, at=at, state="accepted", log_line=f"K7QM-4T9P: line {number}"
    )


def a_heartbeat(at: datetime) -> Outbound:
    return ServiceHeartbeat(at=at, log_line="Liaison is there")


def a_record(event: Outbound, key: str, force: str, at: datetime) -> Record:
    """An event as Kafka would bring it."""
    envelope = Envelope(str(uuid7()), "liaison/intake", event.ce_type(), at, key)
    headers: tuple[tuple[str, bytes | None], ...] = tuple(to_headers(envelope))
    value = event.model_dump_json(by_alias=True).encode()
    return Record(f"outbound.{force}", 0, next(_offsets), 0, key.encode(), value, headers)


def _id_of(record: Record) -> str:
    return (dict(record.headers)["ce_id"] or b"").decode()


def said(heard: Sequence[Heard]) -> list[dict[str, Any]]:
    """The CloudEvents a control room got, in the order in which they came."""
    return [json.loads(one.body) for one in heard]


def first_seen(heard: Sequence[Heard], key: str) -> list[int]:
    """The numbers under one key in the order in which a control room first saw them, repeats left out."""
    ours = [event for event in said(heard) if event.get("subject") == key]
    return list(dict.fromkeys(event["data"]["sequence"] for event in ours))


def keys(number: int, chance: Random) -> list[str]:
    """Incident references a control room might use as keys."""
    return [f"HC-{chance.randrange(10**6):06}" for _ in range(number)]


@asynccontextmanager
async def desk(postgres_url: str) -> AsyncIterator[Desk]:
    """A desk on an empty, migrated database."""
    async with house(postgres_url) as made:
        found = Desk(made)
        yield found
        await found.channel.close()

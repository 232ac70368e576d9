"""A notify process alone with real Kafka and PostgreSQL, its officers and their providers.

Events come from a real topic; a notice counts once it is settled: its state in the table, and what routing hears of it
in the journal.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer

from shared.addressees import seal_address
from shared.contracts.cloudevents import Envelope, Header, to_headers
from shared.contracts.model import Event
from shared.contracts.officers import OfficerPublished, SealedMeans
from shared.contracts.policy import PolicyDocument, PolicyPublished
from shared.contracts.referrals import ReferralOffered
from shared.identifiers import new_reference, uuid7
from shared.policy_file import load_policy
from shared.sealing import MasterKeys
from shared.settings import load_settings
from tests.benchmarks.reports import now
from tests.edges.govuk_stand_in import API_KEY, SMS_TEMPLATE
from tests.fleet import Fleet

OFFICERS = 300
"""With each means."""

NEVER = 525_600
"""Minutes; long after every offer has lapsed."""

TICK = 0.02
"""Seconds between the events put on the topic at a steady rate; they are written out before the first."""

LINGER = 20
"""Milliseconds that the bench waits for more events to put on a partition at once, as a busy relay does."""

Row = tuple[str, ...]


@dataclass
class Peers:
    """The providers of one process, by name."""

    addresses: dict[str, str]

    @classmethod
    def start(cls, stack: ExitStack, who: str) -> "Peers":
        """Start them; they are killed when `stack` closes."""
        command = [sys.executable, "-m", "tests.benchmarks.notices.peers", who]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        stack.callback(process.wait)
        stack.callback(process.kill)
        assert process.stdout is not None
        return cls(orjson.loads(process.stdout.readline()))


@dataclass(frozen=True)
class Ready:
    """An event as it goes onto its topic."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]

    @classmethod
    def of(cls, topic: str, key: str, event: Event) -> "Ready":
        """This event, written out."""
        envelope = Envelope(str(uuid7()), "liaison/routing", event.ce_type(), now(), key)
        return cls(topic, key.encode(), event.to_json(), to_headers(envelope))


def offer(officer: str) -> Ready:
    """A new referral is offered to one officer."""
    at = now()
    event = ReferralOffered(
        referral_id=uuid7(),
        reference=new_reference(),
        sequence=1,
        at=at,
        force="herts",
        state="offered",
        next_due=at + timedelta(minutes=15),
        pool="bch",
        response_class="priority",
        offer_id=uuid7(),
        officers=(officer,),
        respond_by=at + timedelta(minutes=15),
        step=0,
        why="first",
    )
    return Ready.of("referrals", str(event.referral_id), event)


@dataclass
class Bench:
    """A notify process alone with its topics and its database, and the providers that are well."""

    fleet: Fleet
    peers: Peers
    producer: AIOKafkaProducer
    database: asyncpg.Connection
    keys: MasterKeys

    async def publish(self, topic: str, key: str, event: Event) -> None:
        """Put one event on a topic; the broker's answer is not waited for."""
        await self.put(Ready.of(topic, key, event))

    async def put(self, ready: "Ready") -> None:
        """The same with one that is written already."""
        await self.producer.send(ready.topic, ready.value, key=ready.key, headers=ready.headers)

    async def enlist(self, **addresses: Callable[[int], str]) -> None:
        """Officers whose ids begin with the name of their means: `webhook-7`; each has that one way."""
        for name, address in addresses.items():
            kind = name.partition("_")[0]
            for number in range(OFFICERS):
                officer = f"{name}-{number}"
                sealed = seal_address(self.keys, officer, kind, address(number))
                means = (SealedMeans(kind=kind, verified=True, sealed=sealed),)
                person = OfficerPublished(id=officer, kind="officer", force="herts", means=means, version=1)
                await self.publish("officers", officer, person)

    async def settled(self) -> int:
        """Notices that have come to their end and been told to routing."""
        count: int = await self.database.fetchval(
            "select least((select count(*) from notify.notices where state = 'delivered'), (select count(*) "
            "from notify.journal where topic = 'deliveries' and headers::text like '%notice.delivered%'))"
        )
        return count

    async def until_settled(self, wanted: int, seconds: float) -> int:
        """Wait until so many notices are settled; gives how many are."""
        end = time.monotonic() + seconds
        while await self.database.fetchval("select count(*) from notify.journal where topic = 'deliveries'") < wanted:
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.5)
        return await self.settled()

    async def warm(self) -> None:
        """Some offers, until the last is settled: ready is not yet at work on every partition."""
        for number in range(OFFICERS):
            await self.put(offer(f"webhook-{number}"))
        await self.until_settled(OFFICERS, 120)

    def cpu(self) -> float:
        """Seconds of CPU time that the notify process has had."""
        process = self.fleet.of("notify").process
        assert process is not None
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def bench(folder: Path, url: str, bootstrap: str) -> AsyncIterator[Bench]:
    """A notify process that knows its officers and the policy, ready."""
    with ExitStack() as stack:
        peers = Peers.start(stack, "well")
        found = Fleet(folder, url, bootstrap)
        found.extra = {
            "LIAISON_SMTP_URL": peers.addresses["smtp"],
            "LIAISON_GOVUK_NOTIFY_URL": peers.addresses["govuk"],
            "LIAISON_GOVUK_NOTIFY_API_KEY": API_KEY,
            "LIAISON_GOVUK_NOTIFY_SMS_TEMPLATE": SMS_TEMPLATE,
        }
        await asyncio.to_thread(found.command, "migrate")
        await asyncio.to_thread(found.command, "topics")
        stack.callback(found.stop)
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=LINGER)
        database = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            await producer.start()
            made = Bench(found, peers, producer, database, _keys(found.key))
            await made.publish("policy", "bch", PolicyPublished(document=_without_reminders(), at=now()))
            await made.enlist(
                webhook=lambda _number: peers.addresses["webhook"],
                email=lambda number: f"officer-{number}@herts.example",
                phone=lambda number: f"+447700{900_000 + number}",
            )
            await producer.flush()
            found.start("notify-1")
            await found.ready("notify-1")
            await made.warm()
            yield made
        finally:
            await producer.stop()
            await database.close()


def _without_reminders() -> PolicyDocument:
    """The default policy. A reminder in a long spell would touch the notice before it, and look like a late one."""
    policy = load_policy(load_settings(env_file=None))
    silent = {code: its.model_copy(update={"reminder_minutes": NEVER}) for code, its in policy.classes.items()}
    return policy.model_copy(update={"classes": silent})


def _keys(setting: str) -> MasterKeys:
    from base64 import b64decode

    name, _, key = setting.partition(":")
    return MasterKeys({name: b64decode(key)})


def offers_to(officers: Sequence[str], count: int) -> list[Ready]:
    """So many offers, to these officers in turn."""
    return [offer(officers[number % len(officers)]) for number in range(count)]


async def steady(made: Bench, rate: float, offers: Sequence[Ready]) -> None:
    """Put these offers on the topic, so many a second whatever becomes of them."""
    start, sent = time.monotonic(), 0
    while sent < len(offers):
        await asyncio.sleep(TICK)
        due = min(int((time.monotonic() - start) * rate), len(offers))
        for one in offers[sent:due]:
            await made.put(one)
        sent = due


async def waits(made: Bench, since: object) -> dict[str, list[float]]:
    """Seconds from planned to delivered (sent, where a provider says no more), sorted, by whose they were."""
    rows = await made.database.fetch(
        "select split_part(recipient, '-', 1) as whose, extract(epoch from changed_at - at)::float8 as seconds "
        "from notify.notices where at >= $1 and state in ('delivered', 'sent') order by 2",
        since,
    )
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["whose"], []).append(row["seconds"])
    return found

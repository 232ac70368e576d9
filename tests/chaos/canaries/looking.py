"""Looks everywhere outside the vault: topics, tables, logs, figures, pages, answers, files."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import aiohttp
import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.topics import PARTITIONS
from tests.chaos.canaries.words import Evidence
from tests.fleet import Fleet

Offsets = Mapping[TopicPartition, int]
_LINKS = re.compile(rb'(?:href|action|src)="([^"]*)"')
_TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")

PAGES = (
    "/", "/board", "/board?view=due", "/board?view=breached", "/tasks", "/roster", "/roster/H1001", "/coverage",
    "/policy", "/unrouted", "/fallback", "/phones", "/phones?format=json", "/demo/sign-in", "/no-such-page", "/metrics",
    "/health/ready", "/docs/intake", "/docs/intake/openapi.json", "/v1/referrals", "/v1/officers", "/v1/coverage",
    "/v1/outbound", "/v1/codes", "/v1/policies",
)  # fmt: skip
OF_A_REFERRAL = (
    "/referrals/{}", "/referrals/{}/decisions", "/v1/referrals/{}", "/v1/referrals/{}/decisions",
    "/v1/notices?reference={}", "/v1/reports/{}",
)  # fmt: skip
READERS = ("coordinator:herts", "officer:H1001", "control_room:herts", "policy")


async def ends_of(bootstrap: str, topics: list[str]) -> Offsets:
    """How far each partition has come."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        ends: Offsets = await consumer.end_offsets(places)
        return ends


async def records(bootstrap: str, begin: Offsets) -> AsyncIterator[Evidence]:
    """Every record since `begin`: its key, its headers, its value, and that there is none."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign(list(begin))
        ends = await consumer.end_offsets(list(begin))
        for place, offset in begin.items():
            consumer.seek(place, offset)
        left = {place for place, end in ends.items() if end > begin[place]}
        while left:
            for place, batch in (await consumer.getmany(timeout_ms=500, max_records=2_000)).items():
                for record in batch:
                    for evidence in _told_by(record):
                        yield evidence
                if place in left and batch[-1].offset + 1 >= ends[place]:
                    left.discard(place)


def _told_by(record: ConsumerRecord) -> Iterator[Evidence]:
    yield Evidence(f"topic {record.topic} key", record.key or b"")
    yield Evidence(f"topic {record.topic} value", record.value or b"")
    for name, value in record.headers:
        yield Evidence(f"topic {record.topic} header {name}", f"{name}: ".encode() + (value or b""))


async def tables(database_url: str) -> AsyncIterator[Evidence]:
    """Every value of every column of every table, the sealed ones too: sealed means that nothing is in clear."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        names = await connection.fetch(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
        )
        async with connection.transaction(readonly=True):
            for schema, table in names:
                async for row in connection.cursor(f'select * from "{schema}"."{table}"', prefetch=500):
                    for column, value in row.items():
                        if value is not None:
                            yield Evidence(f"table {schema}.{table}.{column}", _plain(value))
    finally:
        await connection.close()


def _plain(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def files(folder: Path, what: str) -> Iterator[Evidence]:
    """Every file below a folder, its name as well."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = f"{what} {path.relative_to(folder)}"
            yield Evidence(f"{what} name", str(path.relative_to(folder)).encode())
            yield Evidence(name, path.read_bytes())


def logs(found: Fleet) -> Iterator[Evidence]:
    """What every process wrote."""
    for name, member in found.members.items():
        yield Evidence(f"log {name}", member.log.read_bytes())


def servers(folder: Path) -> Iterator[Evidence]:
    """What the database's and the broker's own servers wrote about their work, where they run here."""
    for path in folder.rglob("server.log"):
        yield Evidence("log of a server", path.read_bytes())


async def pages(found: Fleet, references: list[str]) -> AsyncIterator[Evidence]:
    """What people see who sign in: titles, addresses and all of the page, of every service; answers of the API too."""
    paths = [*PAGES, *(path.format(reference) for reference in references for path in OF_A_REFERRAL)]
    for member in found.members.values():
        for reader in READERS:
            async with aiohttp.ClientSession() as session:
                async with session.post(f"{member.url}/demo/token", json={"as": reader}) as answer:
                    token = (await answer.json())["token"]
                session.headers["Authorization"] = f"Bearer {token}"
                for path in paths:
                    async with session.get(f"{member.url}{path}", allow_redirects=False) as answer:
                        for evidence in _seen(path, answer, await answer.read()):
                            yield evidence


def _seen(path: str, answer: aiohttp.ClientResponse, content: bytes) -> Iterator[Evidence]:
    place = _REFERENCE.sub("{reference}", path)
    yield Evidence(f"headers of {place}", str(dict(answer.headers)).encode())
    if answer.content_type != "text/html":
        yield Evidence(f"answer {place}", content)
        return
    for title in _TITLE.findall(content):
        yield Evidence(f"title of {place}", title)
    for link in _LINKS.findall(content):
        yield Evidence(f"link on {place}", link)
    yield Evidence(f"page {place}", content)

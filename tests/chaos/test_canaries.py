"""Nothing tells: words planted in what people say about themselves are found nowhere outside the vault."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import aiohttp
import asyncpg
import httpx
import pytest

from services.simulation.access import Addresses
from services.simulation.check import accepted
from services.simulation.counties import FORCES
from services.simulation.ledger import Ledger, pending
from services.simulation.listening import listening
from services.simulation.officers import Crew, Manners, crew
from services.simulation.places import sampled
from services.simulation.roster import officer_ids, write_roster
from services.simulation.sending import Sender, producing
from services.simulation.traffic import Mix, evenly, stream
from shared.contracts.topics import topic_names
from shared.identifiers import uuid7
from tests.chaos.canaries import looking
from tests.chaos.canaries.exceptions import EXCEPTIONS, leaks
from tests.chaos.canaries.outside import Outside, outside, spread_over_means
from tests.chaos.canaries.people import Meddler, Talkative
from tests.chaos.canaries.planting import Planter
from tests.chaos.canaries.words import CODES, Evidence, Finding, Pile, Planted, disguised, search
from tests.fleet import SERVICES, Fleet
from tests.offsets import all_services_begin_at_the_end
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

REFERRALS = int(os.environ.get("PROVE_CANARIES", "60"))
"""A sample by default; `make prove` sends 2,000."""
RATE = float(os.environ.get("PROVE_CANARY_RATE", "10"))
SPEED = 20
"""Domain seconds in a real one: reminders, lapses and breaches have their messages, too."""
BUSY = Manners(prompt=0.5, slow=0.15, decline=0.2, promptly=(0.1, 1), slowly=(1, 3), closing=(3, 8))
SEED = 20260606


@dataclass(frozen=True)
class Town:
    """Three services at work, and everybody who has to do with them."""

    found: Fleet
    outside: Outside
    planter: Planter
    client: Talkative
    crew: Crew
    ledger: Ledger


@pytest.mark.parametrize("shape", disguised("quobblewumabcdef"))
def test_the_search_sees_a_word_through(shape: str) -> None:
    planted = Planted({"quobblewumabcdef": "details.name"})
    said = b'{"log": "a ' + disguised("quobblewumabcdef")[shape] + b'"}'
    hidden = disguised("quobblewumabcdef")[shape] if shape == "zlib" else said
    assert list(search(Evidence("log intake-1", hidden), planted))


def test_the_search_knows_numbers_postcodes_and_codes_and_takes_no_others_for_them() -> None:
    planted = Planted()
    number = planted.phone("details.phone")
    planted.postcode("SG1 1XX", "details.home.postcode")
    said = f"rang +44{number[1:].replace(' ', '')}, lives at sg11xx, transgender; a1{number[1:5]}00 SG1 2XX".encode()
    found = {finding.what for finding in search(Evidence("log", said), planted)}
    assert found == {"details.phone", "details.home.postcode", "code transgender"}
    assert not list(search(Evidence("log", b"07700 900123 SG1 2XX 6f07196000000a"), planted))


@pytest.mark.real_kafka
async def test_nothing_that_was_planted_is_found_outside_the_vault(
    data_dir: Path, postgres_url: str, kafka_topics: str, server_folder: Path
) -> None:
    begin = await looking.ends_of(kafka_topics, topic_names(FORCES))
    findings: set[Finding] = set()
    looked_at: Counter[str] = Counter()
    planter, pile = Planter(Planted()), Pile()

    def look(evidence: Evidence) -> None:
        looked_at[evidence.place.split()[0]] += 1
        findings.update(finding for one in pile.add(evidence) for finding in search(one, planter.planted))

    async with town(data_dir, postgres_url, kafka_topics, planter) as built:
        did = await live(built, kafka_topics)
        references = list(accepted(built.ledger))[:: max(1, REFERRALS // 6)]
        async for evidence in looking.pages(built.found, references):
            look(evidence)
        await until(lambda: _all_published(postgres_url), 60)
    async for evidence in looking.records(kafka_topics, begin):
        look(evidence)
    async for evidence in looking.tables(postgres_url):
        look(evidence)
    for evidence in (
        *built.outside.heard,
        *looking.logs(built.found),
        *looking.files(data_dir / "data", "file"),
        *looking.servers(server_folder),
    ):
        look(evidence)
    findings.update(finding for one in pile.rest() for finding in search(one, planter.planted))
    _account(built, did, looked_at, findings)
    assert len(accepted(built.ledger)) > REFERRALS * 0.6
    assert leaks(findings) == []


@asynccontextmanager
async def town(folder: Path, url: str, bootstrap: str, planter: Planter) -> AsyncIterator[Town]:
    """A fleet whose messages all come here, with a roster over all means."""
    async with outside() as others:
        found = Fleet(folder, url, bootstrap, extra={"LIAISON_CLOCK_SPEED": str(SPEED)} | others.settings())
        roster = write_roster(folder / "roster", datetime.now(UTC), webhooks=others.webhooks)
        postcodes = spread_over_means(roster, others, Random(SEED))
        planter.planted.spared |= {code.replace(" ", "").lower() for code in postcodes}
        try:
            await asyncio.to_thread(_open_up, found, roster)
            await all_services_begin_at_the_end(bootstrap)
            for service in SERVICES:
                found.start(f"{service}-1")
            await found.ready(seconds=300)
            others.govuk.caller = lambda: httpx.AsyncClient(base_url=found.of("notify").url, timeout=30)
            addresses = Addresses(*(found.of(service).url for service in SERVICES))
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
                client = Talkative(session, addresses, planter, SEED)
                async with crew(client, BUSY, SEED) as people:
                    others.told = people.told
                    yield Town(found, others, planter, client, people, Ledger())
        finally:
            await asyncio.to_thread(found.stop)


def _open_up(found: Fleet, roster: Path) -> None:
    found.command("migrate")
    found.command("topics")
    found.command("roster", "load", str(roster))


async def live(built: Town, bootstrap: str) -> Counter[str]:
    """Reports come in over all ways, people act on them, and others meddle; until it is quiet."""
    officers = {force: officer_ids(force) for force in FORCES}
    mix = Mix(run=uuid7().hex[-6:], seed=SEED, hostile_share=0.1, officers=officers)
    items = stream(mix, await asyncio.to_thread(sampled), evenly(datetime.now(UTC), REFERRALS, RATE))
    topics = [f"outbound.{force}" for force in FORCES]
    async with listening(bootstrap, topics, built.ledger.hear, {}), producing(bootstrap, {}) as producer:
        assert producer is not None
        sender = Sender(built.client, producer, built.ledger)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for number, item in enumerate(items):
                await asyncio.sleep(max(0.0, begun + number / RATE - loop.time()))
                planted = built.planter.plant(item)
                sender.expect(planted)
                group.create_task(sender.send(planted))
        await until(lambda: _nothing_pending(built.ledger), 120)
        meddler = Meddler(built.client, producer, built.planter, built.outside)
        await meddler.meddle(built.ledger)
    await asyncio.sleep(min(20.0, REFERRALS / 10))
    return meddler.did + built.client.said + built.crew.did


async def _nothing_pending(ledger: Ledger) -> bool | None:
    return not pending(ledger) or None


async def _all_published(url: str) -> bool | None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        left = [
            await connection.fetchval(f"select count(*) from {service}.journal where published_at is null")
            for service in SERVICES
        ]
    finally:
        await connection.close()
    return sum(left) < 20 or None


def _account(built: Town, did: Counter[str], looked_at: Counter[str], findings: set[Finding]) -> None:
    """What was planted, done, looked at and found; `make prove` shows it."""
    leaked = leaks(findings)
    lines = [
        f"canaries: {len(built.ledger.sent)} reports, {len(accepted(built.ledger))} references, "
        f"{len(built.planter.planted.where)} planted words, numbers and postcodes, {len(CODES)} telling codes",
        "sent out: " + ", ".join(f"{count} {what}" for what, count in sorted(built.outside.counts.items())),
        "people: " + ", ".join(f"{what} ({count})" for what, count in sorted(did.items())),
        "looked at: " + ", ".join(f"{count} {what}" for what, count in sorted(looked_at.items())),
        f"found: {len(leaked)} leaks; {len(findings) - len(leaked)} places explained by {len(EXCEPTIONS)} exceptions",
    ]
    print("", *lines, *(f"LEAK {one.place}: {one.what}, {one.shape}" for one in leaked), sep="\n")  # noqa: T201

"""Routing is killed in the middle of ladders and stays away: what passed meanwhile happens once, and soon after."""

import asyncio
import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg
import orjson
import pytest
from aiohttp import web

from tests.benchmarks.figures import token
from tests.benchmarks.reports import body_of, write_roster
from tests.fleet import Fleet, free_port
from tests.offsets import all_services_begin_at_the_end
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.slow, pytest.mark.timeout(900)]

AWAY = float(os.environ.get("PROVE_AWAY", "20"))
"""Real seconds; `make prove` takes 90."""
SPEED = 60
"""Domain seconds in a real one: a minute of the ladder passes in a second."""
REPORTS = 40
OFFICERS = 12


class Phones:
    """Every webhook that arrived, as (to, reference, type)."""

    def __init__(self) -> None:
        self.rang: list[tuple[str, str, str]] = []

    async def ring(self, request: web.Request) -> web.Response:
        """Take it."""
        said = orjson.loads(await request.read())
        self.rang.append((request.match_info["who"], said["reference"], said["type"]))
        return web.Response(status=204)


async def test_after_a_long_stop_nobody_is_told_twice_and_every_passed_step_is_in_the_timeline(
    data_dir: Path, postgres_url: str, kafka_topics: str
) -> None:
    phones, port = Phones(), free_port()
    app = web.Application()
    app.router.add_post("/{who}", phones.ring)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found = Fleet(data_dir, postgres_url, kafka_topics, extra={"LIAISON_CLOCK_SPEED": str(SPEED)})
    try:
        await _open_up(found, f"http://127.0.0.1:{port}")
        await _post(found)
        await until(lambda: _offered(postgres_url), 60)
        found.kill("routing-1")
        await asyncio.sleep(AWAY)
        found.start("routing-1")
        await found.ready("routing-1")
        began = time.monotonic()
        await until(lambda: _nothing_overdue(postgres_url), 60)
        assert time.monotonic() - began < 10
        await until(lambda: _all_sent(postgres_url), 60)
        _nobody_twice(phones)
        await _every_step_is_told(postgres_url)
    finally:
        found.stop()
        await runner.cleanup()


async def _open_up(found: Fleet, url: str) -> None:
    found.command("migrate")
    found.command("topics")
    await all_services_begin_at_the_end(found.bootstrap)
    _small_roster(found.folder / "roster", url)
    found.command("roster", "load", str(found.folder / "roster"))
    for service in ("intake", "routing", "notify"):
        found.start(f"{service}-1")
    await found.ready()


def _small_roster(folder: Path, url: str) -> None:
    """The roster for measuring, cut down to a dozen officers, each with a telephone of their own."""
    write_roster(folder, f"{url}/role")
    for name in ("officers.csv", "training.csv", "duties.csv"):
        lines = (folder / name).read_text().splitlines()[: OFFICERS + 1]
        own = [line.replace(f"{url}/role", f"{url}/{line.partition(',')[0]}") for line in lines]
        (folder / name).write_text("\n".join(own) + "\n")


async def _post(found: Fleet) -> None:
    url = found.of("intake").url
    async with aiohttp.ClientSession() as session:
        headers = {"authorization": f"Bearer {await token(session, url, 'control_room:herts')}"}
        for _ in range(REPORTS):
            body = body_of("herts") | _priority()
            async with session.post(f"{url}/v1/reports", json=body, headers=headers) as answer:
                answer.raise_for_status()


def _priority() -> dict[str, object]:
    return {"grade": {"value": "priority", "by": "desk 7", "at": datetime.now(UTC).isoformat()}}


async def _fetch(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def _offered(url: str) -> bool | None:
    (row,) = await _fetch(
        url, "select count(distinct referral_id) as n from routing.timeline where name = 'referral.offered'"
    )
    return int(row["n"]) >= REPORTS or None


async def _nothing_overdue(url: str) -> bool | None:
    """Nothing was due more than three real seconds ago, in domain time as the services reckon it."""
    (row,) = await _fetch(
        url,
        "select count(*) as n from routing.referrals r, routing.clock_epoch e where r.wakes_at < e.epoch + "
        f"(clock_timestamp() - e.epoch) * {SPEED} - interval '{3 * SPEED} seconds'",
    )
    return int(row["n"]) == 0 or None


async def _all_sent(url: str) -> bool | None:
    (row,) = await _fetch(url, "select count(*) as n from notify.notices where state in ('planned', 'sending')")
    return int(row["n"]) == 0 or None


def _nobody_twice(phones: Phones) -> None:
    offers = Counter((who, reference) for who, reference, kind in phones.rang if kind == "task.offered")
    assert offers
    assert max(offers.values()) == 1, [pair for pair, number in offers.items() if number > 1][:5]


async def _every_step_is_told(url: str) -> None:
    """The steps of a referral's ladder that are taken are each in one event of its timeline, none twice."""
    rows = await _fetch(
        url,
        "select cast(r.life #>> '{ladder,taken}' as int) as taken, "
        "jsonb_array_length(cast(r.life as jsonb) #> '{ladder,rungs}') as rungs, r.reference, "
        "array_agg(s.step order by s.step) filter (where s.step is not null) as told "
        "from routing.referrals r left join (select t.referral_id, cast(jsonb_array_elements_text("
        "t.event -> 'steps') as int) as step from routing.timeline t where t.name = 'referral.escalated') s "
        "on s.referral_id = r.id group by r.id, r.reference, r.life",
    )
    assert len(rows) == REPORTS
    for row in rows:
        assert row["taken"] > min(AWAY * SPEED / 60 / 15, row["rungs"] - 1), row["reference"]
        assert row["told"] == list(range(1, row["taken"])), row["reference"]

"""How late deadlines are acted on: many referrals whose next step falls due within one minute.

The referrals are made by the rules themselves, as of the past, and written as routing writes them; then a routing
process of its own meets their deadlines. Lateness counts to the moment at which the event is on Kafka, so that it
holds the decision, the commit and the relay. The floor is one connection that marks the same deadlines as done.

The second figure kills that process in the middle of it and leaves it away; lateness counts from when it is ready
again for what fell due meanwhile.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import sqlalchemy as sa

from services.routing.rules.matching.model import Officer, Roster
from services.routing.rules.matching.muster import muster
from services.routing.rules.referral.advance import advance
from services.routing.rules.referral.opening import open_referral
from services.routing.rules.referral.wanted import Facts
from services.routing.rules.roster.duty import Entry, fold
from services.routing.store.referrals import ensure_pools
from services.routing.store.work import Work, save
from shared.contracts.policy import PolicyDocument
from shared.contracts.reports import ReportReceived
from shared.database import Database, engine_for, read_clock
from shared.identifiers import new_reference, uuid7
from shared.policy_file import load_policy
from shared.settings import load_settings
from tests.benchmarks.reports import write_roster
from tests.fleet import Fleet

SPREAD = timedelta(minutes=1)
AT_ONCE = 500
OFFICER = "B0000"
LEAD = timedelta(seconds=20)
"""Between the last referral written and the first deadline."""
AWAY = timedelta(seconds=90)
BEFORE, AFTER = timedelta(seconds=15), timedelta(seconds=15)
"""How long deadlines fall due before the process is killed, and how long after it was to be back."""


@dataclass(frozen=True)
class Lateness:
    """Seconds from due to done, and how many came early or never."""

    p50: float
    p99: float
    worst: float
    early: int
    missing: int
    count: int

    @classmethod
    def of(cls, late: Sequence[float], wanted: int) -> "Lateness":
        """What a list of lateness comes to, where `wanted` deadlines there were."""
        ordered = sorted(late) or [float("nan")]
        return cls(
            p50=ordered[len(ordered) // 2],
            p99=ordered[int(len(ordered) * 0.99)],
            worst=ordered[-1],
            early=sum(one < 0 for one in late),
            missing=wanted - len(late),
            count=wanted,
        )

    def __str__(self) -> str:
        return (
            f"p50 {self.p50 * 1000:,.0f} ms, p99 {self.p99 * 1000:,.0f} ms, worst {self.worst * 1000:,.0f} ms; "
            f"{self.early} early, {self.missing} missing of {self.count:,}"
        )


async def lateness(found: Fleet, count: int) -> Lateness:
    """`count` deadlines over a minute, met by the routing process `routing-1`, which is started when all are there."""
    database = await _database(found.database_url)
    try:
        first_due = await _write(database, count, SPREAD)
        found.start("routing-1")
        await found.ready("routing-1")
        await _until(first_due + SPREAD + timedelta(seconds=5))
        return Lateness.of(await _late(database, count, first_due), count)
    finally:
        await database.close()


async def lateness_after_a_stop(found: Fleet, count: int, away: timedelta) -> Lateness:
    """`count` deadlines before, while and after the process is away; those that were due count from its return."""
    database = await _database(found.database_url)
    try:
        first_due = await _write(database, count, BEFORE + away + AFTER)
        found.start("routing-1")
        await found.ready("routing-1")
        await _until(first_due + BEFORE)
        found.kill("routing-1")
        await asyncio.sleep(away.total_seconds())
        found.start("routing-1")
        await found.ready("routing-1")
        back = datetime.now(first_due.tzinfo)
        await _until(first_due + BEFORE + away + AFTER + timedelta(seconds=5))
        return Lateness.of(await _late(database, count, back, first_due + BEFORE), count)
    finally:
        await database.close()


async def _until(instant: datetime) -> None:
    await asyncio.sleep(max((instant - datetime.now(instant.tzinfo)).total_seconds(), 0))


async def _database(url: str) -> Database:
    engine = engine_for(url)
    return Database("routing", engine, await read_clock(engine, "routing", 1))


async def _write(database: Database, count: int, spread: timedelta) -> datetime:
    """Write referrals whose second steps are due over `spread`; gives when the first one is."""
    policy = load_policy(load_settings(env_file=None))
    step = timedelta(minutes=policy.classes["priority"].steps[1].after_minutes)
    async with database.unit() as unit:
        await ensure_pools(unit.connection, policy.pools)
        first_due = await unit.now() + LEAD + timedelta(seconds=count / 400)
    for begin in range(0, count, AT_ONCE):
        work = Work()
        for number in range(begin, min(begin + AT_ONCE, count)):
            for transition in _asked(policy, first_due + spread * (number / count) - step):
                work.put(transition)
        async with database.unit() as unit:
            await save(unit, work, {})
    return first_due


def _asked(policy: PolicyDocument, opened_at: datetime) -> Iterator:  # type: ignore[type-arg]
    """A referral opened then, and offered to one officer who says nothing."""
    opened = open_referral(_report(opened_at), policy, opened_at)
    yield opened
    duty = fold([Entry("duty", opened_at - timedelta(hours=1), opened_at + timedelta(hours=8), "file")])
    trained = (("llo", (opened_at + timedelta(days=99)).date()),)
    roster = Roster(1, (Officer(OFFICER, "herts", duty=duty, trained=trained),))
    yield advance(opened.referral, Facts(muster(roster, policy, opened_at, {}), policy), opened_at)


def _report(at: datetime) -> ReportReceived:
    plain = {
        "referral_id": uuid7(), "reference": new_reference(), "sequence": 1, "at": at, "force": "herts",
        "district": "E07000096", "location_confidence": "high", "need": "support", "channel": "101",
        "requester_role": "victim", "grade": "priority", "contact_route": "person", "class": "priority",
        "policy_version": "default-1",
    }  # fmt: skip
    return ReportReceived.model_validate(plain)


async def _late(database: Database, count: int, back: datetime, gone: datetime | None = None) -> list[float]:
    """Seconds from the second step's due time to its first event on Kafka, once all are there or a while has passed.

    What fell due after the process was `gone` counts from when it was `back` at the earliest.
    """
    late: list[float] = []
    for _ in range(60):
        async with database.unit() as unit:
            found = await unit.connection.execute(_LATE, {"gone": gone or back, "back": back})
            late = [float(row.late) for row in found]
        if len(late) >= count:
            break
        await asyncio.sleep(1)
    return late


_LATE = sa.text(
    "with met as (select cast(r.life #>> '{ladder,rungs,1,at}' as timestamptz) as due, min(j.published_at) as told "
    "from routing.referrals r join routing.journal j on j.key = r.id::text and j.topic = 'referrals' "
    "where cast(convert_from(j.payload, 'UTF8')::jsonb ->> 'sequence' as int) > 2 "
    "and j.published_at is not null group by r.id, due) "
    # What is met on the way back to being ready is neither late nor early.
    "select extract(epoch from case when told < due or due < cast(:gone as timestamptz) then told - due "
    "else greatest(told - greatest(due, cast(:back as timestamptz)), interval '0') end) as late from met"
)


async def floor(url: str, count: int) -> Lateness:
    """The same deadlines marked as done by one bare connection that sleeps until the next is due."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(
        "drop table if exists floor_due; create table floor_due (id int primary key, due timestamptz)"
    )
    start = time.time() + 2
    spread = SPREAD.total_seconds()
    await connection.execute(
        "insert into floor_due "
        "select n, to_timestamp($1) + make_interval(secs => n * $2) from generate_series(0, $3) n",
        start,
        spread / count,
        count - 1,
    )
    await connection.execute("create index on floor_due (due)")
    late: list[float] = []
    while len(late) < count:
        rows = await connection.fetch(
            "delete from floor_due where id in (select id from floor_due where due <= clock_timestamp() limit 50) "
            "returning extract(epoch from clock_timestamp() - due) as late"
        )
        late += [float(row["late"]) for row in rows]
        if not rows:
            left = await connection.fetchval("select extract(epoch from min(due) - clock_timestamp()) from floor_due")
            await asyncio.sleep(max(float(left or 0), 0.001))
    await connection.close()
    return Lateness.of(late, count)


@dataclass(frozen=True)
class Measured:
    """Deadlines over a minute, ours and the floor; and with the process away for a while."""

    ours: Lateness
    floor: Lateness
    stopped: Lateness


async def measure(folder: Path, url: str, bootstrap: str, count: int, few: int) -> Measured:
    """On an empty database: `count` deadlines over a minute, then `few` around a stop of 90 seconds."""
    found = Fleet(folder, url, bootstrap)
    await asyncio.to_thread(found.command, "migrate")
    write_roster(folder / "lateness-roster", "http://127.0.0.1:9/nobody")
    await asyncio.to_thread(found.command, "roster", "load", str(folder / "lateness-roster"))
    try:
        ours = await lateness(found, count)
        found.kill("routing-1")
        await _forget(url)
        stopped = await lateness_after_a_stop(found, few, AWAY)
    finally:
        found.stop()
    return Measured(ours, await floor(url, count), stopped)


async def _forget(url: str) -> None:
    """Leave nothing that the next figure would count, or that would fall due meanwhile."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(
        "truncate routing.referrals, routing.timeline, routing.decisions, routing.engagements, routing.loads; "
        "delete from routing.journal where topic = 'referrals'"
    )
    await connection.close()

"""Keeps the kernel's tables small: old journal rows, inbox entries and kept answers go, a bounded number at a time.

An unpublished row is never dropped, however old. Ages are real time (design §4): journal and topics 7 days,
inbox 14, so that nothing a topic may still deliver again has been forgotten.
"""

import asyncio

import sqlalchemy as sa

from shared.database import Database, is_transient
from shared.metrics import metrics
from shared.telemetry import get_logger

log = get_logger("housekeeping")

EVERY_SECONDS = 15.0
AT_ONCE = 2000

_OLD = {
    "journal": ("id", "published_at < clock_timestamp() - interval '7 days'"),
    "inbox": ("ctid", "seen_at < clock_timestamp() - interval '14 days'"),
    "idempotency": ("ctid", "created_at < clock_timestamp() - interval '7 days'"),
}


async def keep_house(database: Database) -> None:
    """Export the kernel's gauges and drop what has outlived its use, until cancelled."""
    while True:
        try:
            await measure(database)
            for table, (key, condition) in _OLD.items():
                await _drop(database, table, key, condition)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database_away", service=database.name, reason=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def _drop(database: Database, table: str, key: str, condition: str) -> None:
    place = f"{database.name}.{table}"
    async with database.unit() as unit:
        gone = await unit.connection.execute(
            sa.text(
                f"delete from {place} where {key} = any(array("
                f"select {key} from {place} where {condition} limit {AT_ONCE}))"
            )
        )
    if gone.rowcount:
        log.info("dropped", service=database.name, count=gone.rowcount)


async def measure(database: Database) -> None:
    """Bring the gauges of journal, dead letters and held events up to date."""
    schema = database.name
    async with database.unit() as unit:
        unpublished, age, letters, held = (
            await unit.connection.execute(
                sa.text(
                    f"select (select count(*) from {schema}.journal where published_at is null), "
                    f"(select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) "
                    f"from {schema}.journal where published_at is null), "
                    f"(select count(*) from {schema}.dead_letters where state = 'open'), "
                    f"(select count(*) from {schema}.held_events)"
                )
            )
        ).one()
    metrics().unpublished.labels(schema).set(unpublished)
    metrics().journal_age.labels(schema).set(float(age))
    metrics().dead_letters_open.labels(schema).set(letters)
    metrics().held_events.labels(schema).set(held)

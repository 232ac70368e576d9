"""Migrations: one Alembic tree a service, its versions in its own schema, run under an advisory lock."""

import asyncio
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

_ROOT = Path(__file__).resolve().parent.parent


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "services" / service / "migrations"))
    config.attributes["service"] = service
    return config


async def migrate(engine: AsyncEngine, service: str, epoch: datetime) -> None:
    """Bring a service's schema to head, and write the clock's epoch the first time. Safe to run twice at once."""
    async with engine.connect() as connection:
        await connection.execute(sa.text("set statement_timeout = 0"))
        await connection.execute(sa.text("set lock_timeout = '60s'"))
        await connection.execute(sa.text("set idle_in_transaction_session_timeout = 0"))
        await connection.execute(
            sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"migrate|{service}"}
        )
        await connection.execute(sa.text(f"create schema if not exists {service}"))
        await connection.run_sync(_upgrade, service)
        await connection.execute(
            sa.text(f"insert into {service}.clock_epoch (epoch) values (:epoch) on conflict do nothing"),
            {"epoch": epoch},
        )
        await connection.commit()


def _upgrade(connection: Connection, service: str) -> None:
    config = _config(service)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def at_head(engine: AsyncEngine, service: str) -> bool:
    """Whether the schema is what this code was written against (or newer code has already moved it on)."""
    head = await asyncio.to_thread(lambda: ScriptDirectory.from_config(_config(service)).get_current_head())
    async with engine.connect() as connection:
        present = (
            await connection.execute(sa.text("select to_regclass(:name)"), {"name": f"{service}.alembic_version"})
        ).scalar_one()
        if present is None:
            return False
        version = (await connection.execute(sa.text(f"select version_num from {service}.alembic_version"))).scalar()
    return bool(version is not None and str(version) >= str(head))


def run_env(metadata: sa.MetaData) -> None:
    """What each service's `migrations/env.py` calls: online only, on the connection it is given."""
    service = str(context.config.attributes["service"])
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table_schema=service,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == service,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def epoch_of(engines: dict[str, AsyncEngine]) -> datetime:
    """The one epoch of all schemas: the oldest already written, else this moment by the database's clock."""
    found: list[datetime] = []
    for service, engine in engines.items():
        async with engine.connect() as connection:
            now: datetime = (await connection.execute(sa.text("select clock_timestamp()"))).scalar_one()
            name = {"name": f"{service}.clock_epoch"}
            if (await connection.execute(sa.text("select to_regclass(:name)"), name)).scalar_one() is not None:
                found += (await connection.execute(sa.text(f"select epoch from {service}.clock_epoch"))).scalars()
    return min(found, default=now)

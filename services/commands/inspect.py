"""`liaison check`: can this deployment run, and does it?"""

import asyncio
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.commands.assembly import databases
from shared.contracts.topics import topic_names
from shared.database import engine_for
from shared.migrate import at_head
from shared.policy_file import forces, load_policy
from shared.settings import SERVICES, Settings, load_settings
from shared.telemetry import configure_logging

Check = Callable[[], Awaitable[str]]


class CheckFailed(Exception):
    """A check did not pass; the message is one line without values."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("check")(check)


def check() -> None:
    """Check settings, policy, databases, schemas, what is overdue, and the broker's topics; non-zero when one fails."""
    settings = load_settings()
    configure_logging("check")
    if not asyncio.run(_all(settings)):
        raise typer.Exit(1)


async def _all(settings: Settings) -> bool:
    good = True
    async with databases(settings) as urls:
        checks: dict[str, Check] = {"policy": lambda: _policy(settings), "broker": lambda: _broker(settings)}
        for service in SERVICES:
            checks[f"{service} database"] = _database_check(service, urls[service])
        for name, run in checks.items():
            try:
                typer.echo(f"ok    {name}: {await run()}")
            except (CheckFailed, OSError, KafkaError, sa.exc.SQLAlchemyError) as error:
                reason = str(error) if isinstance(error, CheckFailed) else type(error).__name__
                typer.echo(f"FAIL  {name}: {reason}")
                good = False
    return good


async def _policy(settings: Settings) -> str:
    policy = load_policy(settings)
    return f"{policy.version}, {len(policy.forces)} forces, {len(policy.classes)} response classes"


def _database_check(service: str, url: str) -> Check:
    async def run() -> str:
        engine = engine_for(url, pool=1)
        try:
            if not await at_head(engine, service):
                raise CheckFailed("the schema is not at head; run `liaison migrate`")
            async with engine.connect() as connection:
                return await _figures(connection, service)
        finally:
            await engine.dispose()

    return run


async def _figures(connection: AsyncConnection, service: str) -> str:
    unpublished, letters, held = (
        await connection.execute(
            sa.text(
                f"select (select count(*) from {service}.journal where published_at is null), "
                f"(select count(*) from {service}.dead_letters where state = 'open'), "
                f"(select count(*) from {service}.held_events)"
            )
        )
    ).one()
    return f"at head, {unpublished} unpublished, {letters} open dead letters, {held} held events"


async def _broker(settings: Settings) -> str:
    if settings.kafka_mode != "external":
        return f"{settings.kafka_mode}, started by `liaison run`"
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=5000, **settings.kafka_security()
    )
    await admin.start()
    try:
        missing = set(topic_names(forces(settings))) - set(await admin.list_topics())
    finally:
        await admin.close()
    if missing:
        raise CheckFailed(f"{len(missing)} topics are missing; run `liaison topics`")
    return "every topic is there"

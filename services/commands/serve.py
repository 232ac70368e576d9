"""`liaison run` and the three services, on uvloop: a notice costs a third less of the processor than on asyncio's."""

import asyncio
import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from services.commands.assembly import System, one_service, until_ready, until_told_to_stop, whole_system
from shared.settings import SERVICES, Settings, load_settings
from shared.telemetry import configure_logging, get_logger

log = get_logger("serve")

DEMO_COORDINATOR = "coordinator:herts"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run)
    for service in SERVICES:
        app.command(service, help=f"Run the {service} service alone.")(_command(service))


def run(
    demo_roster: Annotated[bool, typer.Option(help="Load a made-up roster of three forces first.")] = False,
    trickle: Annotated[float, typer.Option(help="Simulated reports a minute, and officers who answer them.")] = 0,
) -> None:
    """Run all three services and what is embedded, on one port."""
    settings = load_settings()
    configure_logging("liaison")
    uvloop.run(_run(settings, demo_roster, trickle))


async def _run(settings: Settings, demo_roster: bool, trickle: float) -> None:
    from services.commands.roster import load_folder

    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(whole_system(settings))
        if settings.roster is not None:
            await load_folder(system, settings.roster)
        if demo_roster:
            await load_folder(system, await _demo_roster(system))
        if not await until_ready(system):
            log.error("not_ready", seconds=60)
        _greet(system)
        tasks = [asyncio.create_task(_trickle(system, trickle))] if trickle else []
        await until_told_to_stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _demo_roster(system: System) -> Path:
    from services.simulation.roster import write_roster

    folder = system.settings.data_dir / "demo-roster"
    async with system.services[0].platform.database.unit() as unit:
        now = await unit.now()
    write_roster(folder, now)
    return folder


async def _trickle(system: System, per_minute: float) -> None:
    from services.simulation.trickle import trickle

    await trickle(system.base_url, per_minute, bootstrap=system.bootstrap)


def _greet(system: System) -> None:
    board = f"{system.base_url}/board"
    if system.settings.auth == "demo":
        board = f"{system.base_url}/demo/sign-in?as={DEMO_COORDINATOR}&next=/board"
    typer.echo(f"\nLiaison is ready.\n  Board   {board}\n  Tasks   {system.base_url}/tasks")
    if system.settings.auth == "demo":
        typer.echo(f"  Phones  {system.base_url}/phones   (what officers' phones would show)")
    typer.echo(f"  Kafka   {system.bootstrap} ({system.settings.kafka_mode})\nStop with Ctrl-C.\n")


def _command(service: str):  # type: ignore[no-untyped-def]
    def command() -> None:
        settings = load_settings()
        configure_logging(service)
        uvloop.run(_one(service, settings))

    return command


async def _one(service: str, settings: Settings) -> None:
    async with one_service(service, settings) as system:
        log.info("serving", service=service, port=settings.port, address=socket.gethostname(), pid=os.getpid())
        del system
        await until_told_to_stop()

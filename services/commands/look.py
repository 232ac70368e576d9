"""`liaison simulate` and `liaison demo`: see the whole of it at work."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from services.commands.assembly import running_here, until_ready, whole_system
from shared.settings import Settings, load_settings
from shared.telemetry import configure_logging

DEMO_SPEED = 120.0
"""Two minutes of the story pass in a second."""


class Officers(StrEnum):
    """How simulated officers hear of their tasks."""

    auto = "auto"
    webhooks = "webhooks"
    phones = "phones"
    none = "none"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("simulate")(simulate)
    app.command("demo")(demo)


@dataclass(frozen=True)
class _Place:
    """The system a simulation runs against."""

    urls: tuple[str, ...]
    """One for all three services, or one for each: intake, routing, notify."""
    bootstrap: str | None
    officers: Officers
    ear_port: int
    secrets: tuple[str, ...]


def simulate(  # noqa: PLR0913, PLR0917 - one parameter a flag
    reports: Annotated[int, typer.Option(min=1, help="How many reports to send.")] = 200,
    rate: Annotated[float, typer.Option(min=0.1, help="Reports a second.")] = 20.0,
    seed: Annotated[int, typer.Option(help="The same seed sends the same reports.")] = 1,
    http_share: Annotated[float, typer.Option(min=0, max=1, help="The share sent over HTTP; the rest by topic.")] = 0.5,
    hostile: Annotated[float, typer.Option(min=0, max=1, help="The share that is malformed or hostile.")] = 0.05,
    officers: Annotated[Officers, typer.Option(help="How simulated officers hear of their tasks.")] = Officers.auto,
    url: Annotated[
        str, typer.Option(help="A running system; its services may be parted with commas: INTAKE,ROUTING,NOTIFY.")
    ] = "",
    bootstrap: Annotated[str, typer.Option(help="Its Kafka; without one everything goes over HTTP.")] = "",
    ear_port: Annotated[int, typer.Option(help="Where officers' webhooks of `simulate`'s own roster arrive.")] = 0,
    settle: Annotated[float, typer.Option(help="Seconds to wait for answers after the last report.")] = 60.0,
    season: Annotated[bool, typer.Option(help="The times of day and week at which reports really arrive.")] = False,
) -> None:
    """Send the three forces' traffic as it really comes, with officers who answer, and reckon up at the end.

    Against `--url`, else against what `liaison run` runs here, else against a system of its own, started for this.
    Outside AUTH=demo it sends exercise traffic only. Non-zero when anything is lost, doubled or ownerless.
    """
    configure_logging("simulate", level=40)
    wishes = {"reports": reports, "rate": rate, "seed": seed, "http_share": http_share, "hostile_share": hostile}
    wishes |= {"settle": settle, "season": season}
    if not asyncio.run(_simulate(_Where(url, bootstrap, ear_port), officers, wishes)):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Where:
    """Which system was asked for; all empty for one of the command's own choosing."""

    url: str
    bootstrap: str
    ear_port: int


async def _simulate(where: _Where, officers: Officers, wishes: dict[str, Any]) -> bool:
    from services.simulation.access import Addresses
    from services.simulation.simulate import Options
    from services.simulation.simulate import simulate as run

    settings = load_settings()
    async with _place(settings, where) as place:
        options = Options(
            addresses=Addresses(*place.urls) if len(place.urls) == 3 else Addresses.one(place.urls[0]),
            bootstrap=place.bootstrap,
            officers=_means(officers, place),
            ear=_ear(place),
            security=settings.kafka_security(),
            **wishes,
        )
        return (await run(options)).good


def _means(asked: Officers, place: _Place) -> Any:
    return (place.officers if asked is Officers.auto else asked).value


def _ear(place: _Place) -> Any:
    from services.simulation.webhooks import Ear

    return Ear(port=place.ear_port, secrets=place.secrets)


@asynccontextmanager
async def _place(settings: Settings, where: _Where) -> AsyncIterator[_Place]:
    ear_port = where.ear_port
    if where.url:
        means = Officers.webhooks if ear_port else Officers.phones
        yield _Place(tuple(where.url.rstrip("/").split(",")), where.bootstrap or None, means, ear_port, ())
        return
    here = running_here(settings)
    if here is not None and await _answers(here["base_url"]):
        yield _Place((here["base_url"],), where.bootstrap or here["bootstrap"], Officers.phones, ear_port, ())
        return
    async with _own_system(settings, ear_port) as place:
        yield place


async def _answers(base_url: str) -> bool:
    import aiohttp

    try:
        async with aiohttp.ClientSession() as session, session.get(f"{base_url}/health/live") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def _own_system(settings: Settings, ear_port: int) -> AsyncIterator[_Place]:
    """A system of this command's own: nothing of it is left afterwards but what DATA_DIR keeps."""
    from services.commands.roster import load_folder
    from services.simulation.roster import write_roster

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liaison-simulate-")))
        system = await stack.enter_async_context(whole_system(settings))
        port = ear_port or _free_port()
        roster = write_roster(folder, await _now(system), webhooks=f"http://127.0.0.1:{port}")
        await load_folder(system, roster)
        await until_ready(system)
        secrets = settings.signing_secrets(settings.keys())
        yield _Place((system.base_url,), system.bootstrap, Officers.webhooks, port, secrets)


async def _now(system: Any) -> Any:
    async with system.services[0].platform.database.unit() as unit:
        return await unit.now()


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def demo(
    pace: Annotated[float, typer.Option(min=0, help="Seconds a reader is given for a line.")] = 1.2,
) -> None:
    """Tell one referral's story in the terminal, in under a minute: a call, an offer, silence, the next officer."""
    from services.commands.roster import load_folder
    from services.simulation.demo import DemoOptions
    from services.simulation.demo import demo as tell
    from services.simulation.roster import write_roster

    configure_logging("demo", level=50)

    async def work() -> None:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liaison-demo-")))
            settings = load_settings(
                env_file=None,
                data_dir=folder,
                port=_free_port(),
                clock_speed=DEMO_SPEED,
                kafka_bootstrap="embedded",
                database_url=None,
            )
            system = await stack.enter_async_context(whole_system(settings))
            await load_folder(system, write_roster(folder / "roster", await _now(system)))
            await until_ready(system)
            await tell(DemoOptions(system.base_url, system.bootstrap, DEMO_SPEED, pace))

    asyncio.run(work())

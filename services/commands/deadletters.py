"""`liaison dead-letters`: see what was set aside, and give it its effect after all or give it up."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from services.commands.assembly import build_of, databases
from shared import deadletters
from shared.consuming import Consuming
from shared.deadletters import DeadLetter
from shared.runtime import Sources, platform_for
from shared.service import Platform, Service
from shared.settings import load_settings
from shared.telemetry import configure_logging

app = typer.Typer(help="Events that could not be given their effect.", no_args_is_help=True)


class Which(StrEnum):
    """The service whose dead letters they are."""

    intake = "intake"
    routing = "routing"
    notify = "notify"


Id = Annotated[UUID, typer.Argument(help="The dead letter's id, from `list`.")]
T = TypeVar("T")


@app.command("list")
def listing(service: Which, state: Annotated[str, typer.Option(help="open, replayed or discarded.")] = "open") -> None:
    """List a service's dead letters, oldest first: coordinates, reason and fields, never the content."""
    found = _with(service, lambda platform, _: deadletters.listing(platform.database, state=state))
    for letter in found:
        typer.echo(_line(letter))
    typer.echo(f"{len(found)} {state}.")


@app.command("show")
def show(service: Which, dead_letter: Id) -> None:
    """Show one dead letter: never the content."""
    letter = _with(service, lambda platform, _: deadletters.show(platform.database, dead_letter))
    typer.echo(_line(letter))
    typer.echo(f"state {letter.state}, recorded {letter.recorded_at.isoformat()}, held behind it {letter.held_behind}")


@app.command("replay")
def replay(service: Which, dead_letter: Id) -> None:
    """Give a dead letter its effect, and everything held behind it, in order, in this service alone."""

    async def work(platform: Platform, built: Service) -> DeadLetter | None:
        letter = await deadletters.show(platform.database, dead_letter)
        consuming = _consuming(platform, built, letter.topic)
        record = await deadletters.take_for_replay(platform.database, platform.keys, dead_letter)
        await consuming.process([record], replayed=True)
        still = await deadletters.listing(platform.database)
        return next((one for one in still if one.topic == letter.topic and one.offset == letter.offset), None)

    again = _with(service, work)
    if again is not None:
        typer.echo(f"It failed again ({again.reason}) and is back as {again.id}.", err=True)
        raise typer.Exit(1)
    typer.echo("Replayed.")


@app.command("discard")
def discard(service: Which, dead_letter: Id) -> None:
    """Give a dead letter up: its bytes are destroyed, and its referral moves on past it."""

    async def work(platform: Platform, built: Service) -> None:
        letter = await deadletters.show(platform.database, dead_letter)
        place = await deadletters.discard(platform.database, dead_letter)
        if place is not None:
            await _consuming(platform, built, letter.topic).release(*place)

    _with(service, work)
    typer.echo("Discarded.")


def _consuming(platform: Platform, service: Service, topic: str) -> Consuming:
    found = next(one for one in service.subscriptions if topic in one.topics)
    return Consuming(found.name, platform.database, found.consumer, platform.keys, found.door)


def _with(service: str, work: Callable[[Platform, Service], Awaitable[T]]) -> T:
    settings = load_settings()
    configure_logging("dead-letters")

    async def run() -> T:
        async with databases(settings) as urls:
            platform = await platform_for(service, Sources(settings, urls, ""))
            try:
                return await work(platform, build_of(service)(platform))
            finally:
                await platform.database.close()

    return asyncio.run(run())


def _line(letter: DeadLetter) -> str:
    fields = ", ".join(f"{field['field']}: {field['reason']}" for field in letter.fields) or "-"
    return f"{letter.id}  {letter.topic}[{letter.partition}]@{letter.offset}  {letter.reason}  {fields}"

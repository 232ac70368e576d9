"""What operations run before and beside the services: `migrate`, `topics`, `roster load`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.commands.assembly import databases, migrate_all
from shared.contracts.topics import topic_names
from shared.policy_file import forces
from shared.settings import load_settings
from shared.telemetry import configure_logging
from shared.topics import create_topics

roster = typer.Typer(help="The officers, their training and duties, and the staffed roles.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("migrate")(migrate)
    app.command("topics")(topics)


def migrate() -> None:
    """Bring every service's schema to head. Safe to run twice, and from two places at once."""
    settings = load_settings()
    configure_logging("migrate")

    async def work() -> None:
        async with databases(settings) as urls:
            await migrate_all(urls)

    asyncio.run(work())
    typer.echo("Every schema is at head.")


def topics() -> None:
    """Create the topics that are missing on the broker of KAFKA_BOOTSTRAP; those that are there stay as they are."""
    settings = load_settings()
    configure_logging("topics")
    if settings.kafka_mode != "external":
        typer.echo("The broker is started and given its topics by `liaison run`; there is nothing to do.")
        return
    names = topic_names(forces(settings))
    asyncio.run(create_topics(settings.kafka_bootstrap, names, **settings.kafka_security()))
    typer.echo(f"{len(names)} topics are there.")


@roster.command("calendar")
def calendar(
    file: Annotated[str, typer.Argument(help="An iCalendar file (RFC 5545); - reads standard input.")],
    force: Annotated[str, typer.Option(help="Whose officers' duty it is.")],
    officer: Annotated[str | None, typer.Option(help="Whom it is about, where its events do not say.")] = None,
) -> None:
    """Import duty from a calendar, all or nothing. Importing the same calendar twice changes nothing.

    An event's category, or else its summary as a whole, says what it is: duty, on_call, leave, sick, court,
    abstracted, restricted, event or busy. Whose it is: --officer, or its property X-LIAISON-OFFICER.
    """
    from services.commands.roster import import_from_command_line

    settings = load_settings()
    configure_logging("roster")
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    said = asyncio.run(import_from_command_line(settings, content, (force, officer)))
    for line in said.wrong:
        typer.echo(f"{file}:{line}", err=True)
    if said.wrong:
        raise typer.Exit(1)
    typer.echo(said.done)


@roster.command("load")
def load(
    folder: Annotated[Path, typer.Argument(help="Holds officers.csv, training.csv, duties.csv and roles.csv.")],
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; change nothing.")] = False,
) -> None:
    """Load a roster, all or nothing. Loading the same files twice changes nothing."""
    from services.commands.roster import check_folder, load_from_command_line

    settings = load_settings()
    configure_logging("roster")
    mistakes = asyncio.run(check_folder(settings, folder))
    for line in mistakes:
        typer.echo(line, err=True)
    if mistakes:
        raise typer.Exit(1)
    if check:
        typer.echo("The roster can be loaded.")
        return
    typer.echo(asyncio.run(load_from_command_line(settings, folder)))

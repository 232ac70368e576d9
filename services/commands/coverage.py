"""`liaison coverage`: who could be offered a referral in the coming days, where nobody could, and what would help."""

import asyncio
from typing import Annotated

import typer

from shared.policy_file import forces
from shared.settings import load_settings
from shared.telemetry import configure_logging


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("coverage")(coverage)


def coverage(
    force: Annotated[str, typer.Option(help="One force; without it, every force in turn.")] = "",
    days: Annotated[int, typer.Option(min=1, max=14, help="How many days from now.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON: a line for each force.")] = False,
) -> None:
    """Show who could be offered a referral, where nobody could, and what would close most of the gaps."""
    # An image holds one service, and this is routing's.
    from services.commands.coverage_report import print_json, print_tables, surveys

    settings = load_settings()
    configure_logging("coverage", level=40)
    known = forces(settings)
    if force and force not in known:
        typer.echo(f"liaison: there is no such force; there are {', '.join(known)}", err=True)
        raise typer.Exit(1)
    for found in asyncio.run(surveys(settings, [force] if force else known, days)):
        (print_json if as_json else print_tables)(found)

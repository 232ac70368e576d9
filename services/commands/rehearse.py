"""`liaison contract rehearse`: the whole conversation with a control room's own client, scene by scene."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared.gazetteer import Gazetteer
from shared.policy_file import load_policy
from shared.settings import Settings, load_settings
from shared.telemetry import configure_logging

WORDS: Mapping[str, str] = {
    "nothing_came": "nothing came in time",
    "not_asked_for": "came where something else was asked for",
    "came_unasked": "came where nothing was asked for",
    "answered_and_sent_again": "was answered, and sent again all the same",
    "another_one_on_resending": "must stay the same when a report is sent again",
    "refused_and_sent_again_unchanged": "was refused with a reason, and sent again as it was",
    "used_with_another_body": "stands for one event: another body needs another id",
    "not_the_reports": "must be the one of the report it is about, else a broker keeps no order between the two",
    "far_from_now": "is more than an hour from our clock: is its offset right?",
    "another_report": "means another report than the one asked about",
    "required": "is missing, or not set",
    "unknown": "means nothing that we hold",
}


def rehearse(
    bootstrap: Annotated[str, typer.Option(help="Your own broker; never one that a Liaison works on.")] = "",
    port: Annotated[int, typer.Option(help="Instead of a broker: be Liaison's HTTPS routes on this port.")] = 0,
    force: Annotated[str, typer.Option(help="Whose control room it is.")] = "herts",
    patience: Annotated[float, typer.Option(help="Seconds to wait for what a scene asks for.")] = 120.0,
    quiet: Annotated[float, typer.Option(help="Seconds in which nothing may come where nothing should.")] = 5.0,
) -> None:
    """Play Liaison to a control room's client: accept, duplicate, reject, amend, withdraw, hand-off; pass or fail.

    Intake's own rules answer, exercises alone are taken in, nothing is kept and nobody is routed to. Say `exercise:
    true` in every report. KAFKA_SECURITY_* and POLICY are read as ever. Non-zero when a scene fails.
    """
    from services.rehearsal.stage import Patience, RehearsalFailed

    configure_logging("rehearse", level=40)
    where = _Where(bootstrap, port, force)
    try:
        passed = asyncio.run(_rehearse(where, Patience(patience, quiet)))
    except RehearsalFailed as failed:
        typer.echo(f"liaison: {failed}", err=True)
        raise typer.Exit(1) from None
    if not passed:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Where:
    bootstrap: str
    port: int
    force: str


async def _rehearse(where: _Where, patience: Any) -> bool:
    from services.rehearsal.liaison import Liaison
    from services.rehearsal.scenes import rehearse as play
    from services.rehearsal.stage import RehearsalFailed, Stage

    settings, gazetteer = load_settings(), Gazetteer()
    policy = load_policy(settings)
    if bool(where.bootstrap) == bool(where.port):
        raise RehearsalFailed("say either --bootstrap or --port")
    if where.force not in policy.forces:
        raise RehearsalFailed("the policy has no such force")
    await asyncio.to_thread(gazetteer.open)
    async with _wire(settings, where) as wire:
        verdict = await play(Stage(wire, Liaison(where.force, policy, gazetteer), _now, _ask, patience))
    _show(verdict)
    return verdict.passed


@asynccontextmanager
async def _wire(settings: Settings, where: _Where) -> AsyncIterator[Any]:
    from services.rehearsal.broker import at_broker
    from services.rehearsal.endpoint import at_endpoint

    if where.bootstrap:
        async with at_broker(where.bootstrap, where.force, settings.kafka_security()) as broker:
            yield broker
        return
    async with at_endpoint(settings.host, where.port, where.force) as (endpoint, listening):
        typer.echo(f"Your client's Liaison is http://{settings.host}:{listening}, with any token.")
        yield endpoint


def _show(verdict: Any) -> None:
    table = Table("scene", "", "why")
    for result in verdict.results:
        outcome = "passed" if result.passed else "FAILED" if result.played else "not played"
        why = [f"{one.field}: {WORDS.get(one.reason, one.reason)}" for one in result.complaints]
        table.add_row(result.scene, outcome, "\n".join(why) or ("" if result.played else "there was no first report"))
    Console().print(table)


def _now() -> datetime:
    return datetime.now(UTC)


async def _ask(words: str) -> None:
    typer.echo(words)

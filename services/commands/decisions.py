"""`liaison decisions`: why these officers were asked and no others, and whether it would come out so again."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from services.commands.assembly import databases
from shared.errors import NotFound
from shared.identity import Principal
from shared.runtime import Sources, platform_for
from shared.service import Platform
from shared.settings import load_settings
from shared.telemetry import configure_logging

app = typer.Typer(help="Why these officers were asked and no others.", no_args_is_help=True)

OPERATOR = Principal("ops")
"""Whoever may use the command line beside the database."""
EVERY = 1000
"""Decisions after which progress is told."""
MOST_TOLD = 100
"""Differences that are told one by one."""

T = TypeVar("T")


@app.command("show")
def show(
    reference: Annotated[str, typer.Argument(help="The referral's reference, K7QM-4T9P.")],
    last: Annotated[bool, typer.Option("--last", help="Only the latest decision.")] = False,
) -> None:
    """Show the decisions about a referral: for every officer the points in parts, or the rule. The look is recorded."""
    for number, text in enumerate(_with(lambda platform: _told(platform, reference))[-1 if last else 0 :]):
        typer.echo(("\n" if number else "") + text)


@app.command("verify")
def verify(
    everything: Annotated[bool, typer.Option("--all", help="Every decision there is.")] = False,
    since: Annotated[str, typer.Option(help="Decisions from this time on, ISO 8601 with an offset.")] = "",
) -> None:
    """Take decisions once more from what was kept of them; non-zero when one comes out otherwise."""
    start = _start(everything, since)
    found = _with(lambda platform: _verify(platform, start))
    for verdict, words in _WORDS.items():
        if found[verdict]:
            typer.echo(f"{words}: {found[verdict]}")
    if found["differs"] or found["policy_unknown"]:
        raise typer.Exit(1)
    typer.echo("No difference.")


_WORDS = {
    "same": "Come out the same",
    "earlier_rules": "Taken by the rules of an earlier release, left alone",
    "policy_unknown": "Name a policy that is not there",
    "differs": "Come out otherwise",
}


def _start(everything: bool, since: str) -> datetime:
    if everything == bool(since):
        raise typer.BadParameter("give --all or --since")
    if everything:
        return datetime(1970, 1, 1, tzinfo=UTC)
    try:
        start = datetime.fromisoformat(since)
    except ValueError:
        raise typer.BadParameter("--since is no ISO 8601 time") from None
    if start.tzinfo is None:
        raise typer.BadParameter("--since has no offset")
    return start


async def _told(platform: Platform, reference: str) -> list[str]:
    from services.routing.api.places import looked, reference_of
    from services.routing.explaining import explain, table
    from services.routing.store import decisions, referrals

    async with platform.database.unit() as unit:
        referral = await referrals.one(unit.connection, reference_of(reference))
        if referral is None:
            raise NotFound
        await looked(unit, OPERATOR, "decisions", referral)
        found = await decisions.about(unit.connection, referral.id)
        confirmed = referral.earlier_confirmed is True
        return [table(await explain(unit.connection, one, confirmed=confirmed)) for one in found]


async def _verify(platform: Platform, start: datetime) -> Counter[str]:
    from services.routing.repeating import repeat_all

    found: Counter[str] = Counter()
    async for kept, verdict in repeat_all(platform.database, start):
        found[verdict] += 1
        if verdict in {"differs", "policy_unknown"} and found[verdict] <= MOST_TOLD:
            typer.echo(f"{kept.reference} {kept.sequence}.{kept.number} at {kept.decision['at']}: {verdict}")
        if found.total() % EVERY == 0:
            typer.echo(f"{found.total()} repeated", err=True)
    return found


def _with(work: Callable[[Platform], Awaitable[T]]) -> T:
    settings = load_settings()
    configure_logging("decisions", level=40)

    async def run() -> Any:
        async with databases(settings) as urls:
            platform = await platform_for("routing", Sources(settings, urls, ""))
            try:
                return await work(platform)
            finally:
                await platform.database.close()

    found: T = asyncio.run(run())
    return found

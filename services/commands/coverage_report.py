"""Coverage read from routing's database, whether routing runs or not, and printed."""

from collections.abc import Callable, Iterable

import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.commands.assembly import databases
from services.routing.api.coverage import whole
from services.routing.coverage import Coverage, Coverages
from services.routing.coverage_words import MINUS, TIMES, Words, referrals
from services.routing.policies import Policies
from services.routing.rules.coverage.model import Cell, Uncovered
from shared.runtime import Sources, platform_for
from shared.settings import Settings

MOST_GAPS = 15


async def surveys(settings: Settings, forces: Iterable[str], days: int) -> list[Coverage]:
    """The coverage of each of the forces from now on."""
    async with databases(settings) as urls:
        platform = await platform_for("routing", Sources(settings, urls, ""))
        try:
            coverages = Coverages(platform.database, Policies(platform.database))
            return [await coverages.of(force, None, days) for force in forces]
        finally:
            await platform.database.close()


def print_json(coverage: Coverage) -> None:
    """One line: what GET /v1/coverage gives, every day of it."""
    typer.echo(orjson.dumps(whole(coverage)).decode())


def print_tables(coverage: Coverage) -> None:
    """What a sergeant reads: the numbers, the gaps in words, the advice with its reckoning."""
    survey, words = coverage.survey, Words(coverage.survey, coverage.policy)
    period = survey.question.period
    console = Console()
    console.print(f"\n[bold]{words.force}[/bold], {words.span(period.starts[0], period.ends)}")
    made_of = f"Roster version {coverage.roster_version}, policy {coverage.policy.version}"
    console.print(f"{made_of}; as if nobody had a referral in hand.\n")
    console.print(_needs(coverage, words))
    console.print(_districts(coverage, words))
    _say(console, "Gaps, most expected demand first", [words.gap(gap) for gap in survey.gaps[:MOST_GAPS]])
    if len(survey.gaps) > MOST_GAPS:
        console.print(f"  and {len(survey.gaps) - MOST_GAPS} more")
    said = ["\n    ".join([words.change(one.change), *words.reckoning(one)]) for one in survey.advice]
    _say(console, f"What would close most, in referrals expected: before {MINUS} closed = after", said)
    forecast = survey.forecast
    console.print(
        f"\nExpected = (assumed {TIMES} {forecast.prior_weeks} weeks + seen) / ({forecast.prior_weeks} + "
        f"{forecast.weeks:.1f} weeks): experience has {forecast.weight_of_experience:.0%} of the say.\n"
    )


def _needs(coverage: Coverage, words: Words) -> Table:
    table = Table(title="By need or skill", title_justify="left")
    table.add_column("Need or skill")
    for head in ("Fewest at home", "Hours nobody at home", "Hours nobody at all", "Assumed a week", "Seen", "Expected"):
        table.add_column(head, justify="right")
    table.add_column("Of it uncovered at home", justify="right")
    survey = coverage.survey
    first = survey.question.districts[0]
    for line in survey.question.lines:
        cells = [cell for cell in survey.cells if cell.line == line.code and cell.district == first]
        its = [survey.forecast.weekly[district, line.code] for district in survey.question.districts]
        table.add_row(
            words.line(line.code),
            str(min(cell.home for cell in cells)),
            _hours(cells, lambda cell: not cell.home),
            _hours(cells, lambda cell: not cell.home + cell.sisters),
            referrals(sum(one.assumed for one in its)),
            referrals(sum(one.seen for one in its)),
            referrals(sum(one.expected for one in its)),
            referrals(survey.uncovered.get(line.code, Uncovered()).at_home),
        )
    return table


def _districts(coverage: Coverage, words: Words) -> Table:
    table = Table(title="Hours in which nobody serves the district", title_justify="left")
    table.add_column("District")
    survey = coverage.survey
    for line in survey.question.lines:
        table.add_column(words.line(line.code), justify="right")
    for district in survey.question.districts:
        its = [cell for cell in survey.cells if cell.district == district]
        hours = (
            _hours([cell for cell in its if cell.line == line.code], lambda cell: not cell.serving)
            for line in survey.question.lines
        )
        table.add_row(words.places([district]), *hours)
    return table


def _hours(cells: Iterable[Cell], bare: Callable[[Cell], bool]) -> str:
    return str(sum(map(bare, cells)))


def _say(console: Console, heading: str, lines: Iterable[str]) -> None:
    console.print(f"\n[bold]{heading}[/bold]")
    for line in list(lines) or ["None."]:
        console.print(f"  {line}", highlight=False)

"""Officers to choose from: the simulation's roster over a year, and rosters of any size to measure ranking with."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from services.routing.rules.matching.model import Officer, Roster
from services.routing.rules.roster.duty import Duty, Entry, fold
from services.simulation import shifts
from services.simulation.roster import COLUMNS, RosterPlan, duties, everybody, roster_files
from shared.contracts.postcode import parse_postcode
from shared.gazetteer import PostcodeIndex
from tests.benchmarks.quality.demand import Plan

STRETCH = timedelta(days=shifts.DAYS)
"""A made-up roster reaches so far ahead."""


def rosters(plan: Plan, index: PostcodeIndex) -> Iterator[tuple[datetime, Roster]]:
    """A roster for each stretch, with the instant from which it is the one: shifts go on, absences are new."""
    people = everybody(plan.seed)
    for number in range(plan.days // STRETCH.days + 3):
        begins = plan.start + number * STRETCH
        officers = _officers(RosterPlan(begins, plan.seed), index)
        rota = duties(people, begins, Random(f"{plan.seed}:{number}"))
        yield begins, Roster(number + 1, tuple(_on_duty(officers, rota)))


def crowd(officers: Roster, count: int, duty: Duty | None = None) -> Roster:
    """`count` officers, made by repeating those given under other ids; all with `duty`, or each with their own."""
    known = officers.officers
    alike = (known[number % len(known)] for number in range(count))
    return Roster(1, tuple(replace(one, id=f"X{n:05}", duty=duty or one.duty) for n, one in enumerate(alike)))


def _officers(plan: RosterPlan, index: PostcodeIndex) -> list[Officer]:
    files = roster_files(plan)
    trained: dict[str, list[tuple[str, date]]] = {}
    for officer, course, _attended, until in files["training.csv"]:
        trained.setdefault(officer, []).append((course, date.fromisoformat(until)))
    rows = (dict(zip(COLUMNS["officers.csv"], line, strict=True)) for line in files["officers.csv"])
    return [
        Officer(
            id=row["id"],
            force=row["force"],
            title=row["title"],
            districts=_words(row["districts"]),
            skills=_words(row["skills"]),
            languages=_words(row["languages"]),
            gender=row["gender"] or None,
            cap=int(row["cap"]) if row["cap"] else None,
            avoid=_words(row["avoid"]),
            base=row["base_postcode"],
            base_km=_kilometres(row["base_postcode"], index),
            trained=tuple(trained.get(row["id"], ())),
        )
        for row in rows
    ]


def _on_duty(officers: Iterable[Officer], rota: Iterable[shifts.Duty]) -> Iterator[Officer]:
    entries: dict[str, list[Entry]] = {}
    for row in rota:
        entries.setdefault(row.officer, []).append(Entry(row.kind, row.starts, row.ends, "file"))
    return (replace(officer, duty=fold(entries.get(officer.id, ()))) for officer in officers)


def _words(cell: str) -> frozenset[str]:
    return frozenset(filter(None, cell.split(";")))


def _kilometres(text: str, index: PostcodeIndex) -> tuple[int, int] | None:
    postcode = parse_postcode(text)
    place = index.find(postcode) if postcode is not None else None
    return (place.easting // 1000, place.northing // 1000) if place else None

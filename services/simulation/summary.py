"""What a run comes to, in figures; and the same as a table on a terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from services.simulation.check import LOST, OWNERLESS, Verdict
from services.simulation.ledger import Ledger, Wrong
from services.simulation.notebook import Notebook

EXAMPLES = 10
"""Faults that are shown one by one."""


@dataclass(frozen=True)
class Spread:
    """Seconds at the 50th, 95th and 99th per cent; zeros where nothing was measured."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


@dataclass(frozen=True)
class Summary:
    """The figures of one run. `lost`, `doubled` and `ownerless` must be zero; so must everything in `wrong`.

    `accepted` counts references, `refused` the hostile items answered as they must be. `owners` says who has what
    was accepted. `disordered`: gaps in a report's sequence on outbound, offers after the news that they are over.
    """

    sent: int
    accepted: int
    refused: int
    kinds: Mapping[str, int]
    owners: Mapping[str, int]
    lost: int
    doubled: int
    ownerless: int
    disordered: int
    wrong: tuple[Wrong, ...]
    surprises: tuple[Wrong, ...]
    http: Spread
    topic: Spread
    notices: Mapping[str, int] = field(default_factory=dict)
    did: Mapping[str, int] = field(default_factory=dict)
    log_lines: int = 0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        return not (self.lost or self.doubled or self.ownerless or self.disordered or self.wrong)


@dataclass(frozen=True)
class Run:
    """What is known at the end of a run."""

    ledger: Ledger
    verdict: Verdict
    notebook: Notebook
    did: Mapping[str, int]
    seconds: float


def summarise(run: Run) -> Summary:
    """The figures of a run."""
    ledger, counts = run.ledger, run.notebook.counts
    wrong, owners = run.verdict.wrong, run.verdict.owners
    unanswered = sum(one.what == "unanswered" for one in wrong)
    doubled = sum(one.what == "doubled" for one in wrong)
    hostile = [sent.item for sent in ledger.sent.values() if sent.item.hostile]
    faulty = {one.number for one in wrong}
    return Summary(
        sent=len(ledger.sent),
        accepted=owners.total(),
        refused=sum(item.number not in faulty for item in hostile),
        kinds=Counter(sent.item.kind for sent in ledger.sent.values()),
        owners={who: count for who, count in owners.items() if who not in {LOST, OWNERLESS}},
        lost=owners[LOST] + unanswered,
        doubled=doubled + max(len(run.verdict.told_twice), counts["doubled"]),
        ownerless=owners[OWNERLESS],
        disordered=ledger.gaps + counts["late"],
        wrong=wrong,
        surprises=run.verdict.surprises,
        http=spread(_over_http(ledger)),
        topic=spread(_over_topic(ledger)),
        notices={**run.notebook.types, **{name: count for name, count in counts.items() if count}},
        did=run.did,
        log_lines=ledger.log_lines,
        seconds=run.seconds,
    )


def spread(seconds: Iterable[float]) -> Spread:
    """The percentiles of some durations."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread()
    return Spread(*(ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)))


def _over_http(ledger: Ledger) -> Iterable[float]:
    return (
        sent.answered_at - sent.at
        for sent in ledger.sent.values()
        if sent.answered_at is not None and sent.status == 202
    )


def _over_topic(ledger: Ledger) -> Iterable[float]:
    for sent in ledger.sent.values():
        if sent.item.way == "topic" and not sent.item.hostile and sent.item.kind != "redelivery":
            heard = ledger.answer_to(sent.item)
            if heard is not None:
                yield heard.at - sent.at


def show(summary: Summary, console: Console) -> None:
    """The figures as a table, and the first faults one by one."""
    table = Table(title="What became of the reports", show_header=False, title_justify="left")
    for name, value in _rows(summary):
        table.add_row(name, value)
    console.print(table)
    for title, found in (("Not as it must be", summary.wrong), ("Surprises", summary.surprises)):
        for one in found[:EXAMPLES]:
            console.print(f"{title}: {one.what}, item {one.number} ({one.kind}): {one.detail}", markup=False)
        if len(found) > EXAMPLES:
            console.print(f"{title}: {len(found) - EXAMPLES} more")


def _rows(summary: Summary) -> Sequence[tuple[str, str]]:
    spreads = {"Answered over HTTP": summary.http, "Answered on the topic": summary.topic}
    return [
        ("Sent", f"{summary.sent} in {summary.seconds:.0f} s"),
        ("Accepted, each with one reference", str(summary.accepted)),
        *((f"  {who}", str(count)) for who, count in sorted(summary.owners.items())),
        ("Refused as they had to be", str(summary.refused)),
        ("Lost", _zero(summary.lost)),
        ("Doubled", _zero(summary.doubled)),
        ("Ownerless", _zero(summary.ownerless)),
        ("Out of order", _zero(summary.disordered)),
        ("Wrongly answered", _zero(len(summary.wrong))),
        *((name, f"p50 {1000 * of.p50:.0f} ms, p95 {1000 * of.p95:.0f} ms") for name, of in spreads.items() if of.p50),
        ("Lines for control rooms' logs", str(summary.log_lines)),
        *((f"Notices: {name}", str(count)) for name, count in sorted(summary.notices.items())),
        *((f"People: {name}", str(count)) for name, count in sorted(summary.did.items())),
    ]


def _zero(count: int) -> str:
    return "[green]0[/green]" if count == 0 else f"[bold red]{count}[/bold red]"

"""Decisions as people may read them, wherever they do: over HTTPS, on a page, on the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.reasons import WITHHELD, choice_words, rule_words, tired_words, why_words
from services.routing.rules.matching.decision import OVERRIDE, moment
from services.routing.rules.matching.explanation import Line, explained, withheld
from services.routing.rules.matching.points import PARTS
from services.routing.store import roster
from services.routing.store.decisions import Choice, Kept, chosen_by
from services.routing.wording import several
from shared.local_time import written_out

_WIDE = 110


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision with a line for every officer of the pool; `withheld` names what waits for a human to confirm it."""

    kept: Kept
    lines: tuple[Line, ...]
    withheld: tuple[str, ...] = ()
    choice: Choice | None = None
    """Who chose and why, where a supervisor did."""

    @property
    def ranked(self) -> tuple[Line, ...]:
        """Whoever could be asked, best first."""
        return tuple(line for line in self.lines if line.rank is not None)

    def ruled_out(self) -> Iterator[tuple[str, list[str]]]:
        """Everybody else: a rule, and whom it rules out."""
        others = (line for line in self.lines if line.ruled_out is not None)
        for code, lines in groupby(others, key=lambda line: line.ruled_out or ""):
            yield code, [f"{line.officer} (chosen)" if line.chosen else line.officer for line in lines]

    @property
    def why(self) -> str:
        """Why it was taken, in words."""
        written = self.kept.decision
        words = why_words(written["why"], written["scope"])
        return f"{words} {choice_words(self.choice.by, self.choice.reason)}" if self.choice else words


async def explain(connection: AsyncConnection, kept: Kept, *, confirmed: bool) -> Explained:
    """A decision officer by officer. `confirmed`: a human has said that the earlier referral is the same person's."""
    decision = kept.decision
    members = await roster.members(connection, decision["roster"], decision.get("forces"))
    waits = () if confirmed or withheld(decision) is None else ("continuity",)
    choice = await chosen_by(connection, kept) if decision["why"] == OVERRIDE else None
    return Explained(kept, tuple(explained(decision, members, confirmed=confirmed)), waits, choice)


def table(explained: Explained) -> str:
    """A decision as text: who could be asked with the points in parts, then everybody else by rule."""
    kept, written = explained.kept, explained.kept.decision
    head = [
        f"{kept.reference}, {written_out(moment(written))}. Asked: {several(written['chosen'])}.",
        explained.why,
        f"Policy {written['policy']}, roster version {written['roster']}.",
        *([WITHHELD] if explained.withheld else []),
    ]
    others = (
        "\n".join(wrap(f"{rule_words(code)} ({len(ids)}): {', '.join(ids)}", _WIDE, subsequent_indent="    "))
        for code, ids in explained.ruled_out()
    )
    return "\n".join([*head, *_rows(explained.ranked), *others])


def _rows(ranked: tuple[Line, ...]) -> Iterator[str]:
    if not ranked:
        yield "Nobody could be asked."
        return
    widest = max(len(line.officer) for line in ranked) + 2
    yield f"{'':>4}  {'officer':<{widest}}{'force':<8}{'total':>5}  " + "  ".join(PARTS)
    for line in ranked:
        points = "  ".join(f"{(line.points or {})[part]:>{len(part)}}" for part in PARTS)
        row = f"{line.rank:>4}  {line.officer:<{widest}}{line.force or '':<8}{line.total:>5}  {points}"
        yield f"{row}  {tired_words(line.tired)}".rstrip()

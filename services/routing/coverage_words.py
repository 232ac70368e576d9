"""Coverage in words: stretches of time, gaps, and advice with its reckoning. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.routing.rules.coverage.model import Advice, Change, Gap, Survey
from services.routing.wording import plain
from shared.contracts.policy import PolicyDocument

DASH, MINUS, TIMES = "\u2013", "\u2212", "\u00d7"


class Words:
    """The words of one force's survey."""

    def __init__(self, survey: Survey, policy: PolicyDocument) -> None:
        self.survey = survey
        self.kinds = {line.code: line.kind for line in survey.question.lines}
        known = policy.forces[survey.question.force]
        self.force = known.name
        self.names: Mapping[str, str] = {code: its.name for code, its in known.districts.items()}
        self.zone = ZoneInfo(survey.question.period.timezone)

    def line(self, code: str) -> str:
        """`support`, `officer advice`, `trans`, `speaking pl`."""
        return f"speaking {code.removeprefix('language_')}" if self.kinds[code] == "language" else plain(code)

    def places(self, districts: Sequence[str]) -> str:
        """`Fenland`, `Fenland and Peterborough`, `all of Cambridgeshire`."""
        if len(districts) > 1 and set(districts) >= set(self.survey.question.districts):
            return f"all of {self.force}"
        names = [self.names.get(code, code) for code in districts]
        return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

    def span(self, starts: datetime, ends: datetime) -> str:
        """`Sat 28 Nov 02:00` to `07:00`, with a dash between; the offset is named where it changes."""
        since, until = (at.astimezone(self.zone) for at in (starts, ends))
        clocks = [f"{at:%H:%M}" for at in (since, until)]
        if since.utcoffset() != until.utcoffset():
            clocks = [f"{at:%H:%M} {at.tzname()}" for at in (since, until)]
        if since.date() == until.date():
            return f"{_day(since)} {DASH.join(clocks)}"
        return f"{_day(since)} {clocks[0]} {DASH} {_day(until)} {clocks[1]}"

    def gap(self, gap: Gap) -> str:
        """`…, Fenland: nobody at home for trans; sisters could: 2`."""
        where = f"{self.span(gap.starts, gap.ends)}, {self.places(gap.districts)}"
        if gap.level == "pool":
            return f"{where}: nobody in any force for {self.line(gap.line)}"
        return f"{where}: nobody at home for {self.line(gap.line)}; sisters could: {gap.sisters}"

    def change(self, change: Change) -> str:
        """What could be done, in one sentence."""
        if change.action == "duty" and change.starts and change.ends:
            who = f"one more officer with {self.line(change.skill)}" if change.skill else "one more trained officer"
            return f"Put {who} on duty {self.span(change.starts, change.ends)}."
        if change.action == "serve":
            return f"Have {change.officer} serve {self.places(change.districts)} as well."
        what = f"in {self.line(change.skill)}" if change.skill else f"again: {plain(change.course or '')} lapses"
        serves = f", who serves {self.places(change.districts)}" if change.districts else ""
        return f"Train {change.officer}{serves}, {what}."

    def reckoning(self, advice: Advice) -> list[str]:
        """Before, after and difference, in referrals of the period; what does not change is left out."""
        before, after, closes = advice.before, advice.after, advice.closes
        figures = (
            ("Nobody at home", before.at_home, after.at_home, closes.at_home),
            ("Nobody in any force", before.in_pool, after.in_pool, closes.in_pool),
            ("Nobody who serves the district", before.in_district, after.in_district, closes.in_district),
        )
        said = [f"{name}: {_sum(was, is_, less)}" for name, was, is_, less in figures if less >= _LEAST]
        parts = [f"{self.line(code)} {_sum(was, is_, was - is_)}" for code, was, is_ in advice.parts]
        return [*said, *([f"Of what has nobody at home: {'; '.join(parts)}"] if parts else [])]


_LEAST = 0.0005


def referrals(number: float) -> str:
    """`1.25`, `0.034`, `0`: enough digits that a small number is not nothing."""
    if number < _LEAST:
        return "0"
    return f"{number:.2f}" if number >= 0.1 else f"{number:.3f}"


def _sum(before: float, after: float, less: float) -> str:
    """A sum with as many digits throughout as its smallest number wants."""
    digits = 2 if less >= 0.1 else 3
    return f"{before:.{digits}f} {MINUS} {less:.{digits}f} = {after:.{digits}f}"


def _day(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b}"

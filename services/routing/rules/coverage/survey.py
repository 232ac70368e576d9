"""The whole reckoning for one force: who could be asked, what to expect, where nobody could, and what would help."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from services.routing.rules.calendar import local_day
from services.routing.rules.coverage.advice import Adviser
from services.routing.rules.coverage.demand import forecast
from services.routing.rules.coverage.gaps import gaps, together
from services.routing.rules.coverage.ledger import keep
from services.routing.rules.coverage.lines import lines
from services.routing.rules.coverage.model import History, Question, Survey
from services.routing.rules.coverage.period import period
from services.routing.rules.coverage.supply import spells
from services.routing.rules.matching.model import Roster
from shared.contracts.policy import PolicyDocument


def ask(policy: PolicyDocument, force: str, start: datetime, days: int, history: History) -> Question:
    """What to survey: the districts that stand on the first day, every line, and the hours of `days` days."""
    timezone = policy.calendar.timezone
    return Question(
        force=force,
        districts=_districts(policy, local_day(start, timezone))[force],
        lines=lines(policy, history),
        period=period(start, days, timezone),
    )


def survey(question: Question, roster: Roster, policy: PolicyDocument, history: History) -> Survey:
    """A force's coverage under a policy with everybody's hands empty; `roster` is the whole pool's."""
    found = spells(roster.officers, policy, question)
    seen = _at_todays_codes(history, policy)
    places = _districts(policy, local_day(question.period.starts[0], question.period.timezone))
    pool = policy.pools[policy.pool_of(question.force) or min(policy.pools)].forces
    expected = forecast(policy.demand, {force: places[force] for force in pool}, question.lines, seen)
    account = keep(question, found, expected)
    return Survey(
        question=question,
        cells=tuple(account.cells()),
        gaps=tuple(together(gaps(account))),
        advice=tuple(Adviser(account, found, roster.officers, policy).best()),
        forecast=expected,
        history=seen,
        uncovered=account.uncovered(),
    )


def _districts(policy: PolicyDocument, on: date) -> Mapping[str, tuple[str, ...]]:
    """The districts of each force that stand on a day."""
    return {
        force: tuple(sorted(code for code, its in known.districts.items() if its.stands(on)))
        for force, known in policy.forces.items()
    }


def _at_todays_codes(history: History, policy: PolicyDocument) -> History:
    """What was seen in a district whose code has been given up counts for the code that stands for it now."""
    now = {old: new for known in policy.forces.values() for old, new in known.superseded.items()}
    return replace(
        history, seen=tuple(replace(seen, district=now.get(seen.district, seen.district)) for seen in history.seen)
    )

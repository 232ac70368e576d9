"""Small forces for the coverage tests, surveyed for a day or a week from Monday noon."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from services.routing.rules.coverage.model import Gap, History, Level, Question, Seen, Survey
from services.routing.rules.coverage.survey import ask, survey
from services.routing.rules.matching.model import Officer, Roster
from services.routing.rules.roster.duty import Duty, Entry, fold
from shared.contracts.policy import PolicyDocument
from tests.rules.routing.policies import default

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=12)
FENLAND, PETERBOROUGH, LUTON = "E07000010", "E06000031", "E06000032"
NOTHING_SEEN = History()


def hours(*spans: tuple[float, float], kind: str = "duty") -> Duty:
    """Stretches of one kind, in hours from Monday midnight."""
    return fold(Entry(kind, after(starts), after(ends), "file") for starts, ends in spans)


def after(number: float) -> datetime:
    """So many hours after Monday midnight."""
    return MONDAY + timedelta(hours=number)


def person(id: str, force: str = "cambs", *skills: str, duty: Duty | None = None, **words: object) -> Officer:
    """A trained officer of Fenland, round the clock unless said otherwise."""
    its: dict[str, object] = {
        "trained": (("llo", date(2027, 5, 19)),),
        "districts": frozenset({FENLAND}),
        "duty": duty or hours((-24, 400)),
        "skills": frozenset(skills),
    }
    return Officer(id, force, **(its | words))  # type: ignore[arg-type]


def question(start: datetime = NOON, days: int = 1, force: str = "cambs", seen: History = NOTHING_SEEN) -> Question:
    """What is asked of Cambridgeshire."""
    return ask(default(), force, start, days, seen)


def surveyed(
    *officers: Officer, start: datetime = NOON, days: int = 1, seen: History = NOTHING_SEEN, force: str = "cambs"
) -> Survey:
    """Cambridgeshire's coverage with these officers in the pool."""
    return survey(question(start, days, force, seen), Roster(1, officers), default(), seen)


def spans(found: Iterable[Gap], line: str, level: Level = "home") -> list[tuple[float, float]]:
    """The gaps of one line and level, in hours from Monday midnight."""
    its = sorted((gap for gap in found if (gap.line, gap.level) == (line, level)), key=lambda gap: gap.starts)
    hour = timedelta(hours=1)
    return [((gap.starts - MONDAY) / hour, (gap.ends - MONDAY) / hour) for gap in its]


def in_all(found: Survey) -> float:
    """Expected referrals of the period that find nobody at home."""
    return sum(one.at_home for one in found.uncovered.values())


def a_year_of(*seen: Seen) -> History:
    """Fifty-two weeks in which this was seen."""
    return History(weeks=52.0, seen=seen)


def policy_with(**demand: object) -> PolicyDocument:
    """The default policy with other assumptions."""
    return default().model_copy(update={"demand": default().demand.model_copy(update=demand)})

"""What would close most of the expected uncovered demand: one more skill, one more district, one more shift.

Every change is put through the real filters again: the officer as they would be, at every change of theirs. What they
would then cover, of what nobody covers now, is what the change closes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.routing.rules.coverage.ledger import Ledger
from services.routing.rules.coverage.model import Advice, Change, Question, Spell, Uncovered
from services.routing.rules.coverage.supply import spells, with_skills
from services.routing.rules.matching.model import Officer
from services.routing.rules.roster.duty import Entry, fold
from shared.contracts.policy import PolicyDocument

PATTERNS = 5
"""One more shift is tried in so many of the force's own most usual hours."""
LEAST = 0.005
"""Referrals; what closes less in the whole period is no advice."""
_DAY = ((time(7), time(15)), (time(15), time(23)), (time(23), time(7)))
"""Hours to try where the force has no duties at all."""
_SOMEBODY = "+"

Hours = tuple[time, time]


class Adviser:
    """Weighs changes against a force's account; every officer named is the force's own."""

    def __init__(
        self, ledger: Ledger, found: Iterable[Spell], officers: Iterable[Officer], policy: PolicyDocument
    ) -> None:
        self.ledger, self.policy, self.question = ledger, policy, ledger.question
        self.officers = [officer for officer in officers if officer.force == self.question.force]
        self.spells: dict[str, list[Spell]] = {officer.id: [] for officer in self.officers}
        for spell in found:
            if spell.officer in self.spells:
                self.spells[spell.officer].append(spell)
        self.each = ledger.uncovered()
        self.before = sum(self.each.values(), Uncovered())
        self.zone = ZoneInfo(self.question.period.timezone)

    def best(self, most: int = 3) -> list[Advice]:
        """The best `most` changes of each kind, what closes most of what has nobody at home first.

        Of several officers who could learn the same for the same district, the best one alone is named.
        """
        kinds = (
            _several(self.trainings(), _same_training, most),
            _several(self.districts(), _same_district, most),
            _several(self.shifts(), _same_hours, most),
        )
        return sorted((one for kind in kinds for one in kind), key=_best_first)

    def trainings(self) -> Iterator[Advice]:
        """Every officer with each skill they lack, or with the course renewed that lapses before the period ends."""
        for officer in self.officers:
            change = Change("train", officer.id, tuple(sorted(officer.districts)))
            for skill, gain in self._skilled(officer).items():
                yield self._advice(replace(change, skill=skill), {skill: gain})
            if self._lapses(officer):
                renewed = replace(change, course=self.policy.matching.course)
                yield self._advice(renewed, self._gains(self._renewed(officer), self.question))

    def districts(self) -> Iterator[Advice]:
        """Every officer with each district of the force that they do not serve yet."""
        for officer in self.officers:
            for district in self.question.districts:
                if district not in officer.districts:
                    near = sum(
                        self.ledger.near(line, (spell.starts, spell.ends), district)
                        for spell, line in _covered(self.spells[officer.id], self.question)
                    )
                    after = self.before - Uncovered(in_district=near)
                    yield Advice(Change("serve", officer.id, (district,)), self.before, after)

    def shifts(self) -> Iterator[Advice]:
        """One more trained officer in each of the usual hours of each day, without a skill and with each of them."""
        plain = frozenset(line.code for line in self.question.lines if line.kind == "need")
        for starts, ends in self._usual():
            found = self._gains(self._somebody(starts, ends), self.question)
            for skill in (None, *self.policy.codes.skills):
                gains = {code: gain for code, gain in found.items() if code in plain or code == skill}
                yield self._advice(Change("duty", skill=skill, starts=starts, ends=ends), gains)

    def _advice(self, change: Change, gains: Mapping[str, Uncovered]) -> Advice:
        parts = tuple(
            (code, self.each[code].at_home, self.each[code].at_home - gain.at_home)
            for code, gain in gains.items()
            if gain.at_home > 0
        )
        return Advice(change, self.before, self.before - sum(gains.values(), Uncovered()), parts)

    def _skilled(self, officer: Officer) -> dict[str, Uncovered]:
        """What each skill the officer lacks would cover. A line asks for one, so having them all shows each of them."""
        lacks = frozenset(self.policy.codes.skills) - officer.skills
        lines = tuple(line for line in self.question.lines if line.code in lacks)
        question = replace(self.question, lines=lines)
        skilled = replace(officer, skills=officer.skills | lacks)
        return self._covering(with_skills(skilled, self.policy, question, self.spells[officer.id]), question, officer)

    def _gains(self, officer: Officer, question: Question) -> dict[str, Uncovered]:
        """What of the uncovered demand an officer would cover, by line."""
        return self._covering(spells([officer], self.policy, question), question, officer)

    def _covering(self, found: Iterable[Spell], question: Question, officer: Officer) -> dict[str, Uncovered]:
        gains = {line.code: Uncovered() for line in question.lines}
        for spell, line in _covered(found, question):
            gains[line] += self.ledger.bare(line, (spell.starts, spell.ends), officer.districts)
        return gains

    def _lapses(self, officer: Officer) -> bool:
        course = self.policy.matching.course
        return not any(name == course and until >= self._last_day() for name, until in officer.trained)

    def _renewed(self, officer: Officer) -> Officer:
        return replace(officer, trained=(*officer.trained, (self.policy.matching.course, self._last_day())))

    def _last_day(self) -> date:
        return self.question.period.ends.astimezone(self.zone).date()

    def _somebody(self, starts: datetime, ends: datetime) -> Officer:
        """Somebody trained in everything, who serves no district in particular."""
        duty = fold([Entry("duty", starts, ends, "file")])
        skills = frozenset(self.policy.codes.skills)
        return self._renewed(Officer(_SOMEBODY, self.question.force, skills=skills, duty=duty))

    def _usual(self) -> Iterator[tuple[datetime, datetime]]:
        """The force's most usual hours of duty on every day of the period that holds them whole."""
        period = self.question.period
        first = period.starts[0].astimezone(self.zone).date()
        days = [first + timedelta(days=number) for number in range((self._last_day() - first).days + 1)]
        for begins, over in self._patterns():
            for day in days:
                starts = _at(day, begins, self.zone)
                ends = _at(day if over > begins else day + timedelta(days=1), over, self.zone)
                if period.starts[0] <= starts and ends <= period.ends:
                    yield starts, ends

    def _patterns(self) -> Sequence[Hours]:
        found = Counter(
            (stretch.starts.astimezone(self.zone).time(), stretch.ends.astimezone(self.zone).time())
            for officer in self.officers
            for stretch in officer.duty.stretches
            if stretch.kind == "duty" and timedelta(hours=2) <= stretch.ends - stretch.starts <= timedelta(hours=14)
        )
        return sorted(found, key=lambda hours: (-found[hours], hours))[:PATTERNS] or _DAY


def _covered(found: Iterable[Spell], question: Question) -> Iterator[tuple[Spell, str]]:
    """Each spell with each of the question's lines that it covers."""
    for spell in found:
        for place, line in enumerate(question.lines):
            if spell.fits >> place & 1:
                yield spell, line.code


def _several(found: Iterable[Advice], same: Callable[[Change, Change], bool], most: int) -> list[Advice]:
    """The best, none of them the same as a better one."""
    kept: list[Advice] = []
    for one in sorted(found, key=_best_first):
        if len(kept) == most or max(one.closes.at_home, one.closes.in_district) < LEAST:
            break
        if not any(same(one.change, better.change) for better in kept):
            kept.append(one)
    return kept


def _same_training(one: Change, other: Change) -> bool:
    alike = (one.skill, one.course) == (other.skill, other.course)
    return alike and (one.districts == other.districts or bool(set(one.districts) & set(other.districts)))


def _same_district(one: Change, other: Change) -> bool:
    return one.districts == other.districts


def _same_hours(one: Change, other: Change) -> bool:
    """Hours that overlap are two ways of doing the same."""
    if one.starts is None or one.ends is None or other.starts is None or other.ends is None:
        return False
    return one.starts < other.ends and other.starts < one.ends


def _best_first(one: Advice) -> tuple[object, ...]:
    closes, change = one.closes, one.change
    figures = (-round(figure, 9) for figure in (closes.at_home, closes.in_pool, closes.in_district))
    # Of equals: the one that asks for less, then the sooner, then by name.
    names = (change.skill or "", change.course or "", change.officer or "", change.districts)
    return (
        *figures,
        change.skill is not None,
        change.starts or datetime.max.replace(tzinfo=UTC),
        change.ends or change.starts or datetime.max.replace(tzinfo=UTC),
        names,
    )


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)

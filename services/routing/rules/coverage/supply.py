"""Who could be offered a referral, and when: each officer put through the real filters at every change of theirs.

With nothing in hand it depends on an officer alone whether they may be asked, so each is mustered alone, only as
often as something about them changes. What the force has is then the sum, and one officer more or less is only
that officer again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from services.routing.rules.coverage.model import Question, Spell
from services.routing.rules.matching.model import Officer, Request, Roster, Scope
from services.routing.rules.matching.muster import Muster, Standing, stand
from services.routing.rules.matching.rank import anybody
from shared.contracts.policy import PolicyDocument

_MOMENT = timedelta(microseconds=1)
"""A stretch is judged just after it begins: at its very first instant what ends there may still hold."""

Asked = Sequence[tuple[Request, int]]
"""What ranking is asked, each with the bits of the lines it answers for."""


def spells(officers: Iterable[Officer], policy: PolicyDocument, question: Question) -> list[Spell]:
    """Every stretch in which an officer could be offered at least one of the lines, each officer's in order."""
    asked = _asked(question)
    return [spell for officer in officers for spell in _joined(_of(officer, policy, question, asked))]


def with_skills(officer: Officer, policy: PolicyDocument, question: Question, found: Iterable[Spell]) -> list[Spell]:
    """What an officer's spells become with the skills that `officer` has now.

    A skill changes what somebody may be asked and not when, so each spell is judged once.
    """
    asked, scope, alone = _asked(question), _scope(officer, question), Roster(0, (officer,))
    again = []
    for spell in found:
        now = datetime.fromtimestamp(spell.starts, UTC) + _MOMENT
        if fits := _fits(Muster(stand(alone, policy, now), now, {}), asked, scope):
            again.append(replace(spell, fits=fits))
    return again


def _asked(question: Question) -> Asked:
    """The lines as requests of the question's force. No filter knows classes, so those that differ in that are one."""
    bits: list[tuple[Request, int]] = []
    for place, line in enumerate(question.lines):
        request, bit = replace(line.request, force=question.force, response_class=""), 1 << place
        same = next((number for number, (one, _) in enumerate(bits) if one == request), None)
        if same is None:
            bits.append((request, bit))
        else:
            bits[same] = (request, bits[same][1] | bit)
    return bits


def _of(officer: Officer, policy: PolicyDocument, question: Question, asked: Asked) -> Iterator[Spell]:
    alone, scope = Roster(0, (officer,)), _scope(officer, question)
    now = question.period.starts[0]
    while now < question.period.ends:
        standing = stand(alone, policy, now)
        until = min(standing.until.astimezone(UTC), question.period.ends)
        for since, before in _parts(standing, now, until):
            if fits := _fits(Muster(standing, since + _MOMENT, {}), asked, scope):
                span = since.timestamp(), before.timestamp()
                yield Spell(officer.id, officer.force, officer.districts, *span, fits)
        now = until


def _scope(officer: Officer, question: Question) -> Scope:
    return "home" if officer.force == question.force else "sisters"


def _parts(standing: Standing, now: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A standing cut where so little duty is left that a filter may say so: within it nothing else changes."""
    least = timedelta(minutes=standing.matching.least_left_minutes)
    for candidate in standing.present:
        too_late = datetime.fromtimestamp(candidate.ends, UTC) - least
        yield from pairwise(sorted({now, *({too_late} if now < too_late < until else ()), until}))


def _fits(here: Muster, asked: Asked, scope: Scope) -> int:
    return sum(bits for request, bits in asked if anybody(request, here, scope))


def _joined(found: Iterable[Spell]) -> Iterator[Spell]:
    """Neighbours in which nothing differs, as one."""
    last: Spell | None = None
    for spell in found:
        if last is not None and spell == replace(last, starts=last.ends, ends=spell.ends):
            last = replace(last, ends=spell.ends)
            continue
        if last is not None:
            yield last
        last = spell
    if last is not None:
        yield last

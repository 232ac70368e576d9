"""What coverage asks after: every need that cannot wait for working hours, and an officer with each skill."""

from collections.abc import Iterable, Iterator

from services.routing.rules.coverage.model import History, Line
from services.routing.rules.matching.model import Request
from services.routing.rules.referral.asking import SCOPES
from services.routing.rules.referral.clocks import class_of
from shared.contracts.escalation import ClassPolicy
from shared.contracts.policy import PolicyDocument, response_class

SKILLS_ARE_FOR = "support"
"""A skill or language is asked after as if for this need, which is put to one officer at a time."""


def lines(policy: PolicyDocument, history: History) -> tuple[Line, ...]:
    """The policy's needs, then its skills, then the languages that people have asked for.

    A need whose class counts working hours is planned with the organiser and not covered by the hour.
    """
    spoken = sorted({language for seen in history.seen for language in seen.languages})
    return (*_needs(policy), *_skills(policy), *_languages(policy, spoken))


def _needs(policy: PolicyDocument) -> Iterator[Line]:
    for need in policy.codes.needs:
        code, its = _class(policy, need)
        if its.counts != "working":
            request = Request(force="", response_class=code, broadcast=its.broadcast)
            yield Line(need, "need", request, pool_at_once=_asks_all(its))


def _skills(policy: PolicyDocument) -> Iterator[Line]:
    code, its = _class(policy, SKILLS_ARE_FOR)
    for skill in policy.codes.skills:
        request = Request(force="", response_class=code, skills=(skill,), required_skills=(skill,))
        yield Line(skill, "skill", request, pool_at_once=_asks_all(its))


def _languages(policy: PolicyDocument, spoken: Iterable[str]) -> Iterator[Line]:
    code, its = _class(policy, SKILLS_ARE_FOR)
    for language in spoken:
        request = Request(force="", response_class=code, languages=(language,), required_languages=(language,))
        yield Line(f"language_{language}", "language", request, pool_at_once=_asks_all(its))


def _class(policy: PolicyDocument, need: str) -> tuple[str, ClassPolicy]:
    code = response_class(policy, need, None, (), "")
    return code, class_of(policy, code)


def _asks_all(its: ClassPolicy) -> bool:
    return bool(its.steps) and SCOPES.get(its.steps[0].kind) == "pool"

"""`policy`: the whole document of everything that may change without a release, and how it is read."""

import tomllib
from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar

from pydantic import Field, ValidationError

from shared.contracts.escalation import ClassPolicy, ClassRule, Deadlines, Raising, StaffedRole
from shared.contracts.faults import faults
from shared.contracts.matching import (
    Calendar,
    Desk,
    ForcePolicy,
    KnownCodes,
    Matching,
    Pool,
    Retention,
    Scheme,
    Signpost,
)
from shared.contracts.model import Code, Event, Instant, Label, Part
from shared.errors import FieldError


class PolicyDocument(Part):
    """One version of the policy, in force from `effective_from` until a later one is."""

    version: Label
    effective_from: Instant
    proposed_by: Label | None = None
    approved_by: Label | None = None
    pools: dict[Code, Pool]
    forces: dict[Code, ForcePolicy]
    codes: KnownCodes
    scheme: Scheme
    class_rules: Annotated[tuple[ClassRule, ...], Field(min_length=1, max_length=64)]
    """In order; the first that fits decides."""
    classes: dict[Code, ClassPolicy]
    raising: Raising
    floor: StaffedRole
    complaints_role: Code
    unrouted_role: Code
    deadlines: Deadlines
    matching: Matching
    calendar: Calendar
    desks: dict[Code, Desk]
    signposts: Annotated[tuple[Signpost, ...], Field(max_length=64)] = ()
    retention: Retention

    def grade_of(self, force: str, code: str | None) -> str | None:
        """Our grade for a force's own code; None for no grade or one the force does not have."""
        known = self.forces.get(force)
        return known.grades.get(code) if known and code else None

    def force_of_district(self, district: str) -> str | None:
        """The force that polices an ONS district code; None outside all of them."""
        return next((code for code, force in self.forces.items() if district in force.districts), None)

    def pool_of(self, force: str) -> str | None:
        """The pool a force shares officers in."""
        return next((code for code, pool in self.pools.items() if force in pool.forces), None)

    def desk_of_district(self, district: str) -> str | None:
        """The hand-off desk for an ONS district code outside our forces: the longest beginning that fits."""
        fitting = [
            (len(start), code)
            for code, desk in self.desks.items()
            for start in desk.districts
            if district.startswith(start)
        ]
        return max(fitting)[1] if fitting else None


class PolicyPublished(Event):
    """A version was approved."""

    name: ClassVar[str] = "policy.published"

    document: PolicyDocument
    at: Instant | None = None


class PolicyError(ValueError):
    """A policy that cannot be used; `errors` names each place, and the message is one line."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{error.field}: {error.reason}" for error in errors))


def response_class(policy: PolicyDocument, need: str, grade: str | None, risks: Iterable[str], force: str) -> str:
    """The response class of a report (contract §1 "Class"): the first rule that fits, raised by the four risks.

    `grade` is the force's own code. A grade the force does not have counts as none.
    """
    ours = policy.grade_of(force, grade)
    plain = next(
        (
            rule.response_class
            for rule in policy.class_rules
            if (not rule.needs or need in rule.needs) and (not rule.grades or ours in rule.grades)
        ),
        policy.class_rules[-1].response_class,
    )
    if not set(risks) & set(policy.raising.risks):
        return plain
    return min(plain, policy.raising.raise_to, key=lambda code: policy.classes[code].rank)


def parse_policy(toml_text: str) -> PolicyDocument:
    """The policy a TOML text says. Raises PolicyError naming each place that is wrong, unknown keys included."""
    try:
        written = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError((FieldError("toml", str(error)),)) from None
    try:
        document = PolicyDocument.model_validate(written, extra="forbid")
    except ValidationError as error:
        raise PolicyError(faults(error)) from None
    if wrong := tuple(_dangling(document)):
        raise PolicyError(wrong)
    return document


def _dangling(document: PolicyDocument) -> Iterator[FieldError]:
    """Codes that name something the document does not have."""
    grades = {ours for force in document.forces.values() for ours in force.grades.values()}
    yield from _unknown("pools", _members(document), document.forces)
    yield from _unknown("scheme.strands", document.scheme.strands, document.codes.strands)
    yield from _unknown("scheme.desks", document.scheme.desks, document.codes.strands)
    yield from _unknown("scheme.desks", document.scheme.desks.values(), document.desks)
    yield from _unknown("raising.risks", document.raising.risks, document.codes.risks)
    yield from _unknown("raising.raise_to", [document.raising.raise_to], document.classes)
    for number, rule in enumerate(document.class_rules):
        yield from _unknown(f"class_rules.{number}.class", [rule.response_class], document.classes)
        yield from _unknown(f"class_rules.{number}.grades", rule.grades, grades)
    yield from _ladder_faults(document)
    yield from _force_faults(document)


def _ladder_faults(document: PolicyDocument) -> Iterator[FieldError]:
    for code, its in document.classes.items():
        earlier = 0
        for number, step in enumerate(its.steps):
            place = f"classes.{code}.steps.{number}"
            if step.after_minutes < earlier:
                yield FieldError(f"{place}.after_minutes", "out_of_order")
            if (step.role is None) == (step.kind in ("role", "plan")):
                yield FieldError(f"{place}.role", "required" if step.role is None else "not_allowed_value")
            earlier = step.after_minutes


def _force_faults(document: PolicyDocument) -> Iterator[FieldError]:
    policed: dict[str, str] = {}
    for code, force in document.forces.items():
        if document.pool_of(code) is None:
            yield FieldError(f"forces.{code}", "in_no_pool")
        for district in force.districts:
            if policed.setdefault(district, code) != code:
                yield FieldError(f"forces.{code}.districts.{district}", "policed_twice")


def _members(document: PolicyDocument) -> Iterator[str]:
    for pool in document.pools.values():
        yield from pool.forces


def _unknown(place: str, named: Iterable[str], known: Iterable[str]) -> Iterator[FieldError]:
    have = frozenset(known)
    return (FieldError(place, "unknown_code") for name in named if name not in have)

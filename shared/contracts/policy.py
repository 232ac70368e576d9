"""`policy`: the whole document of everything that may change without a release, and how it is read."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError

from shared.contracts.demand import Demand
from shared.contracts.escalation import ClassPolicy, ClassRule, Deadlines, Raising, StaffedRole
from shared.contracts.faults import faults
from shared.contracts.matching import (
    Calendar,
    Coverage,
    Desk,
    ForcePolicy,
    KnownCodes,
    Matching,
    Pool,
    Repeats,
    Retention,
    Scheme,
    Signpost,
)
from shared.contracts.model import Code, Event, Instant, Label, Part
from shared.contracts.policy_checks import mistakes
from shared.contracts.toml_lines import line_of, lines_of
from shared.errors import FieldError


class PolicyDocument(Part):
    """One version of the policy, in force from `effective_from` until a later one is."""

    version: Label
    effective_from: Instant
    proposed_by: Label | None = None
    approved_by: Label | None = None
    approved_at: Instant | None = None
    """Of two versions effective from the same instant, the one approved later holds."""
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
    repeats: Repeats = Repeats()
    demand: Demand = Demand()
    coverage: Coverage = Coverage()

    def grade_of(self, force: str, code: str | None) -> str | None:
        """Our grade for a force's own code; None for no grade or one the force does not have."""
        known = self.forces.get(force)
        return known.grades.get(code) if known and code else None

    def force_of_district(self, district: str, on: date | None = None) -> str | None:
        """The force that polices an ONS district code, `on` a day where one is given; None outside all of them."""
        return next(
            (
                code
                for code, force in self.forces.items()
                if (its := force.districts.get(district)) is not None and its.stands(on)
            ),
            None,
        )

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
    """A version was approved.

    `others` are the versions in force or to come besides it: of a compacted topic only the last event of a pool stays,
    and it must still say all that holds.
    """

    name: ClassVar[str] = "policy.published"

    document: PolicyDocument
    at: Instant | None = None
    others: Annotated[tuple[PolicyDocument, ...], Field(max_length=64)] = ()


class PolicyError(ValueError):
    """A policy that cannot be used; `errors` names each place, and the message is one line.

    `said` is what the TOML reader said of a text that is no TOML: for the writer's own terminal alone.
    """

    def __init__(self, errors: tuple[FieldError, ...], said: str = "") -> None:
        self.errors = errors
        self.said = said
        super().__init__("; ".join(f"{error.field}: {error.reason}" for error in errors))


@dataclass(frozen=True)
class WrittenPolicy:
    """A policy as somebody wrote it, and the line on which each of its places stands; none for JSON."""

    document: PolicyDocument
    lines: Mapping[str, int] = field(default_factory=dict)

    def located(self, errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
        """The same errors with their lines."""
        return _by_line(replace(error, line=line_of(self.lines, error.field)) for error in errors)


_FIRST = datetime(1900, 1, 1, tzinfo=UTC)


def in_force(versions: Sequence[PolicyDocument], at: datetime) -> PolicyDocument:
    """The version in force at `at`, out of at least one: the last to take effect; before them all, the earliest."""
    ordered = sorted(versions, key=lambda one: (one.effective_from, one.approved_at or _FIRST, one.version))
    return next((one for one in reversed(ordered) if one.effective_from <= at), ordered[0])


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
    return read_toml(toml_text).document


def read_toml(text: str, begins: datetime | None = None) -> WrittenPolicy:
    """A policy written as TOML; `begins` stands for an `effective_from` left out. PolicyError with lines."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError((FieldError("toml", "not_toml", line=_line_said(str(error), text)),), str(error)) from None
    except RecursionError:
        raise PolicyError((FieldError("toml", "too_deep"),)) from None
    return _read(written, begins, lines_of(text))


def read_json(text: str | bytes, begins: datetime | None = None) -> WrittenPolicy:
    """A policy written as JSON, like `read_toml`."""
    try:
        written = json.loads(text)
    except RecursionError:
        raise PolicyError((FieldError("body", "too_deep"),)) from None
    except ValueError:
        raise PolicyError((FieldError("body", "not_json"),)) from None
    if not isinstance(written, dict):
        raise PolicyError((FieldError("body", "not_an_object"),))
    return _read(written, begins, {})


def _read(written: dict[str, Any], begins: datetime | None, lines: Mapping[str, int]) -> WrittenPolicy:
    if begins is not None:
        written.setdefault("effective_from", begins)
    try:
        document = PolicyDocument.model_validate(written, extra="forbid")
    except ValidationError as error:
        raise PolicyError(_located(error, lines)) from None
    found = WrittenPolicy(document, lines)
    if wrong := tuple(mistakes(document)):
        raise PolicyError(found.located(wrong))
    return found


def _located(error: ValidationError, lines: Mapping[str, int]) -> tuple[FieldError, ...]:
    """By the place Pydantic names: what we report hides the name of an unknown field, which the line must not."""
    places = (".".join(map(str, one["loc"])) for one in error.errors(include_url=False, include_input=False))
    found = zip(faults(error), places, strict=False)
    return _by_line(replace(one, line=line_of(lines, place)) for one, place in found)


def _by_line(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    return tuple(sorted(errors, key=lambda one: one.line or 0))


def _line_said(said: str, text: str) -> int | None:
    if "end of document" in said:
        return text.count("\n") + 1
    found = re.search(r"at line (\d+)", said)
    return int(found.group(1)) if found else None

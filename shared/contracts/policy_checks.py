"""What no single field of a policy can show: whether its parts fit together and leave nobody without an answer."""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.contracts.matching import FILTERS, District
from shared.errors import FieldError

if TYPE_CHECKING:
    from shared.contracts.policy import PolicyDocument

__all__ = ["PERSONAL_NEEDS", "ROLES", "FieldError", "mistakes", "named_roles"]

ROLES = frozenset({"coordinator", "sergeant", "inspector", "fim", "psd"})
"""Posts that can acknowledge; a ladder that ends with anybody else ends with nobody."""
PERSONAL_NEEDS = frozenset({"support", "advice", "officer_advice", "attend_now"})
"""Needs behind which somebody waits to be spoken to: their classes need the clock of first contact."""

_AT_LEAST_ONE = (
    "raising.ack_minutes",
    "floor.ack_minutes",
    "floor.repeat_minutes",
    "floor.page_ops_after_minutes",
    "deadlines.hold_seconds",
    "deadlines.hold_seconds_raised",
    "deadlines.handover_minutes",
    "deadlines.hand_off_receipt_minutes",
    "deadlines.tie_online_minutes",
    "deadlines.unresolved_minutes",
)
"""Deadlines; at nought each would be missed before anybody could keep it, or asked again without end."""


def mistakes(document: "PolicyDocument") -> Iterator[FieldError]:
    """Each place that names something the document does not have, or that could not work as it stands."""
    yield from _dangling(document)
    yield from _ladders(document)
    yield from _clocks(document)
    yield from _forces(document)
    yield from _roles(document)
    yield from _calendar(document)
    yield from _desks(document)


def _dangling(document: "PolicyDocument") -> Iterator[FieldError]:
    grades = {ours for force in document.forces.values() for ours in force.grades.values()}
    members = (force for pool in document.pools.values() for force in pool.forces)
    yield from _unknown("pools", members, document.forces)
    yield from _unknown("scheme.strands", document.scheme.strands, document.codes.strands)
    yield from _unknown("scheme.desks", document.scheme.desks, document.codes.strands)
    yield from _unknown("scheme.desks", document.scheme.desks.values(), document.desks)
    yield from _unknown("matching.filters", document.matching.filters, FILTERS)
    yield from _unknown("raising.risks", document.raising.risks, document.codes.risks)
    yield from _unknown("raising.raise_to", [document.raising.raise_to], document.classes)
    for number, rule in enumerate(document.class_rules):
        yield from _unknown(f"class_rules.{number}.class", [rule.response_class], document.classes)
        yield from _unknown(f"class_rules.{number}.grades", rule.grades, grades)
    districts = [code for force in document.forces.values() for code in force.districts]
    for code in document.demand.forces:
        yield from _unknown(f"demand.forces.{code}", [code], document.forces)
    for code in document.demand.population:
        yield from _unknown(f"demand.population.{code}", [code], districts)
    for need in document.codes.needs:
        if not any(not rule.grades and (not rule.needs or need in rule.needs) for rule in document.class_rules):
            yield FieldError("class_rules", "no_class_for_need")


def _ladders(document: "PolicyDocument") -> Iterator[FieldError]:
    for code, its in document.classes.items():
        earlier = 0
        for number, step in enumerate(its.steps):
            place = f"classes.{code}.steps.{number}"
            if step.after_minutes < earlier:
                yield FieldError(f"{place}.after_minutes", "out_of_order")
            if (step.role is None) == (step.kind in ("role", "plan")):
                yield FieldError(f"{place}.role", "required" if step.role is None else "not_allowed_value")
            earlier = step.after_minutes
        if its.steps[-1].kind not in ("role", "plan"):
            yield FieldError(f"classes.{code}.steps.{len(its.steps) - 1}.kind", "ends_without_a_role")


def _clocks(document: "PolicyDocument") -> Iterator[FieldError]:
    for code in _spoken_to(document) & document.classes.keys():
        if document.classes[code].first_contact_minutes is None:
            yield FieldError(f"classes.{code}.first_contact_minutes", "required")
    for code, its in document.classes.items():
        for name in ("ack_minutes", "receipt_seconds", "reminder_minutes"):
            if getattr(its, name) < 1:
                yield FieldError(f"classes.{code}.{name}", "out_of_range")
    for place in _AT_LEAST_ONE:
        if attrgetter(place)(document) < 1:
            yield FieldError(place, "out_of_range")


def _spoken_to(document: "PolicyDocument") -> frozenset[str]:
    """Classes a report can get behind which a person waits."""
    rules = (rule for rule in document.class_rules if not rule.needs or PERSONAL_NEEDS & set(rule.needs))
    return frozenset({document.raising.raise_to, *(rule.response_class for rule in rules)})


def _forces(document: "PolicyDocument") -> Iterator[FieldError]:
    shared: dict[str, str] = {}
    for pool, its in document.pools.items():
        for force in its.forces:
            if shared.setdefault(force, pool) != pool:
                yield FieldError(f"pools.{pool}.forces", "in_two_pools")
    for code in document.forces:
        if code not in shared:
            yield FieldError(f"forces.{code}", "in_no_pool")
    yield from _districts(document)


def _districts(document: "PolicyDocument") -> Iterator[FieldError]:
    policed: dict[str, list[District]] = {}
    for code, force in document.forces.items():
        for ons, district in force.districts.items():
            place = f"forces.{code}.districts.{ons}"
            if any(district.meets(other) for other in policed.setdefault(ons, [])):
                yield FieldError(place, "policed_twice")
            if district.since and district.until and district.until <= district.since:
                yield FieldError(f"{place}.until", "ends_before_it_starts")
            policed[ons].append(district)
    for code, force in document.forces.items():
        for ons, now in force.superseded.items():
            yield from _unknown(f"forces.{code}.superseded.{ons}", [now], policed)


def _roles(document: "PolicyDocument") -> Iterator[FieldError]:
    for place, role in named_roles(document):
        yield from _unknown(place, [role], ROLES)


def named_roles(document: "PolicyDocument") -> Iterator[tuple[str, str]]:
    """Each place that names a role, and the role."""
    yield "floor.role", document.floor.role
    yield "raising.role", document.raising.role
    yield "complaints_role", document.complaints_role
    yield "unrouted_role", document.unrouted_role
    yield "deadlines.contact_review_role", document.deadlines.contact_review_role
    for code, its in document.classes.items():
        for number, step in enumerate(its.steps):
            if step.role is not None:
                yield f"classes.{code}.steps.{number}.role", step.role


def _calendar(document: "PolicyDocument") -> Iterator[FieldError]:
    calendar = document.calendar
    try:
        ZoneInfo(calendar.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield FieldError("calendar.timezone", "unknown_timezone")
    if calendar.work_until <= calendar.work_from:
        yield FieldError("calendar.work_until", "ends_before_it_starts")
    if document.coverage.note_at < "08:00":
        yield FieldError("coverage.note_at", "out_of_range")


def _desks(document: "PolicyDocument") -> Iterator[FieldError]:
    """Without a desk for the railway its reports would count as ours."""
    if "rail" not in {desk.kind for desk in document.desks.values()}:
        yield FieldError("desks", "no_desk_for_rail")


def _unknown(place: str, named: Iterable[str], known: Iterable[str]) -> Iterator[FieldError]:
    have = frozenset(known)
    return (FieldError(place, "unknown_code") for name in named if name not in have)

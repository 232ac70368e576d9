"""Whether the house could live under a proposed policy: what it would leave without an owner, a post or a way out."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.contracts.policy import PolicyDocument
from shared.contracts.policy_checks import FieldError, named_roles


@dataclass(frozen=True)
class OpenReferrals:
    """How many open referrals have these in common. `desk` and `district` may be none."""

    force: str
    pool: str
    response_class: str
    desk: str | None
    district: str | None
    number: int


@dataclass(frozen=True)
class House:
    """What a proposal is held against: the policy it would take over from, and what is there today.

    `staffed` are (force, role) on a rota now or later; `with_topics` the forces this installation has topics for.
    """

    before: PolicyDocument
    open: tuple[OpenReferrals, ...]
    staffed: frozenset[tuple[str, str]]
    with_topics: frozenset[str]


def objections(document: PolicyDocument, house: House) -> Iterator[FieldError]:
    """Why the document cannot be taken up as things stand."""
    yield from _orphans(document, house)
    yield from _districts(document, house.before)
    yield from _posts(document, house)
    for force in document.forces:
        if force not in house.with_topics:
            yield FieldError(f"forces.{force}", "no_topics_yet")


def warnings(document: PolicyDocument, house: House) -> Iterator[FieldError]:
    """What may well be meant, and deserves a second look before somebody approves it."""
    served = {*document.scheme.strands, *document.scheme.desks}
    for strand in document.codes.strands:
        if strand not in served:
            yield FieldError(f"scheme.desks.{strand}", "no_desk_so_it_counts_as_ours")
    for force in document.forces.keys() - house.before.forces.keys():
        roles = dict.fromkeys(role for _, role in named_roles(document))
        for role in roles:
            if (force, role) not in house.staffed:
                yield FieldError(f"forces.{force}", f"no_{role}_on_the_rota")
    for risk in house.before.raising.risks:
        if risk not in document.raising.risks:
            yield FieldError("raising.risks", f"{risk}_no_longer_alerts_anybody")


def _orphans(document: PolicyDocument, house: House) -> Iterator[FieldError]:
    """Open referrals whose force, pool, class or desk the document does not have. Each place is said once."""
    found: dict[str, None] = {}
    for some in house.open:
        if some.force not in document.forces:
            found[f"forces.{some.force}"] = None
        elif document.pool_of(some.force) != some.pool:
            found[f"pools.{some.pool}"] = None
        if some.response_class not in document.classes:
            found[f"classes.{some.response_class}"] = None
        if some.desk is not None and some.desk not in document.desks:
            found[f"desks.{some.desk}"] = None
    return (FieldError(place, "has_open_referrals") for place in sorted(found))


def _districts(document: PolicyDocument, before: PolicyDocument) -> Iterator[FieldError]:
    """A district of ours may change hands, end on a day or be superseded; it may not just be forgotten.

    A force that leaves takes its districts with it, to a desk.
    """
    named = {ons for force in document.forces.values() for ons in (*force.districts, *force.superseded)}
    for code, force in before.forces.items():
        for ons in force.districts:
            left = code not in document.forces and document.desk_of_district(ons) is not None
            if ons not in named and not left:
                yield FieldError(f"forces.{code}.districts.{ons}", "district_vanishes")


def _posts(document: PolicyDocument, house: House) -> Iterator[FieldError]:
    """A post the policy has not asked for before must be on the rota of every force that is there already."""
    asked_before = {role for _, role in named_roles(house.before)}
    here = document.forces.keys() & house.before.forces.keys()
    for place, role in named_roles(document):
        bare = any((force, role) not in house.staffed for force in here)
        if bare and role not in asked_before:
            yield FieldError(place, "not_staffed")

"""Referrals under change in one transaction: fold transitions over them, then write everything they did."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.routing.rules.matching.decision import Decision
from services.routing.rules.referral.bars import kept_under
from services.routing.rules.referral.draft import Transition
from services.routing.rules.referral.state import Referral
from services.routing.store import loads
from services.routing.store.tables import (
    BarRow,
    DecisionRow,
    ReferralRow,
    TimelineRow,
    table_of,
)
from shared import rows
from shared.contracts.lifecycle import ReferralEvent
from shared.database import Unit
from shared.journal import Outgoing

TOPIC = "referrals"


class Reasoned(NamedTuple):
    """A decision with its place in the referral's story: the sequence of the first event it led to."""

    referral_id: UUID
    sequence: int
    number: int
    decision: Decision


@dataclass
class Work:
    """What a transaction does to its referrals. They must be locked, or be new."""

    referrals: dict[UUID, Referral] = field(default_factory=dict)
    events: list[ReferralEvent] = field(default_factory=list)
    decisions: list[Reasoned] = field(default_factory=list)
    _before: dict[UUID, Referral | None] = field(default_factory=dict)

    @classmethod
    def on(cls, referrals: Iterable[Referral]) -> "Work":
        """Work on referrals that were just locked."""
        return cls({referral.id: referral for referral in referrals})

    def put(self, transition: Transition) -> None:
        """Take over what a transition made."""
        referral = transition.referral
        before = self.referrals.get(referral.id)
        if transition.referral is before:
            return
        self._before.setdefault(referral.id, before)
        self.referrals[referral.id] = referral
        self.events += transition.events
        first = before.sequence + 1 if before else 1
        self.decisions += [
            Reasoned(referral.id, first, number, decision) for number, decision in enumerate(transition.decisions)
        ]

    def changes(self) -> Iterator[tuple[Referral | None, Referral]]:
        """Each referral that changed, before (None: new) and after, in order of id."""
        for id_ in sorted(self._before):
            yield self._before[id_], self.referrals[id_]


async def save(unit: Unit, work: Work, caps: Mapping[str, int], looked: int | None = None) -> None:
    """Write the work by one statement a table and publish its events.

    `caps` are the caps of officers who may get more to do; LoadsMoved where one would be exceeded. `looked` is the
    roster's version the driver looked at.
    """
    changes = list(work.changes())
    if not changes:
        return
    new = [_row(after) | {"looked_at_roster": looked or 0} for before, after in changes if before is None]
    await rows.insert(unit.connection, rows.Insert(table_of(ReferralRow), new))
    extra = {} if looked is None else {"looked_at_roster": looked}
    old = [_row(after) | extra for before, after in changes if before is not None]
    await rows.update(unit.connection, table_of(ReferralRow), old)
    await loads.follow(unit.connection, changes, caps)
    await _record(unit, work, changes)
    await unit.append(
        [Outgoing(TOPIC, str(event.referral_id), event, event.at, subject=event.reference) for event in work.events]
    )
    if work.events:
        unit.wake("board")


async def _record(unit: Unit, work: Work, changes: Iterable[tuple[Referral | None, Referral]]) -> None:
    bars = {
        (about, offer.officer)
        for before, after in changes
        for offer in after.offers
        if offer.code == "conflict" and not _barred(before, offer.officer)
        for about in kept_under(after)
    }
    barred = [{"person": about, "officer": officer} for about, officer in sorted(bars)]
    await rows.insert(
        unit.connection,
        rows.Insert(table_of(TimelineRow), [_told(event) for event in work.events]),
        rows.Insert(table_of(DecisionRow), [_reason(reasoned) for reasoned in work.decisions]),
        rows.Insert(table_of(BarRow), barred),
    )


def _barred(before: Referral | None, officer: str) -> bool:
    offer = before.offer_to(officer) if before else None
    return offer is not None and offer.code == "conflict"


def _row(referral: Referral) -> dict[str, object]:
    holder = referral.holder
    return {
        "id": referral.id,
        "reference": referral.reference,
        "pool": referral.pool,
        "force": referral.force,
        "response_class": referral.picture.response_class,
        "state": referral.state,
        "holder": holder.id if holder else None,
        "holder_force": holder.force if holder else None,
        "due": referral.due,
        "wakes_at": referral.wakes_at,
        "looking": referral.looking,
        "breached": referral.is_open and bool(referral.clocks.breached),
        "exercise": referral.exercise,
        "opened_at": referral.opened_at,
        "changed_at": referral.changed_at,
        "sequence": referral.sequence,
        "life": referral.model_dump_json(by_alias=True),
    }


def _told(event: ReferralEvent) -> dict[str, object]:
    return {
        "referral_id": event.referral_id,
        "sequence": event.sequence,
        "name": event.name,
        "at": event.at,
        "event": event.model_dump_json(by_alias=True),
    }


def _reason(reasoned: Reasoned) -> dict[str, object]:
    return {
        "referral_id": reasoned.referral_id,
        "sequence": reasoned.sequence,
        "number": reasoned.number,
        "at": datetime.fromisoformat(reasoned.decision["at"]),
        "decision": reasoned.decision,
    }

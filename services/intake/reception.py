"""Loads what a batch of submissions, amendments and withdrawals is about, and saves what the desk decided.

Both ways in, topics and HTTPS, come through here; each table is read and written by one statement a batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, repeat

from services.intake.marking import Marking
from services.intake.policies import Policies
from services.intake.rules.accept import Moment, Named
from services.intake.rules.desk import Address, Desk, Key
from services.intake.rules.geography import Gazetteer
from services.intake.rules.outbound import echo
from services.intake.rules.people import Incident, Mark, incident_of
from services.intake.store import people, reports, sealed, told
from services.intake.vault import Vault
from shared.clock import Clock
from shared.contracts.particulars import Source
from shared.database import Unit
from shared.identifiers import new_reference, uuid7
from shared.journal import Outgoing


@dataclass
class Wanted:
    """What a batch asks about: reports by key and by reference, contact handles, people by their marks, incidents, and
    how many names it may need."""

    keys: list[Key] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    names: int = 0

    def address(self, address: Address) -> None:
        """Ask for the report that is meant."""
        if address.reference is not None:
            self.references.append(address.reference)
        elif address.key is not None:
            self.keys.append(address.key)

    def contact(self, handle: str | None) -> None:
        """Ask for the contact behind a handle, if there is one."""
        if handle is not None:
            self.handles.append(handle)

    def incident(self, source: Source | None) -> None:
        """Ask for other reports of the incident that is named, if one is."""
        incident = incident_of(echo(source)) if source is not None else None
        if incident is not None:
            self.incidents.append(incident)


@dataclass
class Batch:
    """The desk of one transaction, and the sealed contact details it may hand over."""

    desk: Desk
    clock: Clock
    contacts: dict[str, bytes]

    def moment(self, now: datetime) -> Moment:
        """`now` of the domain, and the same instant in real time."""
        return Moment(now, real_time(self.clock, now))


@dataclass(frozen=True)
class Reception:
    """Everything the front desk needs from outside its rules."""

    policies: Policies
    gazetteer: Gazetteer
    vault: Vault
    marking: Marking

    async def load(self, unit: Unit, wanted: Wanted) -> Batch:
        """A desk that knows what the batch is about; reports are locked in id order, then contacts. People are not
        locked: two who meet somebody new at once give them the same pseudonym."""
        desk = Desk(self.policies.known, self.gazetteer, islice(_names(), wanted.names))
        if wanted.keys or wanted.references:
            for report in await reports.lock_addressed(unit.connection, wanted.keys, wanted.references):
                desk.knows(report)
        left = await sealed.lock_contacts(unit.connection, wanted.handles)
        desk.handles = {handle: contact.handle for handle, contact in left.items()}
        marks = [*wanted.marks, *(mark for handle in desk.handles.values() for mark in handle.marks)]
        await people.look_up(unit.connection, desk.people, marks, desk.reports, wanted.incidents)
        held = {handle: contact.sealed for handle, contact in left.items() if contact.sealed is not None}
        return Batch(desk, unit.clock, held)

    async def save(self, unit: Unit, batch: Batch) -> None:
        """Write what the desk decided. Raises `reports.Overtaken` where a new report's name has just been taken."""
        desk, connection = batch.desk, unit.connection
        texts = await self.vault.seal(connection, desk.kept, batch.contacts, desk.new)
        new = [desk.reports[id_] for id_ in desk.new]
        await people.drop_marks(connection, list(desk.people.dropped))
        await people.merge(connection, desk.people.merged)
        await reports.insert(connection, new, *texts, told.lines(desk.told), people.new_marks(desk.people.new))
        await reports.save(connection, [desk.reports[id_] for id_ in desk.changed if id_ not in desk.new])
        await sealed.claim_contacts(connection, desk.claimed)
        await unit.append([*_to_routing(desk), *told.entries(desk.told)])


def _to_routing(desk: Desk) -> Sequence[Outgoing]:
    return [Outgoing("reports", str(report.referral_id), event, event.at) for report, event in desk.to_routing]


def _names() -> Iterator[Named]:
    return (Named(uuid7(), new_reference()) for _ in repeat(None))


def real_time(clock: Clock, domain: datetime) -> datetime:
    """The real instant of a domain time: the inverse of `Clock.domain`."""
    if domain <= clock.epoch:
        return domain
    return clock.epoch + timedelta(seconds=clock.real_seconds(domain - clock.epoch))

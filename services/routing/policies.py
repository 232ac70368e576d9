"""Versions of the policy in memory, and how a new one comes about: proposed, held against the house, approved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.rules.policy.house import House, objections, warnings
from services.routing.rules.policy.proposal import Refused, Version, approve, propose, still_to_be_said
from services.routing.store import policies as store
from services.routing.store import referrals
from shared.contracts.policy import PolicyDocument, PolicyPublished, WrittenPolicy, in_force
from shared.database import Database, Unit
from shared.errors import FieldError
from shared.journal import MAX_PAYLOAD, Outgoing
from shared.service import Wake

TOPIC = "policy"
REREAD_SECONDS = 30.0
"""Real seconds; approvals ring a bell, so that a bell that was lost costs no more than this."""
_AROUND = 4096
"""Bytes of an event that are not its documents."""


@dataclass
class Policies:
    """The approved versions this process knows. What is approved never changes."""

    database: Database
    _documents: Sequence[PolicyDocument] = field(default_factory=tuple)

    def at(self, now: datetime) -> PolicyDocument:
        """The version in force at `now`; before them all, the earliest."""
        return in_force(self._documents, now)

    def pools(self) -> list[str]:
        """Every pool of every version."""
        return sorted({pool for document in self._documents for pool in document.pools})

    def version(self, name: str) -> PolicyDocument | None:
        """An approved version by name."""
        return next((document for document in self._documents if document.version == name), None)

    def with_class(self, code: str, *preferred: PolicyDocument | None) -> PolicyDocument:
        """The first of the preferred versions that has a class; where none has, the first there is."""
        known = [one for one in preferred if one is not None]
        return next((one for one in known if code in one.classes), known[0])

    async def refresh(self, connection: AsyncConnection) -> None:
        """Take up versions that have been approved since."""
        if await store.count_approved(connection) != len(self._documents):
            self._documents = tuple(await store.approved(connection))

    async def follow(self, bell: Wake) -> None:
        """Keep taking them up, until cancelled."""
        while True:
            async with self.database.unit() as unit:
                await self.refresh(unit.connection)
            await bell.sleep(REREAD_SECONDS)

    async def seed(self, document: PolicyDocument) -> None:
        """Have a policy at all: the one this installation comes with, where no version has been approved yet.

        A file changed later is no way round the second person: it is proposed like everything else.
        """
        async with self.database.unit() as unit:
            await referrals.ensure_pools(unit.connection, document.pools)
            await self.refresh(unit.connection)
        if not self._documents:
            await self.publish(document)

    async def publish(self, document: PolicyDocument) -> None:
        """Keep a version as approved and announce it, unless there is one of its name."""
        async with self.database.unit() as unit:
            await store.lock_all(unit.connection)
            now = await unit.now()
            await self.announce(unit, Version(document, None, approved_at=now), now)
        async with self.database.unit() as unit:
            await self.refresh(unit.connection)

    async def announce(self, unit: Unit, version: Version, now: datetime) -> None:
        """Write an approved version and say so on `policy`, beside whatever else is in force or to come."""
        document = version.document
        known = await store.approved(unit.connection)
        if not await store.keep(unit.connection, version):
            return
        await referrals.ensure_pools(unit.connection, document.pools)
        room = MAX_PAYLOAD - _AROUND - len(document.model_dump_json())
        event = PolicyPublished(document=document, at=now, others=still_to_be_said(known, now, room))
        await unit.append([Outgoing(TOPIC, pool, event, now) for pool in sorted(document.pools)])
        unit.wake("policies")
        unit.wake("driver")


@dataclass(frozen=True)
class Outcome:
    """A version as it was proposed, with what deserves a second look."""

    version: Version
    new: bool
    warnings: tuple[FieldError, ...]


@dataclass(frozen=True)
class Proposals:
    """What people do to the policy. `with_topics`: the forces this installation has topics for."""

    policies: Policies
    with_topics: frozenset[str]

    async def propose(self, written: WrittenPolicy, by: str) -> Outcome:
        """Keep a proposal. Raises Refused, with lines, for what could not be approved as things stand."""
        async with self.policies.database.unit() as unit:
            await store.lock_all(unit.connection)
            now = await unit.now()
            existing = await store.one(unit.connection, written.document.version)
            try:
                version = propose(written.document, by, existing, now)
                house = await self.house(unit, version.document.effective_from)
                _object(version.document, house, "invalid")
            except Refused as refused:
                raise Refused(refused.code, written.located(refused.errors)) from None
            if version is not existing:
                await store.keep(unit.connection, version)
        found = written.located(warnings(version.document, house))
        return Outcome(version, version is not existing, found)

    async def approve(self, name: str, by: str, read: str | None = None) -> Version | None:
        """Put a proposal into force; None where there is none of that name. Raises Refused."""
        async with self.policies.database.unit() as unit:
            await store.lock_all(unit.connection)
            now = await unit.now()
            proposal = await store.one(unit.connection, name)
            if proposal is None:
                return None
            version = approve(proposal, by, now, read)
            if version is not proposal:
                house = await self.house(unit, version.document.effective_from)
                _object(version.document, house, "would_break_the_house")
                await self.policies.announce(unit, version, now)
        async with self.policies.database.unit() as unit:
            await self.policies.refresh(unit.connection)
        return version

    async def house(self, unit: Unit, begins: datetime) -> House:
        """What a version that begins then is held against."""
        known = await store.approved(unit.connection)
        now = await unit.now()
        return House(
            before=in_force(known, begins),
            open=await store.open_referrals(unit.connection),
            staffed=await store.staffed(unit.connection, now),
            with_topics=self.with_topics,
        )


def _object(document: PolicyDocument, house: House, code: str) -> None:
    if found := tuple(objections(document, house)):
        raise Refused(code, found)

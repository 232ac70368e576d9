"""Versions of the policy, kept in memory; the database has them all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store import policies as store
from services.routing.store import referrals
from shared.contracts.policy import PolicyDocument, PolicyPublished
from shared.database import Database
from shared.journal import Outgoing

TOPIC = "policy"


@dataclass
class Policies:
    """The versions this process knows."""

    database: Database
    _documents: Sequence[PolicyDocument] = field(default_factory=tuple)

    def at(self, now: datetime) -> PolicyDocument:
        """The version in force at `now`: the one effective last, of those that are; the earliest before them all."""
        effective = [document for document in self._documents if document.effective_from <= now]
        return effective[-1] if effective else self._documents[0]

    def pools(self) -> list[str]:
        """Every pool of every version."""
        return sorted({pool for document in self._documents for pool in document.pools})

    def version(self, name: str) -> PolicyDocument | None:
        """A version by name."""
        return next((document for document in self._documents if document.version == name), None)

    async def refresh(self, connection: AsyncConnection) -> None:
        """Take up versions that another replica has added; one that is there never changes, so counting is enough."""
        if await store.count(connection) != len(self._documents):
            self._documents = tuple(await store.all_versions(connection))

    async def publish(self, document: PolicyDocument) -> None:
        """Have at least this version: add and announce it unless it is known, or a later one is in force already."""
        async with self.database.unit() as unit:
            await self.refresh(unit.connection)
            await referrals.ensure_pools(unit.connection, document.pools)
            later = any(known.effective_from > document.effective_from for known in self._documents)
            if later or self.version(document.version) is not None:
                return
            if await store.add(unit.connection, document):
                now = await unit.now()
                event = PolicyPublished(document=document, at=now)
                await unit.append([Outgoing(TOPIC, pool, event, now) for pool in sorted(document.pools)])
        async with self.database.unit() as unit:
            await self.refresh(unit.connection)

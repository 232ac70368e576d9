"""Tells coordinators in the afternoon where nobody could be asked in the coming night: a note a force, once a day."""

from dataclasses import dataclass
from datetime import datetime

from services.routing.coverage import Coverages
from services.routing.policies import Policies
from services.routing.roster_change import TOPIC
from services.routing.rotas import turns
from services.routing.rules.coverage.gaps import night, note_due, tonight
from services.routing.rules.roster.warnings import told
from services.routing.store import cover_notes as notes
from services.routing.store import roster as store
from shared.contracts.officers import RosterWarned
from shared.contracts.policy import PolicyDocument
from shared.database import Database, Unit, is_transient
from shared.journal import Outgoing
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("cover_notes")

PAUSE = 15.0
"""Real seconds between looks at the clock."""


@dataclass
class CoverNotes:
    """A loop in every replica. Whoever first writes down that it looked at a force's night is the one that tells."""

    database: Database
    policies: Policies
    coverages: Coverages
    bell: Wake

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
            await self.bell.sleep(PAUSE)

    async def look(self) -> None:
        """End the notes of nights that are over; look at tonight, once for each force, when it is time."""
        async with self.database.unit() as unit:
            await self.policies.refresh(unit.connection)
            now = await unit.now()
            if not self.policies.pools():
                return
            policy = self.policies.at(now)
            await _end(unit, night(now, policy.calendar.timezone)[0], now)
            evening = note_due(policy, now)
            if evening is None or await store.version(unit.connection) == 0:
                return
            left = policy.forces.keys() - await notes.looked_at(unit.connection, evening)
        for force in sorted(left):
            await self._look_at(force, evening, policy)

    async def _look_at(self, force: str, evening: datetime, policy: PolicyDocument) -> None:
        coverage = await self.coverages.of(force, days=1)
        gaps = tonight(coverage.survey.gaps, coverage.as_of, policy.calendar.timezone)
        async with self.database.unit() as unit:
            now = await unit.now()
            if await notes.looked(unit.connection, force, evening, now, gaps=bool(gaps)) and gaps:
                role = told(force, await turns(unit), now)
                event = RosterWarned(role=role, kind=notes.KIND, subject=force, due=evening, at=now)
                await unit.append([Outgoing(TOPIC, _key(force), event, now)])


async def _end(unit: Unit, before: datetime, now: datetime) -> None:
    over = await notes.end_nights(unit.connection, before, now)
    await unit.append([Outgoing(TOPIC, _key(force), None, now) for force in over])


def _key(force: str) -> str:
    return f"warning:{notes.KIND}:{force}"

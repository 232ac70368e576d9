"""Intake's part of the fallback sheet: the control room's own incidents that are open, and who has them."""

from dataclasses import dataclass

from services.intake.store.sheet import Open, still_open
from shared.database import Database
from shared.fallback import Section, Table
from shared.local_time import day_and_time

MOST = 200
"""Open reports on one sheet, the longest open first."""


@dataclass(frozen=True)
class Sheet:
    """Writes the section of one force."""

    database: Database

    async def section(self, force: str) -> Section:
        """What this force's control room raised or owns, and what nobody has taken in yet."""
        async with self.database.unit() as unit:
            now = await unit.now()
            found = await still_open(unit.connection, force, MOST)
        rows = tuple(
            (
                one.reference + (" EXERCISE" if one.exercise else ""),
                _incident(one),
                "Ring the coordinator" if one.unrouted else one.state.capitalize(),
                one.holder or "Nobody yet",
                "" if one.next_due is None else day_and_time(one.next_due, now),
            )
            for one in found
        )
        columns = ("Reference", "Incident", "Where it stands", "Owner", "Due")
        return Section("Incidents", now, (Table("Open reports, oldest first", columns, rows, "None."),))


def _incident(one: Open) -> str:
    return " ".join(str(part) for part in (one.incident_ref, one.incident_date) if part is not None)

"""Notify's part of the fallback sheet: whom no message has reached, so that somebody rings them."""

from dataclasses import dataclass

from services.notify.store.sheet import not_arrived
from shared.database import Database
from shared.fallback import Section, Table
from shared.local_time import clock_time, day_and_time

MOST = 200


@dataclass(frozen=True)
class Sheet:
    """Writes the section of one force."""

    database: Database

    async def section(self, force: str) -> Section:
        """Notices about this force's referrals that nobody is known to have got, the oldest first."""
        async with self.database.unit() as unit:
            now = await unit.now()
            found = await not_arrived(unit, force, now, MOST)
        rows = tuple(
            (
                one.reference,
                one.to,
                clock_time(one.at),
                one.state.capitalize(),
                "" if one.respond_by is None else day_and_time(one.respond_by, now),
            )
            for one in found
        )
        columns = ("Reference", "To", "Written", "Message", "Answer wanted by")
        return Section("Messages", now, (Table("Not known to have arrived: ring them", columns, rows, "None."),))

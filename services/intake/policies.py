"""The policies intake judges by: every one published, and until the first has come the one it starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.store import ledger
from shared.contracts.policy import PolicyDocument, in_force
from shared.database import Database
from shared.service import Wake

_REREAD_SECONDS = 30.0


@dataclass
class Policies:
    """All policies known to this process. One replica reads the topic; the bell tells the others to read again."""

    database: Database
    shipped: PolicyDocument
    bell: Wake
    known: Sequence[PolicyDocument] = field(init=False)
    """Reports are judged by the one in force when they were received."""
    current: PolicyDocument = field(init=False)
    """The one in force now, for what is not about a report."""

    _sleep: float = field(default=_REREAD_SECONDS, init=False)

    def __post_init__(self) -> None:
        self.known, self.current = (self.shipped,), self.shipped

    def at(self, now: datetime) -> PolicyDocument:
        """The one in force at `now`."""
        return in_force(self.known, now)

    async def reload(self) -> None:
        """Read what has been published so far. A file that says otherwise is a proposal nobody has made."""
        async with self.database.unit() as unit:
            self.known = tuple(await ledger.policies(unit.connection)) or (self.shipped,)
            now = await unit.now()
        self.current = self.at(now)
        to_come = [one.effective_from - now for one in self.known if one.effective_from > now]
        until_next = self.database.clock.real_seconds(min(to_come)) if to_come else _REREAD_SECONDS
        self._sleep = min(_REREAD_SECONDS, until_next)

    async def follow(self) -> None:
        """Keep reading, until cancelled."""
        while True:
            await self.reload()
            await self.bell.sleep(self._sleep)

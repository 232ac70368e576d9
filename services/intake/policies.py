"""The policies intake judges by: the one it starts from, and every one published since."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.intake.rules.codes import in_force
from services.intake.store import ledger
from shared.contracts.policy import PolicyDocument
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
    current: PolicyDocument = field(init=False)
    """The one in force now; reports are judged by the one in force when they were received."""

    def __post_init__(self) -> None:
        self.known, self.current = (self.shipped,), self.shipped

    async def reload(self) -> None:
        """Read what has been published so far."""
        async with self.database.unit() as unit:
            self.known = (self.shipped, *await ledger.policies(unit.connection))
            self.current = in_force(self.known, await unit.now())

    async def follow(self) -> None:
        """Keep reading, until cancelled."""
        while True:
            await self.reload()
            await self.bell.sleep(_REREAD_SECONDS)

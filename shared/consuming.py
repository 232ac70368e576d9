"""One transaction a batch: inbox, order, the service's own rules, the journal, and what went wrong.

Whatever dies between the database's commit and the broker's is absorbed by the inbox on redelivery.
A fault is told from bad weather: `shared.database.is_transient` errors are raised to the caller, which
waits and tries again; anything else is pinned to its event by halving the batch.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from shared import deadletters, gate, registry
from shared.database import Database, Unit, is_transient
from shared.deadletters import Burial, code_of
from shared.errors import FieldError
from shared.inbox import Consumer, Fault, Received, Record, read
from shared.metrics import metrics
from shared.sealing import MasterKeys
from shared.telemetry import get_logger

log = get_logger("consuming")

POISON_LIMIT = 5
"""Dead letters a minute on an internal topic; one more stops the consumer and raises an alert."""


class TooMuchPoison(Exception):
    """More dead letters in a minute than an internal topic may have: something is wrong with us, not with an event."""


@dataclass
class Consuming:
    """Turns records into effects, each once, in order per referral."""

    name: str
    database: Database
    consumer: Consumer[Any]
    keys: MasterKeys
    door: bool = False
    _buried: deque[float] = field(default_factory=deque)

    async def process(self, records: Sequence[Record], *, replayed: bool = False) -> None:
        """Give a batch its effect. Raises transient errors and TooMuchPoison; everything else is settled here.

        `replayed` records come from the dead letters: the inbox has seen them before.
        """
        await self._settle([read(record) for record in records], replayed=replayed)

    async def release(self, stream: str, subject: str) -> None:
        """Apply what was held behind a dead letter that has been discarded."""
        async with self.database.unit() as unit:
            await self._run(unit, [], await gate.reopen(unit, self.keys, [(stream, subject)]))

    async def _settle(self, batch: list[Received], *, replayed: bool) -> None:
        if not batch:
            return
        try:
            async with self.database.unit() as unit:
                await self._transact(unit, batch, replayed=replayed)
        except TooMuchPoison:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            await self._corner(batch, error, replayed=replayed)

    async def _corner(self, batch: list[Received], error: Exception, *, replayed: bool) -> None:
        """Halve until the event at fault stands alone, then bury it; a door answers its sender as well."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._settle(batch[:middle], replayed=replayed)
            await self._settle(batch[middle:], replayed=replayed)
            return
        culprit = batch[0]
        log.error("event_refused", topic=culprit.topic, reason=type(error).__name__)
        async with self.database.unit() as unit:
            await self._bury(unit, [Burial(culprit, code_of(error))])
            if culprit.stream is not None:
                await gate.block(unit, culprit)
        if self.door and culprit.fault is None:
            await self._settle([_unprocessable(culprit)], replayed=True)

    async def _transact(self, unit: Unit, batch: list[Received], *, replayed: bool) -> None:
        fresh = batch if replayed else await registry.register(unit, batch, door=self.door)
        metrics().duplicates.labels(unit.schema).inc(len(batch) - len(fresh))
        await self._run(unit, fresh, await gate.open_for(unit, self.keys, fresh))

    async def _run(self, unit: Unit, fresh: list[Received], passage: gate.Passage) -> None:
        wanted = passage.admit(fresh)
        usable = [item for item in wanted if self.door or item.fault is None]
        burials = [Burial(item, item.fault.code) for item in wanted if item.fault is not None and not self.door]
        if usable:
            burials += await self._apply(unit, usable, passage)
        await self._bury(unit, burials)
        await passage.save(unit, self.keys)

    async def _apply(self, unit: Unit, wanted: list[Received], passage: gate.Passage) -> list[Burial]:
        state = await self.consumer.load(unit, wanted)
        now = await unit.now()
        burials: list[Burial] = []
        for item in wanted:
            if passage.blocked(item):
                passage.hold(item)
                continue
            try:
                self.consumer.apply(state, item, now)
            except Exception as error:
                log.error("rule_failed", topic=item.topic, reason=type(error).__name__)
                burials.append(Burial(item, code_of(error)))
                passage.stop_at(item, burials[-1].id)
                if self.door and item.fault is None:
                    self.consumer.apply(state, _unprocessable(item), now)
            else:
                passage.passed(item)
        await self.consumer.save(unit, state)
        return burials

    async def _bury(self, unit: Unit, burials: Sequence[Burial]) -> None:
        if not burials:
            return
        if not self.door:
            self._count(len(burials))
        await deadletters.bury(unit, self.keys, burials)

    def _count(self, number: int) -> None:
        now = monotonic()
        while self._buried and self._buried[0] < now - 60:
            self._buried.popleft()
        if len(self._buried) + number > POISON_LIMIT:
            raise TooMuchPoison
        self._buried.extend([now] * number)


def _unprocessable(item: Received) -> Received:
    fault = Fault("unprocessable", (FieldError("body", "unprocessable"),))
    return replace(item, event=None, fault=fault)

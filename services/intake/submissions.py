"""Many requests, few transactions: what waits while one transaction commits is handled together by the next.

Alone, a request has a transaction of its own and waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from services.intake.reception import Batch, Reception, Wanted
from services.intake.store.reports import Overtaken
from shared.database import Database, is_transient

MOST = 100
"""Requests in one transaction."""
_TRIES = 5

Outcome = Any


class Request(Protocol):
    """Something to ask of the desk."""

    def want(self, wanted: Wanted) -> None:
        """Say what must be loaded for it."""
        ...

    def ask(self, batch: Batch, now: datetime) -> Outcome:
        """Decide it."""
        ...


@dataclass
class Counter:
    """Where requests over HTTPS are handled, in the order in which they came."""

    database: Database
    reception: Reception
    _waiting: deque[tuple[Request, asyncio.Future[Outcome]]] = field(default_factory=deque)
    _work: asyncio.Task[None] | None = None

    async def handle(self, request: Request) -> Outcome:
        """The desk's decision, once it has been committed. Raises what went wrong with this request."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._work_off(), name="intake.counter")
        return await answer

    async def _work_off(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            present = [(request, answer) for request, answer in batch if not answer.cancelled()]
            try:
                await self._settle(present)
            except BaseException as error:
                _fail(present, error)
                raise

    async def _settle(self, batch: Sequence[tuple[Request, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._transact([request for request, _ in batch])
        except Exception as error:
            if len(batch) == 1 or is_transient(error):
                _fail(batch, error)
                return
            for one in batch:
                await self._settle([one])
            return
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if not answer.done():
                answer.set_result(outcome)

    async def _transact(self, requests: Sequence[Request]) -> list[Outcome]:
        for left in range(_TRIES, 0, -1):
            try:
                return await self._once(requests)
            except Overtaken:
                if left == 1:
                    raise
        raise AssertionError

    async def _once(self, requests: Sequence[Request]) -> list[Outcome]:
        wanted = Wanted()
        for request in requests:
            request.want(wanted)
        async with self.database.unit() as unit:
            batch = await self.reception.load(unit, wanted)
            now = await unit.now()
            outcomes = [request.ask(batch, now) for request in requests]
            await self.reception.save(unit, batch)
        return outcomes


def _fail(batch: Sequence[tuple[Request, asyncio.Future[Outcome]]], error: BaseException) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)

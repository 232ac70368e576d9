"""Exercise referrals that go through every hop, for each force, so that silence is noticed (design §4).

A drill is a report like any other, marked as an exercise: intake, routing and notify handle it, its notices go to the
exercise sink, and routing closes it when one has been delivered. One that has not come back in time is an alarm.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from services.intake import asking
from services.intake.asking import Withdraw
from services.intake.policies import Policies
from services.intake.reception import Reception
from services.intake.rules.amend import Withdrawal
from services.intake.rules.desk import Address
from services.intake.rules.drill import drill_report
from services.intake.store import alarms, drills, ledger
from services.intake.store.alarms import Alarm
from services.intake.store.drills import Drill
from services.intake.submissions import Counter
from shared.database import Unit, is_transient
from shared.identity import Principal
from shared.metrics import metrics
from shared.service import Platform
from shared.telemetry import get_logger

log = get_logger("drills")

_LOOK_SECONDS = 5.0
OVERDUE = "drill.overdue"
_NEVER = 1e9


@dataclass(frozen=True)
class Drills:
    """One loop: send what is due, and see whether it came back. Of several replicas one sends."""

    platform: Platform
    policies: Policies
    reception: Reception
    counter: Counter

    async def run(self) -> None:
        """Drill until cancelled; the database being away is waited out. The first is one interval after the start."""
        waited = False
        while True:
            try:
                if not waited:
                    await self._wait_first()
                    waited = True
                for force in self.policies.current.forces:
                    await self.look(force)
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(_LOOK_SECONDS)

    async def _wait_first(self) -> None:
        async with self.platform.database.unit() as unit:
            for force in self.policies.current.forces:
                await ledger.due(unit.connection, _name(force), _NEVER)

    async def look(self, force: str) -> None:
        """Judge the last drill of a force, and send the next one if it is time."""
        deadlines = self.policies.current.deadlines
        async with self.platform.database.unit() as unit:
            now = await unit.now()
            last = await drills.last(unit.connection, force)
            late = last is not None and not last.back and last.age > deadlines.drill_seconds
            await self._judge(unit, force, now, late=late)
            every = deadlines.drill_minutes * 60
            due = every > 0 and await ledger.due(unit.connection, _name(force), every - 1)
        if due:
            await self._send(force, now, last)

    async def _judge(self, unit: Unit, force: str, now: datetime, *, late: bool) -> None:
        """An overdue drill is an alarm, said once; the gauges always stand as they are."""
        metrics().drill_overdue.labels(force).set(late)
        age = await drills.came_back(unit.connection, force)
        if age is not None:
            metrics().drill_age.labels(force).set(age)
        news = await ledger.mark_degraded(unit.connection, _name(force), now, degraded=late)
        if news and late:
            log.error("drill_overdue", force=force)
            await alarms.ring(unit.connection, [Alarm(OVERDUE, force)])
        elif news:
            log.info("drill_back", force=force)

    async def _send(self, force: str, now: datetime, last: Drill | None) -> None:
        """Take back a drill that got lost, so that it escalates to nobody, and send a new one."""
        if last is not None and not last.back:
            await self.counter.handle(Withdraw(Address(last.reference), Withdrawal(force, "exercise_over")))
        body = drill_report(force, self.policies.current, now)
        await self.counter.handle(asking.submit(self.reception, Principal("control_room", force), body, None))


def _name(force: str) -> str:
    return f"drill:{force}"

"""What intake does by itself: it watches what it holds, says that it is there, and says when a part is away."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from services.intake.policies import Policies
from services.intake.rules.desk import Told, addressed
from services.intake.rules.log_lines import log_line
from services.intake.rules.outbound import away_or_back, unrouted
from services.intake.rules.report import Followed
from services.intake.store import alarms, ledger, reports, told
from services.intake.store.alarms import Alarm
from shared.contracts.outbound import ServiceHeartbeat
from shared.database import Unit
from shared.metrics import metrics
from shared.service import Platform
from shared.telemetry import get_logger

log = get_logger("intake")

HEARTBEAT_SECONDS = 30.0
_LOOK_SECONDS = 1.0
_AT_ONCE = 200
_GRACE_SECONDS = 10.0
"""After a start, what routing said meanwhile is read before anything is called unrouted; at most this long."""
_MEND_SECONDS = 60.0
"""An unrouted report is sent to routing again after this long, and after as long again, in real time."""


@dataclass(frozen=True)
class Watch:
    """Two loops; with several replicas each thing is done by one of them."""

    platform: Platform
    policies: Policies

    async def holds(self) -> None:
        """Call a report unrouted when routing has not opened it in time; real time, until cancelled."""
        await self._catch_up()
        while True:
            while await self.look() == _AT_ONCE:
                pass
            await self.mend()
            await asyncio.sleep(await self._pause())

    async def look(self) -> int:
        """Deal with what is overdue now; gives how many reports that were."""
        async with self.platform.database.unit() as unit:
            overdue = await reports.lock_overdue(unit.connection, _AT_ONCE)
            now = await unit.now()
            steps = [unrouted(report, now) for report in overdue]
            await reports.follow(unit.connection, [step.report for step in steps])
            news = [one for step in steps for one in addressed(step.report, step.to_control_rooms)]
            await told.tell(unit, [*news, *await self._routing_away_or_back(unit, now)])
            await alarms.ring(unit.connection, [_alarm(step.report) for step in steps])
        if overdue:
            log.error("reports_unrouted", count=len(overdue))
        return len(overdue)

    async def mend(self) -> int:
        """Send once more what routing seems never to have got; gives how many events. What it has, it drops."""
        async with self.platform.database.unit() as unit:
            if not await ledger.due(unit.connection, "mend", _MEND_SECONDS - 1):
                return 0
            again = await reports.send_again(unit.connection, _MEND_SECONDS)
        if again:
            self.platform.bell("relay").ring()
            log.error("reports_sent_again", count=again)
        return again

    async def heartbeats(self) -> None:
        """Tell every control room every 30 s that Liaison is there; until cancelled."""
        while True:
            if self.platform.broker_reachable():
                await self.beat()
            await asyncio.sleep(HEARTBEAT_SECONDS / 6)

    async def beat(self) -> None:
        """One heartbeat to every force, unless another replica has just sent it."""
        async with self.platform.database.unit() as unit:
            if await ledger.due(unit.connection, ServiceHeartbeat.name, HEARTBEAT_SECONDS - 1):
                now = await unit.now()
                await told.tell(unit, told.to_all(self.policies.at(now), _heartbeat(now)))

    async def _catch_up(self) -> None:
        patience = asyncio.get_running_loop().time() + _GRACE_SECONDS
        while not self.platform.caught_up("referrals") and asyncio.get_running_loop().time() < patience:
            await asyncio.sleep(0.1)

    async def _pause(self) -> float:
        async with self.platform.database.unit() as unit:
            holds = await reports.holds(unit.connection)
        figures, service = metrics(), self.platform.database.name
        figures.open_without_deadline.labels(service).set(holds.without_deadline)
        figures.overdue.labels(service).set(holds.overdue)
        figures.overdue_seconds.labels(service).set(holds.oldest)
        return _LOOK_SECONDS if holds.next_in is None else min(max(holds.next_in, 0.05), _LOOK_SECONDS)

    async def _routing_away_or_back(self, unit: Unit, now: datetime) -> list[Told]:
        """Held reports overdue mean that routing is away; none left, that it is back. Said once each."""
        away = await reports.any_unrouted(unit.connection)
        if not await ledger.mark_degraded(unit.connection, "routing", now, degraded=away):
            return []
        return told.to_all(self.policies.at(now), away_or_back("routing", now, away=away))


def _alarm(report: Followed) -> Alarm:
    return Alarm("report.unrouted", report.source.force, report.reference)


def _heartbeat(at: datetime) -> ServiceHeartbeat:
    return ServiceHeartbeat(at=at, log_line=log_line(ServiceHeartbeat.name, at))

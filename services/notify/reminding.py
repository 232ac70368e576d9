"""Reminds officers of offers they have not answered, before those lapse."""

from dataclasses import dataclass

from services.notify.rules.attempts import OPEN
from services.notify.rules.desk import Desk
from services.notify.rules.patience import wait_for_receipt
from services.notify.rules.planning import remind
from services.notify.store.courses import save_courses
from services.notify.store.leases import moment_of
from services.notify.store.notices import insert_notices, lock_standing
from services.notify.store.policies import policies
from services.notify.store.recipients import recipients
from services.notify.store.referrals import lock_tasks
from services.notify.store.reminders import referrals_to_remind_of, take_reminders
from services.notify.telling import tell
from shared.database import Database, is_transient
from shared.identifiers import uuid7
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("reminding")

PAUSE = 1.0
"""Seconds between looks: a reminder is no promise to the second."""

BATCH = 50


@dataclass(frozen=True)
class Reminding:
    """A loop beside the dispatcher."""

    database: Database
    bell: Wake

    async def run(self) -> None:
        """Remind until cancelled."""
        while True:
            try:
                while await self.look():
                    pass
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
            await self.bell.sleep(PAUSE)

    async def look(self) -> int:
        """Plan the reminders that are due; gives of how many referrals there were any."""
        async with self.database.unit() as unit:
            due = await referrals_to_remind_of(unit, await unit.now(), BATCH)
            if not due:
                return 0
            tasks = await lock_tasks(unit, due)
            standing = await lock_standing(unit, tasks, OPEN)
            moment = await moment_of(unit)
            reminders = await take_reminders(unit, due, moment.domain)
            known = await policies(unit)
            desk = Desk(await recipients(unit, [one.officer for one in reminders]), moment)
            for notice in standing:
                desk.standing[notice.referral_id].append(notice)
            for one in reminders:
                plan = remind(tasks[one.referral_id], one.officer, one.respond_by)
                wait = wait_for_receipt(known, plan.task.pool, plan.task.response_class, moment.domain)
                desk.carry_out(plan, [uuid7() for _ in plan.drafts], wait, moment.domain)
            await insert_notices(unit, desk.new_notices())
            await save_courses(unit, desk.changed_courses(), moment.domain)
            await tell(unit, [(notice.subject, news) for notice, news in desk.news], moment.domain)
            unit.wake("dispatcher")
        return len(due)

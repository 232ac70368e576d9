"""Notices for people who were not on the roster yet: they wait, and start as soon as their recipient is known."""

from dataclasses import dataclass

from services.notify.rules.attempts import Course, News
from services.notify.rules.planning import Subject
from services.notify.rules.setting_out import equip
from services.notify.store.courses import save_courses
from services.notify.store.leases import lock_courses, moment_of, waiting_notices
from services.notify.store.recipients import recipients
from services.notify.store.referrals import lock_referrals
from services.notify.telling import tell
from shared.database import Database, is_transient
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("newcomers")

PAUSE = 1.0
"""Seconds between looks: a notice planned while its recipient was being published is found by the next."""


@dataclass(frozen=True)
class Newcomers:
    """A loop beside the dispatcher."""

    database: Database
    bell: Wake

    async def run(self) -> None:
        """Look whenever the roster changes, until cancelled."""
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
        """Start what waits for somebody who is known by now; gives how many."""
        async with self.database.unit() as unit:
            found = await waiting_notices(unit)
            if not found:
                return 0
            await lock_referrals(unit, [one.referral_id for one in found if one.referral_id is not None])
            courses = await lock_courses(unit, [one.notice_id for one in found])
            people = await recipients(unit, [one.to for one in found])
            moment = await moment_of(unit)
            started: list[tuple[Subject, Course, tuple[News, ...]]] = [
                (one, *equip(courses[one.notice_id], people[one.to], moment))
                for one in found
                if one.notice_id in courses and courses[one.notice_id].waiting
            ]
            await save_courses(unit, [(one.notice_id, course) for one, course, _ in started], moment.domain)
            await tell(unit, [(one, news) for one, _, heard in started for news in heard], moment.domain)
            unit.wake("dispatcher")
            return len(started)

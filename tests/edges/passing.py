"""Time that passes for notify's leases and back-off without anybody waiting for it."""

from datetime import timedelta

import sqlalchemy as sa

from services.notify.letters import WAKES
from services.notify.rules.attempts import LEASE, Course, Leg
from services.notify.store.courses import save_courses
from services.notify.store.leases import lock_courses
from tests.edges.notify_house import House


async def leases_run_out(house: House) -> None:
    """Whoever was sending is not heard of until their lease is over."""
    await pass_seconds(house, LEASE.total_seconds())


async def pass_seconds(house: House, seconds: float) -> None:
    """Everything that notify will do comes nearer by so many real seconds; deadlines stay where they are."""
    async with house.database.unit() as unit:
        ids = await unit.connection.scalars(sa.text("select id from notify.notices where due_at is not null"))
        courses = await lock_courses(unit, ids.all())
        sooner = [(notice, _sooner(course, timedelta(seconds=seconds))) for notice, course in courses.items()]
        await save_courses(unit, sooner, await unit.now())
        for table, column in (("letters", "due_at"), ("paces", "since")):
            shorter = sa.text(f"update notify.{table} set {column} = {column} - cast(:by as interval)")
            await unit.connection.execute(shorter, {"by": timedelta(seconds=seconds)})
        unit.wake("dispatcher")
        unit.wake(WAKES)


def _sooner(course: Course, by: timedelta) -> Course:
    legs = (Leg(leg.means, leg.nth, leg.state, leg.tries, leg.due and leg.due - by) for leg in course.legs)
    return course._replace(legs=tuple(legs))

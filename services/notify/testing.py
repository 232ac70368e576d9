"""Tests of officers' means: each sends what it can, and says what became of it."""

from collections.abc import Sequence

from services.notify.rules.planning import Notice
from services.notify.rules.testing import over_each_means
from services.notify.store.leases import moment_of
from services.notify.store.notices import insert_notices
from services.notify.store.recipients import recipients
from shared.contracts.officers import OfficerTestAsked
from shared.database import Unit
from shared.identifiers import uuid7


async def send_tests(unit: Unit, asked: Sequence[OfficerTestAsked]) -> None:
    """Plan what these officers asked for, and ring the dispatcher."""
    if not asked:
        return
    people = await recipients(unit, [event.officer for event in asked])
    moment = await moment_of(unit)
    notices = [
        Notice(uuid7(), draft.to, draft.type, draft.respond_by, moment.domain, None, course)
        for event in asked
        for draft, course in over_each_means(event, people.get(event.officer), moment)
    ]
    await insert_notices(unit, notices)
    unit.wake("dispatcher")

"""Tells a role, once, that something on the roster will be missing: a neutral alert about no referral."""

from collections.abc import Sequence

from services.notify.rules.patience import DEFAULT_PATIENCE
from services.notify.rules.planning import Notice
from services.notify.rules.setting_out import start_course
from services.notify.rules.warning import warn
from services.notify.store.leases import moment_of
from services.notify.store.notices import insert_notices
from services.notify.store.recipients import recipients
from services.notify.store.roster_warnings import not_told_yet
from services.notify.telling import tell
from shared.contracts.officers import RosterWarned
from shared.database import Unit
from shared.identifiers import uuid7

KEYS = "warning:"
"""How the keys of warnings begin on the topic they share with officers and roles."""


async def tell_of(unit: Unit, warned: Sequence[RosterWarned]) -> None:
    """Plan an alert for each of these that was not told before, and ring the dispatcher."""
    new = await not_told_yet(unit, warned)
    if not new:
        return
    people = await recipients(unit, [event.role for event in new])
    moment = await moment_of(unit)
    notices, news = [], []
    for event in new:
        draft = warn(event)
        course, heard = start_course(draft, False, people.get(draft.to), DEFAULT_PATIENCE, moment)
        notice = Notice(uuid7(), draft.to, draft.type, draft.respond_by, moment.domain, None, course)
        notices.append(notice)
        news += [(notice.subject, one) for one in heard]
    await insert_notices(unit, notices)
    await tell(unit, news, moment.domain)
    unit.wake("dispatcher")

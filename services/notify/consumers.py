"""What notify learns: what happens to referrals, how people are reached, how patiently."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import TypeGuard
from uuid import UUID

from services.notify.dispatcher import Dispatcher
from services.notify.letters import WAKES
from services.notify.proving import asked_to_prove
from services.notify.rules.attempts import OPEN, REACHED, is_due
from services.notify.rules.desk import Desk, Standing
from services.notify.rules.patience import Patience, Wait, patience_of, wait_for_receipt
from services.notify.rules.planning import Plan, Task, plan
from services.notify.store.courses import save_courses
from services.notify.store.leases import just_planned, moment_of
from services.notify.store.letters import write_letters
from services.notify.store.notices import insert_notices, lock_standing
from services.notify.store.policies import policies, save_policies
from services.notify.store.recipients import Published, recipients, save_recipients, versions
from services.notify.store.referrals import lock_tasks, save_tasks
from services.notify.store.reminders import Reminder, keep_reminders
from services.notify.telling import tell
from services.notify.testing import send_tests
from services.notify.warnings import KEYS, tell_of
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.officers import OfficerPublished, OfficerTestAsked, RosterWarned
from shared.contracts.policy import PolicyPublished
from shared.contracts.referrals import ReferralViewed
from shared.database import Unit
from shared.identifiers import uuid7
from shared.inbox import Received


@dataclass
class Planning:
    """A batch of referral events, folded: the tasks as they now stand, and what is to be done, in order."""

    tasks: dict[UUID, Task]
    standing: list[Standing]
    plans: list[tuple[Plan, datetime]] = field(default_factory=list)

    def waits(self, known: Sequence[Patience]) -> list[Wait]:
        """How long each plan's notices wait; those of a batch have few answers between them."""
        wait = lru_cache(maxsize=None)(partial(wait_for_receipt, known))
        return [wait(planned.task.pool, planned.task.response_class, now) for planned, now in self.plans]

    def reminders(self, waits: Sequence[Wait]) -> list[Reminder]:
        """Whom to remind of these offers, and when; nobody of one that lapses before."""
        found = []
        for (planned, now), after in zip(self.plans, (wait.remind_after for wait in waits), strict=True):
            for draft in planned.drafts:
                if draft.type == "task.offered" and after is not None and now + after < draft.not_after:
                    found.append(Reminder(planned.task.referral_id, draft.to, now + after, draft.not_after))
        return found


@dataclass(frozen=True)
class ReferralsConsumer:
    """Plans notices from what happens to referrals, and has the dispatcher start at once those that can leave."""

    dispatcher: Dispatcher

    async def load(self, unit: Unit, events: Sequence[Received]) -> Planning:
        """The tasks, locked, and then those of their notices that these events may touch."""
        wanted = [received.event for received in events if isinstance(received.event, ReferralEvent)]
        ids = [event.referral_id for event in wanted]
        tasks = await lock_tasks(unit, ids)
        touched = OPEN | REACHED if any(isinstance(event, ReferralViewed) for event in wanted) else OPEN
        return Planning(tasks, await lock_standing(unit, tasks, touched) if tasks else [])

    def apply(self, state: Planning, received: Received, now: datetime) -> None:
        """Plan one event."""
        event = received.event
        if isinstance(event, ReferralEvent):
            planned = plan(state.tasks.get(event.referral_id), event)
            state.tasks[event.referral_id] = planned.task
            state.plans.append((planned, now))

    async def save(self, unit: Unit, state: Planning) -> None:
        """Write notices and tasks, tell routing of people who cannot be reached, and ring the dispatcher."""
        if not state.plans:
            return
        people = await recipients(unit, [draft.to for planned, _ in state.plans for draft in planned.drafts])
        desk = Desk(people, await moment_of(unit))
        for one in state.standing:
            desk.standing[one.referral_id].append(one)
        waits = state.waits(await policies(unit))
        for (planned, now), wait in zip(state.plans, waits, strict=True):
            desk.carry_out(planned, [uuid7() for _ in planned.drafts], wait, now)
        await keep_reminders(unit, state.reminders(waits))
        touched = {planned.task.referral_id for planned, _ in state.plans}
        await save_tasks(unit, [state.tasks[referral] for referral in touched])
        fresh = desk.new_notices()
        leaving = [just_planned(one, people.get(one.to)) for one in desk.leaving()]
        begun = await self.dispatcher.start_at_once(unit, leaving, desk.moment)
        fresh = [one._replace(course=begun.get(one.id, one.course)) for one in fresh]
        await insert_notices(unit, fresh)
        await save_courses(unit, desk.changed_courses(), desk.moment.domain)
        await tell(unit, [(notice.subject, news) for notice, news in desk.news], desk.moment.domain)
        if any(is_due(one.course, desk.moment) for one in fresh):
            unit.wake("dispatcher")


@dataclass
class Roster:
    """A batch of the roster and the policy: who changed, against the versions stored."""

    versions: dict[str, int]
    published: dict[str, Published] = field(default_factory=dict)
    warned: list[RosterWarned] = field(default_factory=list)
    tests: list[OfficerTestAsked] = field(default_factory=list)
    policies: list[Patience] = field(default_factory=list)


class RosterConsumer:
    """Keeps officers and roles, their means still sealed, and how patient each class is."""

    async def load(self, unit: Unit, events: Sequence[Received]) -> Roster:
        """The versions stored of those published, locked."""
        keys = [received.key for received in events if received.topic == "officers" and received.key]
        return Roster(await versions(unit, keys))

    def apply(self, state: Roster, received: Received, now: datetime) -> None:
        """Take in one publication; an older version than the one stored changes nothing."""
        event = received.event
        if isinstance(event, PolicyPublished):
            documents = (event.document, *event.others)
            state.policies += [patience_of(pool, one) for one in documents for pool in one.pools]
        elif isinstance(event, RosterWarned):
            state.warned.append(event)
        elif isinstance(event, OfficerTestAsked):
            state.tests.append(event)
        elif isinstance(event, OfficerPublished):
            if event.version >= state.versions.get(event.id, 0):
                state.versions[event.id] = event.version
                state.published[event.id] = Published(event.id, event.version, event)
        elif received.tombstone and received.topic == "officers" and _is_recipient(received.key):
            last = state.versions.pop(received.key, 0)
            state.published[received.key] = Published(received.key, last, None)

    async def save(self, unit: Unit, state: Roster) -> None:
        """Write people and policies, and ring for those whose notices were waiting for them."""
        await save_recipients(unit, state.published)
        await save_policies(unit, state.policies)
        await tell_of(unit, state.warned)
        await send_tests(unit, state.tests)
        if state.published:
            await write_letters(unit, asked_to_prove(state.published.values()), await unit.now())
            unit.wake(WAKES)
            unit.wake("newcomers")


def _is_recipient(key: str | None) -> TypeGuard[str]:
    """Whether a key of `officers` names somebody who is told things, rather than a warning."""
    return bool(key) and not str(key).startswith(KEYS)

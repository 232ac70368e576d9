"""Carries plans out: new notices, and what becomes of those already on their way to the same people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.notify.rules.attempts import OPEN, Course, Moment, News, is_due, read, supersede
from services.notify.rules.patience import Wait
from services.notify.rules.planning import Draft, Notice, Plan, Recipient, Task
from services.notify.rules.quiet import begins
from services.notify.rules.setting_out import start_course, waiting_until


@dataclass
class Standing:
    """A notice as far as a newer event about its referral may touch it; `notice` is set while it is new."""

    id: UUID
    referral_id: UUID
    to: str
    course: Course
    notice: Notice | None = None
    changed: bool = False


@dataclass
class Desk:
    """One batch's notices. `people` are the recipients known; everybody else's notices wait."""

    people: Mapping[str, Recipient]
    moment: Moment
    standing: dict[UUID, list[Standing]] = field(default_factory=lambda: defaultdict(list))
    news: list[tuple[Notice, News]] = field(default_factory=list)

    def carry_out(self, plan: Plan, ids: Iterable[UUID], wait: Wait, at: datetime) -> None:
        """Fold one plan over the notices; `ids` has an id for each of its drafts, newest last."""
        told = {draft.to for draft in plan.drafts}
        for one in self.standing[plan.task.referral_id]:
            if one.to in plan.readers:
                self._change(one, read(one.course))
            elif one.course.state in OPEN and (plan.silence or one.to in told or one.to in plan.recalls):
                self._change(one, supersede(one.course))
        for draft, identity in zip(plan.drafts, ids, strict=False):
            self._add(draft, plan.task, identity, (wait, at))

    def _change(self, one: Standing, course: Course) -> None:
        one.changed = one.changed or course != one.course
        one.course = course

    def _add(self, draft: Draft, task: Task, identity: UUID, when: tuple[Wait, datetime]) -> None:
        start = begins(draft.type, when[0].quiet, task.duty_until.get(draft.to), when[1])
        if start != when[1] and draft.respond_by is None:
            # What waits for the morning is still worth telling then, for as long as it would have been at once.
            draft = draft._replace(not_after=max(draft.not_after, start + (draft.not_after - when[1])))
        course, news = start_course(draft, task.exercise, self.people.get(draft.to), when[0].patience, self.moment)
        course = waiting_until(course, start, self.moment)
        about = (identity, draft.to, draft.type, draft.respond_by, when[1], task)
        notice = Notice(*about, course, policy_version=when[0].policy_version)
        self.standing[task.referral_id].append(Standing(identity, task.referral_id, draft.to, course, notice))
        self.news += [(notice, one) for one in news]

    def new_notices(self) -> list[Notice]:
        """Notices to be written for the first time, with their courses as they now stand."""
        return [one.notice._replace(course=one.course) for one in self._all() if one.notice is not None]

    def leaving(self) -> list[Notice]:
        """New notices that are due now, nothing older being on its way to the same person about the same referral."""
        keeping = {(one.referral_id, one.to) for one in self._all() if one.notice is None and one.course.in_flight}
        return [
            one.notice._replace(course=one.course)
            for one in self._all()
            if one.notice is not None and (one.referral_id, one.to) not in keeping and is_due(one.course, self.moment)
        ]

    def changed_courses(self) -> list[tuple[UUID, Course]]:
        """Courses of stored notices that are to be written back."""
        return [(one.id, one.course) for one in self._all() if one.notice is None and one.changed]

    def _all(self) -> list[Standing]:
        return [one for standing in self.standing.values() for one in standing]

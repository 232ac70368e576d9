"""A test of somebody's means: over each of them by itself, so that each shows what became of it."""

from datetime import timedelta

from services.notify.rules.attempts import Course, Leg, Moment
from services.notify.rules.patience import DEFAULT_PATIENCE
from services.notify.rules.planning import Draft, Recipient
from services.notify.rules.setting_out import ways_now
from shared.contracts.officers import OfficerTestAsked

TEST_FOR = timedelta(minutes=15)
"""How long a test is worth trying: whoever asked for it is looking at the phone now."""


def over_each_means(event: OfficerTestAsked, recipient: Recipient | None, moment: Moment) -> list[tuple[Draft, Course]]:
    """A notice for each verified way to reach an officer, all due at once.

    None for somebody nobody knows, nor for a test of long ago that is only read again.
    """
    draft = Draft(event.officer, "test", None, event.at + TEST_FOR)
    if recipient is None or moment.domain >= draft.not_after:
        return []
    kinds = [way.kind for way in ways_now(recipient, moment.domain)]
    patience = DEFAULT_PATIENCE.total_seconds() / moment.speed
    return [
        (draft, Course((Leg(kind, kinds[:place].count(kind), due=moment.real),), draft.not_after, patience))
        for place, kind in enumerate(kinds)
    ]

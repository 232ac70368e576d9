"""Quiet hours from the policy to the phone: who is off duty is told later, who is on duty now."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.policy import PolicyPublished
from shared.local_time import LONDON
from tests.edges.notify_house import House, Story, house
from tests.edges.webhook_receiver import receiving
from tests.rules.policy.drafts import policy

PEGGY, IRIS, OTTO = "H1042", "B0007", "C2210"


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    """Notify under a policy whose quiet hours began an hour ago and last for two more."""
    local = datetime.now(LONDON)
    hours = (
        ('quiet_from = "22:00"', f'quiet_from = "{local - timedelta(hours=1):%H:%M}"'),
        ('quiet_until = "07:00"', f'quiet_until = "{local + timedelta(hours=2):%H:%M}"'),
    )
    document = policy(*hours, version="siesta", begins=datetime.now(UTC) - timedelta(days=1))
    async with house(postgres_url) as made:
        await made.govern(PolicyPublished(document=document, at=datetime.now(UTC)))
        yield made


async def one_told(notify: House, response_class: str, messages: int) -> list[tuple[str, str]]:
    """Peggy, off duty by now, Iris, on duty, and Otto, of whom it is not said, are asked; then the task is over."""
    story, now = Story(), datetime.now(UTC)
    asked = (PEGGY, IRIS)
    known = {"on_duty_until": (now - timedelta(minutes=1), now + timedelta(hours=5))}
    async with receiving() as hook, notify.at_work():
        for officer in (PEGGY, IRIS, OTTO):
            await notify.publish(officer, webhook=hook.url)
        first, second = story.offered(*asked), story.offered(OTTO)
        first = first.model_copy(update={"response_class": response_class, **known})
        await notify.hear(first, second.model_copy(update={"response_class": response_class}))
        await hook.until(3)
        over = story.event("ReferralWithdrawn", state="withdrawn", reason="no_longer_needed")
        await notify.hear(over.model_copy(update={"response_class": response_class}))
        await hook.until(messages)
    return [(to, state) for to, kind, state in await notify.states() if kind == "task.closed"]


async def test_a_scheduled_task_that_is_over_wakes_nobody_who_is_off_duty(notify: House) -> None:
    assert sorted(await one_told(notify, "scheduled", 5)) == [
        (IRIS, "delivered"),
        (OTTO, "delivered"),
        (PEGGY, "planned"),
    ]
    rows = await notify.rows(
        "select extract(epoch from due_at - clock_timestamp()) / 3600 as hours, "
        "extract(epoch from not_after - due_at) / 3600 as worth from notify.notices where state = 'planned'"
    )
    ((hours, worth),) = rows
    assert 1.9 < hours < 2.05
    assert 3.9 < worth < 4.1


async def test_a_priority_task_breaks_through(notify: House) -> None:
    assert {state for _, state in await one_told(notify, "priority", 6)} == {"delivered"}

"""A notice is as patient as the policy in force says, and says by which version."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.policy import PolicyDocument, PolicyPublished
from tests.edges.notify_house import House, Story, house
from tests.edges.webhook_receiver import receiving
from tests.rules.policy.drafts import default, policy

PEGGY = "H1042"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
QUICK = ("receipt_seconds = 60", "receipt_seconds = 7")


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        yield made


async def told_by(notify: House, story: Story) -> list[tuple[str | None, float]]:
    """Version and patience (seconds) of every notice, oldest first."""
    async with receiving() as peggy, notify.at_work():
        await notify.publish(PEGGY, webhook=peggy.url)
        await notify.hear(story.offered(PEGGY))
    rows = await notify.rows("select policy_version, patience from notify.notices order by id")
    return [(row.policy_version, row.patience) for row in rows]


def published(document: PolicyDocument, *others: PolicyDocument) -> PolicyPublished:
    return PolicyPublished(document=document, at=YESTERDAY, others=others)


async def test_before_any_policy_is_heard_of_a_notice_goes_out_and_names_none(notify: House) -> None:
    assert await told_by(notify, Story()) == [(None, 60.0)]


async def test_a_new_version_is_taken_up_at_its_date_without_a_restart(notify: House) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await notify.govern(published(default()))
    await notify.govern(published(policy(QUICK, version="tomorrow", begins=tomorrow), default()))
    assert await told_by(notify, Story()) == [("default-1", 60.0)]
    await notify.govern(published(policy(QUICK, version="quick", begins=YESTERDAY), default()))

    assert await told_by(notify, Story()) == [("default-1", 60.0), ("quick", 7.0)]


async def test_whoever_was_down_meanwhile_learns_it_all_from_the_last_that_is_left(notify: House) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    last = published(policy(version="tomorrow", begins=tomorrow), policy(QUICK, version="quick", begins=YESTERDAY))
    await notify.govern(last)
    await notify.govern(last, last)

    assert await told_by(notify, Story()) == [("quick", 7.0)]
    assert [row.version for row in await notify.rows("select version from notify.policies order by 1")] == [
        "quick",
        "tomorrow",
    ]

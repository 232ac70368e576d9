"""Reminders: of an offer nobody has answered, before it lapses, once, and of no other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.reminding import Reminding
from shared.contracts.policy import PolicyPublished
from tests.edges.notify_house import House, Story, house
from tests.edges.webhook_receiver import receiving
from tests.rules.policy.drafts import default

PEGGY, IRIS = "H1042", "B0007"


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        await made.govern(PolicyPublished(document=default(), at=datetime.now(UTC)))
        yield made


async def remind_at(notify: House, minutes: float) -> None:
    """Let so many minutes pass for what is to be reminded of."""
    await notify.rows(
        "update notify.reminders set due_at = due_at - make_interval(mins => :minutes) returning 1", minutes=minutes
    )
    reminding = Reminding(notify.database, notify.bell("reminding"))
    while await reminding.look():
        pass


async def kinds(notify: House) -> list[tuple[str, str]]:
    return [(to, kind) for to, kind, _ in await notify.states()]


async def test_an_offer_nobody_answers_is_reminded_of_once_before_it_lapses(notify: House) -> None:
    await notify.publish(PEGGY, webhook="https://peggy.example/")
    await notify.hear(Story().offered(PEGGY))
    await remind_at(notify, 7.5)
    assert await kinds(notify) == [(PEGGY, "task.offered")]
    await remind_at(notify, 1)
    await remind_at(notify, 60)
    assert await kinds(notify) == [(PEGGY, "task.offered"), (PEGGY, "task.reminder")]


async def test_the_reminder_goes_out_under_an_id_of_its_own_with_the_same_deadline(notify: House) -> None:
    async with receiving() as hook, notify.at_work():
        await notify.publish(PEGGY, webhook=hook.url)
        await notify.hear(Story().offered(PEGGY))
        await hook.until(1)
        await remind_at(notify, 9)
        first, second = await hook.until(2)
    assert b"task.reminder" in second.body
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    rows = await notify.rows("select distinct respond_by from notify.notices")
    assert len(rows) == 1


async def test_nobody_is_reminded_of_what_is_answered_taken_or_over(notify: House) -> None:
    taken, declined, closed = Story(), Story(), Story()
    await notify.hear(taken.offered(PEGGY, IRIS), declined.offered(PEGGY), closed.offered(PEGGY))
    await notify.hear(
        taken.accepted(IRIS),
        declined.event("ReferralDeclined", officer=PEGGY, code="busy"),
        closed.event("ReferralWithdrawn", state="withdrawn", reason="no_longer_needed"),
    )
    await remind_at(notify, 60)
    assert "task.reminder" not in [kind for _, kind in await kinds(notify)]


async def test_an_offer_that_lapses_before_its_reminder_has_none(notify: House) -> None:
    await notify.hear(Story().offered(PEGGY, seconds=120))
    assert await notify.rows("select 1 from notify.reminders") == []


async def test_an_exercise_is_reminded_of_in_the_sink_alone(notify: House) -> None:
    async with receiving() as hook, notify.at_work():
        await notify.publish(PEGGY, webhook=hook.url)
        await notify.hear(Story(exercise=True).offered(PEGGY))
        await remind_at(notify, 9)
        await notify.until_states("delivered", "delivered")
        assert hook.heard == []


async def test_two_processes_remind_once(notify: House) -> None:
    await notify.hear(Story().offered(PEGGY))
    await notify.rows("update notify.reminders set due_at = :at returning 1", at=datetime.now(UTC) - timedelta(1))
    one, other = (Reminding(notify.database, notify.bell(name)) for name in ("one", "other"))
    assert {await one.look(), await other.look()} == {1, 0}
    assert [kind for _, kind in await kinds(notify)] == ["task.offered", "task.reminder"]

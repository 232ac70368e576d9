"""A storm of tasks for one person: few messages, every notice accounted for, and webhooks one by one."""

from collections.abc import AsyncIterator

import pytest

from tests.edges.notify_house import Story
from tests.edges.passing import pass_seconds
from tests.edges.texting_house import Texts, texts
from tests.edges.webhook_receiver import receiving
from tests.waiting import until

PEGGY, IRIS = "H1042", "B0007"
NUMBER = "+447700900042"


@pytest.fixture
async def town(postgres_url: str) -> AsyncIterator[Texts]:
    async with texts(postgres_url) as made:
        made.notify.gathered = frozenset({"phone", "email"})
        yield made


async def test_a_storm_over_webhooks_is_one_notice_each(town: Texts) -> None:
    async with receiving() as hook, town.notify.at_work():
        await town.notify.publish(PEGGY, webhook=hook.url)
        await town.notify.hear(*(Story().offered(PEGGY) for _ in range(30)))
        await hook.until(30)


async def test_three_tasks_are_three_texts_each_with_its_code_and_what_can_wait_waits(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.publish(IRIS, phone="+447700900043")
    async with town.notify.at_work():
        await town.notify.hear(*(Story().offered(PEGGY, seconds=7200) for _ in range(3)))
        await town.until_taken(3)
        assert all("Answer YES" in text for text in town.govuk.texts_to(NUMBER))
        await town.notify.hear(Story().offered(PEGGY, seconds=7200), Story().offered(PEGGY, seconds=7200))
        await town.notify.hear(Story().offered(IRIS, seconds=7200))
        await town.until_taken(4)
    assert len(town.govuk.texts_to(NUMBER)) == 3
    rows = await town.notify.rows(
        "select extract(epoch from due_at - clock_timestamp()) as wait from notify.notices where state = 'planned'"
    )
    assert len(rows) == 2
    assert all(60 < row.wait <= 120 for row in rows)


async def test_what_is_urgent_waits_for_no_window(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    async with town.notify.at_work():
        await town.notify.hear(*(Story().offered(PEGGY, seconds=7200) for _ in range(3)))
        await town.until_taken(3)
        await town.notify.hear(Story().offered(PEGGY, seconds=300))
        await town.until_taken(4)


async def test_a_storm_the_provider_did_not_take_is_one_text_again(town: Texts) -> None:
    town.govuk.script = [503, 0]
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(*(Story().offered(PEGGY) for _ in range(50)))
    async with town.notify.at_work():
        await town.notify.until_states(*["sent"] * 50)
    assert len(town.govuk.taken) == 1


async def test_what_is_left_of_a_storm_that_never_left_goes_out_under_the_id_it_had(town: Texts) -> None:
    stories = [Story() for _ in range(9)]
    town.govuk.script = [503]
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(*(story.offered(PEGGY) for story in stories))
    async with town.notify.at_work():
        await until(lambda: _tried(town, 9))
    sent_as = await town.notify.rows("select distinct coalesce(sent_as, notice_id) as id from notify.attempts")
    await town.notify.hear(*(story.accepted(PEGGY) for story in stories[:7]))
    await pass_seconds(town.notify, 2)
    async with town.notify.at_work():
        await town.until_taken(1)
        await until(lambda: _sent(town, 2))
    assert [one.reference for one in town.govuk.taken] == [str(row.id) for row in sent_as]
    assert "2 tasks" in town.govuk.taken[0].words


async def test_what_is_new_joins_no_repeat_and_a_repeat_no_other(town: Texts) -> None:
    town.govuk.script = [0, 0]
    await town.notify.publish(PEGGY, phone=NUMBER)
    for sent in (1, 2):
        await town.notify.hear(*(Story().offered(PEGGY) for _ in range(5)))
        async with town.notify.at_work():
            await town.until_taken(sent)
            await until(lambda sent=sent: _tried(town, 5 * sent))  # type: ignore[misc]
    await pass_seconds(town.notify, 120)
    await town.notify.hear(*(Story().offered(PEGGY) for _ in range(5)))
    async with town.notify.at_work():
        await town.notify.until_states(*["sent"] * 15)
    assert ["5 tasks" in one.words for one in town.govuk.taken] == [True] * 3
    rows = await town.notify.rows(
        "select count(*) as count from notify.attempts where provider_id is not null group by provider_id"
    )
    assert [row.count for row in rows] == [5, 5, 5]


async def test_a_receipt_that_overtakes_its_answer_is_every_notices_of_the_storm(town: Texts) -> None:
    town.govuk.script = [0]
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(*(Story().offered(PEGGY) for _ in range(9)))
    async with town.notify.at_work():
        await town.until_taken(1)
        await until(lambda: _tried(town, 9))
    assert await town.govuk.receipt(town.govuk.taken[0], "delivered") == 204
    await town.notify.until_states(*["delivered"] * 9)


async def _tried(town: Texts, count: int) -> bool | None:
    rows = await town.notify.rows("select 1 from notify.notices where state = 'planned' and repeat")
    return len(rows) == count or None


async def _sent(town: Texts, count: int) -> bool | None:
    return [state for _, _, state in await town.notify.states()].count("sent") == count or None


async def test_a_storm_for_a_number_that_said_stop_is_no_text_at_all(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.govuk.text_from(NUMBER, "STOP")
    await town.notify.hear(*(Story().offered(PEGGY) for _ in range(20)))
    async with town.notify.at_work():
        await town.notify.until_states(*["failed"] * 20)
    assert not any("news of" in text for text in town.govuk.texts_to(NUMBER))

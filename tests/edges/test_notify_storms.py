"""A storm of tasks for one person: few messages, every notice accounted for, and webhooks one by one."""

from collections.abc import AsyncIterator

import pytest

from tests.edges.notify_house import Story, receiving
from tests.edges.texting_house import Texts, texts

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


async def test_a_storm_for_a_number_that_said_stop_is_no_text_at_all(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.govuk.text_from(NUMBER, "STOP")
    await town.notify.hear(*(Story().offered(PEGGY) for _ in range(20)))
    async with town.notify.at_work():
        await town.notify.until_states(*["failed"] * 20)
    assert not any("news of" in text for text in town.govuk.texts_to(NUMBER))

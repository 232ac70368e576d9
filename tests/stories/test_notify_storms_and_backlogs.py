"""Stories of too much at once: a storm of tasks for one officer, a queue of repeats, and a stop in the middle of it."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.edges.notify_house import Story
from tests.edges.passing import pass_seconds
from tests.edges.texting_house import Texts, texts
from tests.edges.webhook_receiver import receiving
from tests.waiting import until

PEGGY, IRIS = "H1042", "B0007"
NUMBER, IRISES = "+447700900042", "+447700900043"


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[Texts]:
    """Notify with telephones, for all of these stories one after another."""
    async with texts(module_postgres_url) as made:
        made.notify.gathered = frozenset({"phone", "email"})
        yield made


@pytest.fixture
async def town(house: Texts) -> Texts:
    return await house.as_new()


async def test_two_hundred_tasks_for_one_officer_are_one_text_and_its_receipt_is_everybodys(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(*(Story().offered(PEGGY) for _ in range(200)))
    async with town.notify.at_work():
        await town.notify.until_states(*["sent"] * 200)
        (taken,) = town.govuk.taken
        assert taken.words.startswith("You have news of 200 tasks. Sign in. by ")
        assert taken.words.endswith(": https://tasks.example/tasks")
        await town.govuk.receipt(taken, "delivered")
        await town.notify.until_states(*["delivered"] * 200)
    assert len(await town.notify.deliveries()) == 200


async def test_a_storm_ends_in_few_texts_and_a_colleagues_one_task_waits_for_none_of_it(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.publish(IRIS, phone=IRISES)
    story = Story()
    async with town.notify.at_work():
        for _ in range(10):
            await town.notify.hear(*(Story().offered(PEGGY, seconds=7200) for _ in range(20)))
        await town.notify.hear(story.offered(IRIS))
        await until(lambda: _told(town, IRISES))
        await pass_seconds(town.notify, 120)
        await town.notify.until_states(*["sent"] * 201)
    assert len(town.govuk.texts_to(NUMBER)) <= 6
    assert [story.reference in text for text in town.govuk.texts_to(IRISES)] == [True]


async def _told(town: Texts, number: str) -> bool | None:
    return bool(town.govuk.texts_to(number)) or None


async def test_a_new_offer_overtakes_a_queue_of_repeats(town: Texts) -> None:
    waiting = [f"H{3000 + number}" for number in range(60)]
    for place, officer in enumerate(waiting):
        await town.notify.publish(officer, phone=f"+44770090{2000 + place}")
    await town.notify.publish(PEGGY, phone=NUMBER)
    town.govuk.script = [503] * 60
    await town.notify.hear(*(Story().offered(officer) for officer in waiting))
    async with town.notify.at_work():
        await until(lambda: _all_tried(town, 60))
    town.govuk.script.clear()
    town.notify.lanes.clear()
    await pass_seconds(town.notify, 30)

    await town.notify.hear(Story().offered(PEGGY))
    async with town.notify.at_work():
        await town.until_taken(61)
    assert NUMBER in [one.to for one in town.govuk.taken[:5]]
    assert max(Counter(one.to for one in town.govuk.taken).values()) == 1


async def _all_tried(town: Texts, count: int) -> bool | None:
    rows = await town.notify.rows("select 1 from notify.notices where state = 'planned' and repeat")
    return len(rows) == count or None


async def test_after_a_stop_what_was_missed_is_caught_up_with_and_nobody_is_told_twice(town: Texts) -> None:
    officers = [f"H{number:04}" for number in range(30)]
    async with receiving(delay=0.3) as everybody:
        for officer in officers:
            await town.notify.publish(officer, webhook=everybody.url)
        await town.notify.hear(*(Story().offered(officer) for officer in officers))
        async with town.notify.at_work():
            await everybody.until(5)
        story = Story()
        await town.notify.hear(*(Story().offered(officer) for officer in officers))
        await town.notify.hear(story.offered(*officers))
        await town.notify.hear(story.accepted(officers[0]))
        async with town.notify.at_work():
            await until(lambda: _nothing_is_open(town), 40)
    ids = Counter(one.headers["webhook-id"] for one in everybody.heard)
    assert max(ids.values()) == 1
    told = Counter(kind for _, kind, state in await town.notify.states() if state == "delivered")
    assert told == {"task.offered": 60, "task.taken": 29}
    assert sum(told.values()) == len(ids)


async def _nothing_is_open(town: Texts) -> bool | None:
    states = [state for _, _, state in await town.notify.states()]
    return not {"planned", "sending", "sent"} & set(states) or None

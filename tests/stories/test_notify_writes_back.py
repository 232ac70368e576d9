"""Stories of officers who answer by text message, in the way people write, and what they are honestly told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.edges.notify_house import Story
from tests.edges.texting_house import Texts, texts
from tests.edges.webhook_receiver import receiving
from tests.waiting import until

PEGGY, IRIS = "H1042", "B0007"
NUMBER, IRISES = "+447700900042", "+447700900043"


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[Texts]:
    """Notify with telephones, for all of these stories one after another."""
    async with texts(module_postgres_url) as made:
        yield made


@pytest.fixture
async def town(house: Texts) -> AsyncIterator[Texts]:
    await house.as_new()
    async with house.notify.at_work():
        yield house


async def asked(town: Texts, story: Story, officer: str = PEGGY, number: str = NUMBER) -> str:
    """An officer has a text with an offer; gives its code."""
    before = len(town.govuk.taken)
    await town.notify.publish(officer, phone=number)
    await town.notify.hear(story.offered(officer))
    await town.until_taken(before + 1)
    return await town.code_of(officer)


async def told(town: Texts, count: int, number: str = NUMBER) -> str:
    """The last thing a phone shows once it has been written to `count` times."""

    async def enough() -> list[str] | None:
        found = town.govuk.texts_to(number)
        return found if len(found) >= count else None

    return (await until(enough))[-1]


@pytest.mark.parametrize(
    "written",
    ["YES {} ", " yes {}\n", "Yes  {} .", "{} yes\t", "\u00a0YES\u00a0{}\u00a0", "yes{}", "YES\r\n{}\r\n\r\n"],
)
async def test_spaces_and_lines_around_an_answer_are_no_part_of_it(town: Texts, written: str) -> None:
    code = await asked(town, Story())
    assert await town.govuk.text_from(NUMBER, written.format(code)) == 204
    assert [payload["answer"] for payload in await town.replied()] == ["yes"]
    assert "has been passed on" in await told(town, 2)


async def test_two_replies_in_one_second_are_both_heard_in_one_order_without_a_gap(town: Texts) -> None:
    code = await asked(town, Story())
    await asyncio.gather(town.govuk.text_from(NUMBER, f"YES {code}"), town.govuk.text_from(NUMBER, f"NO {code}"))
    found = await town.replied()
    assert sorted(payload["answer"] for payload in found) == ["no", "yes"]
    assert [payload["sequence"] for payload in found] == [1, 2]


async def test_a_wrong_code_changes_nothing_and_says_so(town: Texts) -> None:
    code = await asked(town, Story())
    wrong = f"{(int(code) + 1) % 10_000:04}"
    await town.govuk.text_from(NUMBER, f"YES {wrong}")
    assert (await told(town, 2)).startswith("None of your tasks has that code. Nothing was changed.")
    assert await town.replied() == []
    await town.govuk.text_from(NUMBER, f"YES {code}")
    assert [payload["answer"] for payload in await town.replied()] == ["yes"]


async def test_somebody_elses_code_is_a_wrong_code(town: Texts) -> None:
    await asked(town, Story())
    theirs = await asked(town, Story(), IRIS, IRISES)
    mine = await town.code_of(PEGGY)
    if theirs != mine:
        await town.govuk.text_from(NUMBER, f"YES {theirs}")
        assert (await told(town, 2)).startswith("None of your tasks has that code.")
        assert await town.replied() == []


async def test_stop_ends_texts_the_next_means_is_used_and_start_brings_them_back(town: Texts) -> None:
    await asked(town, Story())
    await town.govuk.text_from(NUMBER, "STOP")
    assert "no more text messages" in await told(town, 2)
    async with receiving() as hook:
        await town.notify.publish(PEGGY, phone=NUMBER, webhook=hook.url)
        await town.notify.hear(Story().offered(PEGGY))
        await hook.until(1)
    reasons = [(means, state, reason) for means, _, state, reason in await town.attempts()]
    assert ("phone", "failed", "stopped") in reasons
    assert len(town.govuk.texts_to(NUMBER)) == 2
    await town.govuk.text_from(NUMBER, "Start")
    assert "from us again" in await told(town, 3)
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(Story().offered(PEGGY))
    assert (await told(town, 4)).startswith("You have a new task.")


async def test_a_number_that_stopped_and_has_no_other_means_goes_back_to_routing_at_once(town: Texts) -> None:
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.govuk.text_from(NUMBER, "stop")
    await town.notify.hear(Story().offered(PEGGY))
    await town.notify.until_states("failed")
    ((name, payload),) = await town.notify.deliveries()
    assert (name, payload["last_means"], payload["reason"]) == ("notice.failed", True, "stopped")

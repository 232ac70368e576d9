"""Warnings about the roster become one neutral alert to the role, once, whatever the topic repeats."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.officers import RosterWarned
from tests.edges.notify_house import House, house
from tests.edges.webhook_receiver import receiving


@pytest.fixture
async def notify(postgres_url: str) -> AsyncIterator[House]:
    async with house(postgres_url) as made:
        yield made


def warning(kind: str = "training", subject: str = "H1042", hours: float = 1000) -> RosterWarned:
    now = datetime.now(UTC)
    due = (now + timedelta(hours=hours)).replace(microsecond=0)
    return RosterWarned(role="coordinator:herts", kind=kind, subject=subject, due=due, at=now)


async def test_the_role_is_told_once_and_learns_nothing_but_where_to_look(notify: House) -> None:
    async with receiving() as phone, notify.at_work():
        await notify.publish("coordinator:herts", webhook=phone.url)
        one = warning()
        for _ in range(2):
            await notify.warn(one)
        (heard,) = await phone.until(1)
        await notify.until_states("delivered")
    said = json.loads(heard.body)
    assert {key: said[key] for key in ("type", "reference", "class", "respond_by", "url")} == {
        "type": "role.alert",
        "reference": None,
        "class": None,
        "respond_by": None,
        "url": "https://tasks.example/roster",
    }
    assert b"H1042" not in heard.body
    assert b"training" not in heard.body


async def test_the_note_of_tonights_cover_is_told_once_a_night_and_leads_to_the_coverage(notify: House) -> None:
    tonight = warning("cover_tonight", "herts", hours=3)
    async with receiving() as phone, notify.at_work():
        await notify.publish("coordinator:herts", webhook=phone.url, phone="+447700900001")
        for _ in range(2):
            await notify.warn(tonight)
        await notify.warn(warning("cover_tonight", "herts", hours=27))
        (heard, _) = await phone.until(2)
        await notify.until_states("delivered", "delivered")
    said = json.loads(heard.body)
    assert (said["type"], said["reference"], said["url"]) == ("role.alert", None, "https://tasks.example/coverage")
    assert {event["type"] for _, event in await notify.deliveries()} == {"role.alert"}


async def test_a_note_goes_out_at_any_hour_to_a_role_as_people_read_it(notify: House) -> None:
    await notify.publish("coordinator:herts", phone="+447700900001")
    async with notify.at_work():
        await notify.warn(warning("cover_tonight", "herts", hours=3))
        await notify.until_states("delivered")
    (text,) = await notify.rows("select body, reference from notify.phone_messages")
    assert text.body == "Tonight's cover has gaps. Sign in. https://tasks.example/coverage"


async def test_another_day_is_another_warning(notify: House) -> None:
    await notify.publish("coordinator:herts", phone="+447700900001")
    await notify.warn(warning(hours=20), warning(hours=30), warning("role_unstaffed", "fim:herts", 20))
    assert len(await notify.states()) == 3


async def test_a_warning_for_a_role_nobody_knows_yet_waits(notify: House) -> None:
    await notify.warn(warning())
    assert await notify.states() == [("coordinator:herts", "role.alert", "planned")]
    async with notify.at_work():
        await notify.publish("coordinator:herts", phone="+447700900001")
        await notify.until_states("delivered")


async def test_a_warning_that_is_over_before_it_is_read_is_not_sent(notify: House) -> None:
    """A consumer that starts anew reads what the topic kept."""
    old = datetime.now(UTC) - timedelta(days=3)
    await notify.publish("coordinator:herts", phone="+447700900001")
    event = warning().model_copy(update={"due": old, "at": old - timedelta(days=60)})
    async with notify.at_work():
        await notify.warn(event)
        await notify.until_states("expired")
    assert await notify.rows("select 1 from notify.phone_messages") == []


async def test_a_warning_taken_back_is_nobody_leaving_the_roster(notify: House) -> None:
    await notify.publish("H1042", phone="+447700900001")
    await notify.warn(warning())
    await notify.remove("warning:training:H1042")
    assert [tuple(row) for row in await notify.rows("select id, gone from notify.recipients order by id")] == [
        ("H1042", False)
    ]

"""A drill asks like any other referral, burdens nobody, and ends when a notice of it has been delivered."""

from collections.abc import AsyncIterator

import pytest

from shared.contracts.deliveries import NoticeDelivered
from shared.contracts.reports import ReportReceived
from shared.identifiers import uuid7
from tests.stories.routing_house import NOON, House, routing


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with routing(postgres_url) as house:
        yield house


def delivered(report: ReportReceived, sequence: int, *, exercise: bool = True) -> NoticeDelivered:
    its = {"referral_id": report.referral_id, "reference": report.reference, "sequence": sequence, "at": NOON}
    words = {"notice_id": uuid7(), "to": "H1042", "means": "phone", "type": "task.offered", "exercise": exercise}
    return NoticeDelivered.model_validate(its | words)


async def test_it_ends_when_its_notice_has_been_delivered_and_not_before(house: House) -> None:
    await house.roster("H1042,herts")
    report = await house.report(exercise=True, drill=True)
    await house.decide()
    assert "offered" in await house.story(report)
    await house.hear("deliveries", delivered(report, 1))
    await house.hear("deliveries", delivered(report, 2))
    assert (await house.story(report))[-1:] == ["closed"]
    (closed,) = await house.told(report, "closed")
    assert closed["outcome"] == "drill_complete"


async def test_it_takes_up_no_room_on_anybodys_list(house: House) -> None:
    await house.roster("H1042,herts")
    await house.report(exercise=True, drill=True)
    await house.decide()
    assert await house.rows("select 1 from routing.engagements") == []
    assert await house.rows("select 1 from routing.loads") == []


async def test_another_exercise_is_not_ended_by_a_delivery(house: House) -> None:
    await house.roster("H1042,herts")
    report = await house.report(exercise=True)
    await house.decide()
    await house.hear("deliveries", delivered(report, 1))
    assert "closed" not in await house.story(report)

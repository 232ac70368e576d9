"""Intake under a policy that changes: reports keep the meaning they came with, and nothing is restarted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shared.contracts.policy import PolicyDocument, PolicyPublished, parse_policy
from tests.rules.policy.drafts import NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE, default, text
from tests.stories.intake_house import House, body, opened
from tests.waiting import until

JUNE = datetime(2026, 6, 6, 9, tzinfo=UTC)
MAY, JULY = JUNE - timedelta(days=30), JUNE + timedelta(days=30)
CAMBS = {"system": "STORM", "force": "cambs", "incident_ref": "C-1"}
DESK = "control_room:cambs"


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    """Intake with its loop at work that takes up policies."""
    async with opened(postgres_url) as found:
        found.platform.database.on_commit = partial(_ring, found)
        follows = asyncio.ensure_future(found.service.tasks["policies"]())
        yield found
        follows.cancel()
        with suppress(asyncio.CancelledError):
            await follows


def _ring(house: House, names: set[str]) -> None:
    for name in names:
        house.platform.bell(name).ring()


def june(*changes: tuple[str, str]) -> PolicyDocument:
    """From June on there is a new strand, and Cambridgeshire's `prompt` is called otherwise."""
    return parse_policy(text(NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE, *changes, begins=JUNE))


async def hears(house: House, *events: PolicyPublished) -> None:
    """Intake hears of versions, and its replicas take them up."""
    await house.inside("policy", *events)

    async def known() -> bool | None:
        version = (await codes(house, JULY))["version"]
        return True if version == events[-1].document.version else None

    await until(known)


async def codes(house: House, at: datetime) -> dict[str, Any]:
    answer = await house.call("GET", "/v1/codes", params={"at": at.isoformat()})
    found: dict[str, Any] = answer.json()
    return found


def said(when: datetime, *, strand: str = "transgender", grade: str = "priority") -> dict[str, Any]:
    """What a Cambridgeshire report of that time says."""
    return {
        "source": CAMBS,
        "received_at": when.isoformat(),
        "strands": [{"strand": strand, "perceived_by": "victim"}],
        "grade": {"value": grade, "by": "OP7", "at": when.isoformat()},
        "locations": [{"kind": "incident", "district": "E07000008"}],
    }


async def sends(house: House, number: int, when: datetime, **words: str) -> tuple[int, list[str]]:
    sent = body(number, **said(when, **words))
    answer = await house.call("POST", "/v1/reports", DESK, json=sent)
    return answer.status_code, [error["field"] for error in answer.json().get("errors", [])]


async def test_each_report_is_judged_by_the_policy_of_its_own_time(house: House) -> None:
    assert await sends(house, 1, JULY, strand="asexual") == (422, ["strands.0.strand"])
    await hears(house, PolicyPublished(document=june(), at=MAY, others=(default(),)))

    assert await sends(house, 2, JULY, strand="asexual", grade="p2_urgent") == (202, [])
    assert await sends(house, 3, MAY, strand="asexual", grade="p2_urgent") == (422, ["strands.0.strand", "grade.value"])
    assert await sends(house, 4, MAY, grade="prompt") == (202, [])
    assert await sends(house, 5, JULY, grade="prompt") == (422, ["grade.value"])
    received = {one["idempotency_key"]: one for one in await house.published("outbound.cambs")}
    assert {key: one["class"] for key, one in received.items()} == {
        "herts-storm-2": "priority",
        "herts-storm-4": "priority",
    }
    versions = [one["policy_version"] for one in await house.published("reports")]
    assert versions == ["june", "default-1"]


async def test_the_codes_of_any_time_can_be_asked_for(house: House) -> None:
    await hears(house, PolicyPublished(document=june(), at=MAY, others=(default(),)))

    before, after = await codes(house, JUNE - timedelta(seconds=1)), await codes(house, JUNE)
    assert (before["version"], after["version"]) == ("default-1", "june")
    assert ("asexual" in before["strands"], "asexual" in after["strands"]) == (False, True)
    assert "prompt" in before["forces"]["cambs"]["grades"]
    assert "p2_urgent" in after["forces"]["cambs"]["grades"]


async def test_an_old_report_is_amended_in_the_words_of_its_own_policy(house: House) -> None:
    reference = await _reported(house, MAY, "scheduled")
    await hears(house, PolicyPublished(document=june(), at=MAY, others=(default(),)))

    new_word = {"grade": {"value": "p2_urgent", "by": "OP7", "at": JULY.isoformat()}}
    refused = await house.call("POST", f"/v1/reports/{reference}/amendments", DESK, json=new_word)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "grade.value")
    old_word = {"grade": {"value": "prompt", "by": "OP7", "at": JULY.isoformat()}}
    assert (await house.call("POST", f"/v1/reports/{reference}/amendments", DESK, json=old_word)).status_code == 202

    amended = (await house.published("reports"))[-1]
    assert (amended["class"], amended["grade"], amended["policy_version"]) == ("priority", "prompt", "default-1")
    seen = (await house.call("GET", f"/v1/reports/{reference}", DESK)).json()
    assert (seen["class"], seen["policy_version"]) == ("priority", "default-1")


async def test_a_report_keeps_the_policy_it_was_judged_by_though_a_later_one_was_heard_of_too_late(
    house: House,
) -> None:
    reference = await _reported(house, JULY, "prompt")
    await hears(house, PolicyPublished(document=june(), at=MAY, others=(default(),)))

    under_18 = {"risks": ["child"]}
    assert (await house.call("POST", f"/v1/reports/{reference}/amendments", DESK, json=under_18)).status_code == 202
    assert (await house.published("reports"))[-1]["policy_version"] == "default-1"


async def test_news_heard_twice_or_out_of_order_changes_nothing(house: House) -> None:
    later = june(("cap = 3", "cap = 4")).model_copy(
        update={"version": "july", "effective_from": JUNE + timedelta(days=9)}
    )
    first, second = PolicyPublished(document=june(), at=MAY), PolicyPublished(document=later, at=MAY, others=(june(),))
    await hears(house, first, second, second)
    await hears(house, second, PolicyPublished(document=later, at=MAY, others=(default(), june())))

    async def all_known() -> bool | None:
        found = [(await codes(house, when))["version"] for when in (MAY, JUNE, JULY)]
        return True if found == ["default-1", "june", "july"] else None

    assert await until(all_known)


async def _reported(house: House, when: datetime, grade: str) -> str:
    answer = await house.call("POST", "/v1/reports", DESK, json=body(1, **said(when, grade=grade)))
    reference: str = answer.json()["reference"]
    return reference

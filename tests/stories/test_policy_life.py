"""What becomes of referrals when the policy changes: tomorrow's are new, and no promise is taken back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.routing.rules.referral.state import Referral
from shared.contracts.policy import parse_policy
from shared.contracts.reports import ReportAmended
from tests.rules.policy.drafts import OSBERT, text
from tests.stories.policy_house import approve, ask, policy_house, propose
from tests.stories.routing_house import NOON, House


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    """A house of its own for each story: what is approved stays approved."""
    async with policy_house(postgres_url) as found:
        yield found


async def test_a_new_policy_changes_tomorrow_s_referrals_and_no_promise_made(house: House) -> None:
    quicker = ("ack_minutes = 15\n", "ack_minutes = 5\n")
    await propose(house, text(quicker, begins=NOON + timedelta(minutes=5)))
    await approve(house, "june")
    before = await house.report()
    await house.pass_minutes(6)
    after = await house.report(policy_version="june")
    clocks = [(await house.told(report, "opened"))[0] for report in (before, after)]
    assert [one["ack_due"] for one in clocks] == ["2026-11-23T12:15:00Z", "2026-11-23T12:11:00Z"]
    assert [one["policy_version"] for one in clocks] == ["default-1", "june"]

    amended = await _amended(house, before, sequence=2, grade="priority", under_18=True)
    assert amended.clocks.ack_due == NOON + timedelta(minutes=15)
    assert amended.policy_version == "default-1"


async def test_a_class_done_away_with_lives_on_in_what_was_judged_by_it(house: House) -> None:
    gone = text(begins=NOON + timedelta(minutes=5)).replace("public_advice", "gentle_advice")
    await propose(house, gone)
    await approve(house, "june")
    await house.pass_minutes(6)
    late = await house.report(
        **{"need": "advice", "grade": None, "class": "public_advice", "policy_version": "default-1"}
    )

    opened = (await house.told(late, "opened"))[0]
    assert (opened["class"], opened["policy_version"]) == ("public_advice", "default-1")
    assert opened["ack_due"] == "2026-11-24T12:06:00Z"


async def _amended(house: House, report: Any, **changes: Any) -> Referral:
    words = report.model_dump(mode="json", by_alias=True) | {"changed": ["under_18"]} | changes
    await house.hear("reports", ReportAmended.model_validate(words))
    (row,) = await house.rows(
        "select cast(life as text) as life from routing.referrals where id = :id", id=report.referral_id
    )
    return Referral.model_validate_json(row.life)


async def test_a_cap_that_is_raised_finds_somebody_for_those_who_wait_without_a_restart(house: House) -> None:
    await house.roster("H1,herts,,,")
    await propose(house, text(("cap = 3", "cap = 1"), version="tight", begins=None))
    await approve(house, "tight")
    held, waits = await house.report(), await house.report()
    await house.tap("H1", held, "accept")
    await house.decide()
    assert await house.told(waits, "offered") == []

    await propose(house, text(("cap = 3", "cap = 2"), version="loose", begins=house.clock.now + timedelta(minutes=1)))
    await approve(house, "loose")
    house.clock.now += timedelta(seconds=59)
    await house.decide()
    assert await house.told(waits, "offered") == []
    house.clock.now += timedelta(seconds=1)
    await house.decide()
    assert [offer["officers"] for offer in await house.told(waits, "offered")] == [["H1"]]


async def test_every_decision_names_its_policy(house: House) -> None:
    before = await house.report()
    await propose(house, text(begins=None))
    await approve(house, "june")
    after = await house.report()

    for report, version in ((before, "default-1"), (after, "june")):
        answer = await ask(house, "sergeant:herts", "GET", f"/v1/referrals/{report.reference}/decisions")
        assert {item["policy_version"] for item in answer.json()["items"]} == {version}


async def test_a_file_changed_at_a_restart_is_no_way_round_the_second_person(house: House) -> None:
    await house.driver.policies.seed(parse_policy(text(version="sneaky", begins=NOON)))

    assert [item["version"] for item in (await ask(house, OSBERT, "GET", "/v1/policies")).json()["items"]] == [
        "default-1"
    ]
    assert await house.published("policy") == []

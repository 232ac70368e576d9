"""What routing says of a referral reaches the control room that sent the report, line by line and in order."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.access import AccessRecorded
from shared.contracts.model import Event
from shared.contracts.policy import PolicyPublished
from shared.contracts.referrals import (
    ReferralAccepted,
    ReferralDeclined,
    ReferralOffered,
    ReferralOpened,
    ReferralTransferred,
)
from shared.policy_file import load_policy
from tests.stories.intake_house import NOON, House, body, opened


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with opened(postgres_url) as house:
        yield house


async def standing(house: House, reference: str) -> dict[str, Any]:
    """What every event of its referral says."""
    (row,) = await house.rows("select referral_id from intake.reports where reference = :r", r=reference)
    return {
        "referral_id": UUID(str(row["referral_id"])),
        "reference": reference,
        "at": NOON,
        "force": "herts",
        "next_due": NOON + timedelta(minutes=15),
    }


async def a_morning(house: House, reference: str) -> list[Event]:
    """Opened, offered to one who knows the family, offered to another, accepted."""
    its = await standing(house, reference)
    offer = {"respond_by": NOON, "step": 0, "why": "best", "state": "offered"}
    held = {"force": "herts", "id": "H7"}
    return [
        ReferralOpened.model_validate(
            its | {"sequence": 1, "state": "waiting", "need": "support", "policy_version": "v", "contact_route": "none"}
        ),
        ReferralOffered.model_validate(its | offer | {"sequence": 2, "offer_id": uuid4(), "officers": ("H1042",)}),
        ReferralDeclined.model_validate(
            its | {"sequence": 3, "state": "offered", "officer": "H1042", "code": "conflict"}
        ),
        ReferralOffered.model_validate(its | offer | {"sequence": 4, "offer_id": uuid4(), "officers": ("H7",)}),
        ReferralAccepted.model_validate(its | {"sequence": 5, "state": "accepted", "officer": "H7", "holder": held}),
    ]


async def test_the_control_room_reads_one_line_for_each_change(house: House) -> None:
    reference = await house.report()
    await house.inside("referrals", *await a_morning(house, reference))
    told = (await house.published("outbound.herts"))[1:]
    assert [one["type"].removeprefix("liaison.") for one in told] == [
        "referral.offered.v1",
        "referral.declined.v1",
        "referral.offered.v1",
        "referral.accepted.v1",
    ]
    assert [one["sequence"] for one in told] == [2, 3, 4, 5]
    assert told[1]["code"] == "unfit"
    assert "conflict" not in str(told)
    assert told[-1]["holder"] == {"force": "herts", "id": "H7"}
    shown = (await house.call("GET", f"/v1/reports/{reference}")).json()
    assert (shown["state"], shown["holder"]["id"], shown["opened"]) == ("accepted", "H7", True)


async def test_told_twice_and_out_of_order_it_says_the_same(house: House) -> None:
    reference = await house.report()
    opened_, offered, declined, again, accepted = await a_morning(house, reference)
    await house.inside("referrals", offered, accepted)
    assert len(await house.published("outbound.herts")) == 1
    await house.inside("referrals", opened_, declined, offered)
    await house.inside("referrals", again, again)
    told = (await house.published("outbound.herts"))[1:]
    assert [one["sequence"] for one in told] == [2, 3, 4, 5]
    assert told[-1]["state"] == "accepted"


async def test_after_a_transfer_both_control_rooms_are_told_each_in_numbers_of_its_own(house: House) -> None:
    reference = await house.report()
    its = await standing(house, reference)
    moved = {"from_force": "herts", "to_force": "beds", "by": "coordinator:herts", "state": "waiting", "force": "beds"}
    await house.inside(
        "referrals",
        ReferralOpened.model_validate(
            its | {"sequence": 1, "state": "waiting", "need": "support", "policy_version": "v", "contact_route": "none"}
        ),
        ReferralTransferred.model_validate(its | moved | {"sequence": 2}),
    )
    held = {"sequence": 3, "state": "accepted", "officer": "B7", "holder": {"force": "beds", "id": "B7"}}
    await house.inside("referrals", ReferralAccepted.model_validate(its | held | {"force": "beds"}))
    assert [one["sequence"] for one in await house.published("outbound.beds")] == [1, 2]
    assert [one["sequence"] for one in await house.published("outbound.herts")] == [1, 2, 3]
    assert (await house.call("GET", f"/v1/reports/{reference}", "control_room:beds")).status_code == 200


async def test_a_referral_of_nobodys_report_changes_nothing(house: House) -> None:
    reference = await house.report()
    stranger = (await a_morning(house, reference))[0].model_copy(update={"referral_id": uuid4()})
    await house.inside("referrals", stranger)
    assert (await house.rows("select count(*) as n from intake.dead_letters"))[0]["n"] == 0


async def test_a_new_strand_is_a_new_policy_and_no_release(house: House) -> None:
    goth = body(received_at="2026-06-06T12:00:00Z", strands=[{"strand": "subculture", "perceived_by": "victim"}])
    assert (await house.call("POST", "/v1/reports", json=goth)).status_code == 422
    shipped = load_policy(house.platform.settings)
    codes = shipped.codes.model_copy(update={"strands": (*shipped.codes.strands, "subculture")})
    newer = shipped.model_copy(update={"version": "v2", "effective_from": NOON, "codes": codes})
    await house.inside("policy", PolicyPublished(document=shipped), PolicyPublished(document=newer))
    for reload in house.service.on_start[1:]:
        await reload()
    assert (await house.call("POST", "/v1/reports", json=goth)).status_code == 202
    yesterday = {**goth, "idempotency_key": "yesterdays", "received_at": "2026-06-05T12:00:00Z"}
    assert (await house.call("POST", "/v1/reports", json=yesterday)).status_code == 422


async def test_who_looked_at_what_elsewhere_comes_into_the_one_log(house: House) -> None:
    await house.inside(
        "access",
        AccessRecorded(actor="officer:H7", role="officer", force="herts", reference=None, what="referral", at=NOON),
    )
    assert await house.rows("select actor, what from intake.access_log") == [
        {"actor": "officer:H7", "what": "referral"}
    ]

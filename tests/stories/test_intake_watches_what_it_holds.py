"""A report that routing does not open in time is called unrouted, once, and control rooms hear that a part is away."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from services.intake.policies import Policies
from services.intake.store.reports import holds
from services.intake.watching import Watch
from shared.contracts.referrals import ReferralOpened, ServiceDegraded, ServiceRestored
from shared.policy_file import load_policy
from tests.stories.intake_house import NOON, House, opened


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with opened(postgres_url) as house:
        yield house


@pytest.fixture
def watch(house: House) -> Watch:
    shipped = load_policy(house.platform.settings)
    return Watch(house.platform, Policies(house.platform.database, shipped, house.platform.bell("policies")))


async def time_runs_out(house: House) -> None:
    await house.rows("update intake.reports set held_until = clock_timestamp() where held_until is not null")


async def open_it(house: House, reference: str) -> None:
    (row,) = await house.rows("select referral_id from intake.reports where reference = :r", r=reference)
    plain = {"need": "support", "policy_version": "v", "contact_route": "none", "state": "waiting", "force": "herts"}
    its = {
        "referral_id": UUID(str(row["referral_id"])),
        "reference": reference,
        "sequence": 1,
        "at": NOON,
        "next_due": NOON,
    }
    await house.inside("referrals", ReferralOpened.model_validate(plain | its))


async def said(house: House, force: str = "herts") -> list[str]:
    return [
        one["type"].removeprefix("liaison.").removesuffix(".v1") for one in await house.published(f"outbound.{force}")
    ]


@pytest.mark.parametrize(("risks", "seconds"), [(["child"], 5), ([], 30)])
async def test_a_report_is_held_with_a_deadline_in_real_time(house: House, risks: list[str], seconds: int) -> None:
    await house.report(risks=risks)
    (row,) = await house.rows("select held_until - clock_timestamp() as left from intake.reports")
    assert seconds - 5 < row["left"].total_seconds() <= seconds


async def test_what_is_opened_in_time_is_never_called_unrouted(house: House, watch: Watch) -> None:
    await open_it(house, await house.report())
    await time_runs_out(house)
    assert await watch.look() == 0
    assert await said(house) == ["report.accepted"]


async def test_what_is_not_is_called_so_once_by_one_of_the_replicas(house: House, watch: Watch) -> None:
    await house.report()
    assert await watch.look() == 0
    await time_runs_out(house)
    assert sum(await asyncio.gather(*(watch.look() for _ in range(4)))) == 1
    assert (await said(house)).count("report.unrouted") == 1
    shown = (await house.call("GET", "/v1/outbound")).json()["items"]
    assert any("NOT ROUTED" in item["log_line"] for item in shown)


async def test_every_force_hears_that_routing_is_away_and_that_it_is_back(house: House, watch: Watch) -> None:
    reference = await house.report()
    await time_runs_out(house)
    await watch.look()
    await watch.look()
    assert await said(house, "cambs") == ["service.degraded"]
    await open_it(house, reference)
    await watch.look()
    await watch.look()
    assert await said(house, "cambs") == ["service.degraded", "service.restored"]


async def test_every_force_hears_that_messages_do_not_go_out_told_apart_from_routing_being_away(
    house: House, watch: Watch
) -> None:
    away, back = ServiceDegraded(part="notify", at=NOON), ServiceRestored(part="notify", at=NOON)
    await house.report()
    await time_runs_out(house)
    await watch.look()
    await house.inside("referrals", away)
    await house.inside("referrals", away)
    await house.inside("referrals", back, away, back)
    told = (await house.published("outbound.cambs"))[0:]
    assert [(one["type"].split(".")[2], one["parts"]) for one in told] == [
        ("degraded", ["routing"]),
        *[("degraded", ["notify"]), ("restored", ["notify"])] * 2,
    ]
    assert told[1]["log_line"] == "12:00 Liaison cannot send messages. Ring the officer."
    assert told[2]["log_line"] == "12:00 Liaison sends messages again."
    shown = (await house.call("GET", "/v1/outbound")).json()["items"]
    assert ["notify"] in [one.get("parts") for one in shown]


async def test_no_open_report_is_ever_without_a_deadline(house: House) -> None:
    await open_it(house, await house.report(1))
    await house.report(2)
    await time_runs_out(house)
    async with house.platform.database.unit() as unit:
        standing = await holds(unit.connection)
    assert (standing.without_deadline, standing.overdue) == (0, 1)


async def test_one_heartbeat_for_each_force_however_many_replicas(house: House, watch: Watch) -> None:
    await asyncio.gather(*(watch.beat() for _ in range(5)))
    assert [await said(house, force) for force in ("herts", "beds", "cambs")] == [["service.heartbeat"]] * 3
    assert (await house.call("GET", "/v1/outbound")).json()["items"] == []

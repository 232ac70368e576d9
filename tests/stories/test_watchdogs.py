"""The watchdogs: what should never happen is counted, mended where that is safe, and never mended twice."""

from collections.abc import AsyncIterator

import pytest

from services.intake.watching import Watch as IntakeWatch
from services.routing.watching import Watch
from shared.metrics import metrics
from tests.stories import intake_house
from tests.stories.routing_house import House, routing
from tests.stories.test_intake_watches_what_it_holds import open_it, time_runs_out


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with routing(postgres_url) as house:
        yield house


async def test_an_open_referral_without_a_deadline_gets_its_own_back_and_nobody_is_told(house: House) -> None:
    await house.roster("H1042,herts")
    report = await house.report()
    await house.decide()
    (before,) = await house.rows("select due, wakes_at, sequence from routing.referrals")
    await house.rows("update routing.referrals set due = null, wakes_at = null returning id")
    watch = Watch(house.database)
    await watch.look()
    assert metrics().open_without_deadline.labels("routing")._value.get() == 1
    (after,) = await house.rows("select due, wakes_at, sequence from routing.referrals")
    assert tuple(after) == tuple(before)
    assert await watch.mend() == 0
    await watch.look()
    assert metrics().open_without_deadline.labels("routing")._value.get() == 0
    assert await house.story(report) == ["opened", "offered"]


async def test_what_is_closed_needs_no_deadline(house: House) -> None:
    await house.report()
    await house.rows("update routing.referrals set state = 'closed', due = null, wakes_at = null returning id")
    assert await Watch(house.database).mend() == 0


async def test_a_referral_that_is_put_off_again_and_again_still_counts_as_overdue(house: House) -> None:
    await house.report()
    await house.rows(
        "update routing.referrals set due = due - interval '1 hour', wakes_at = now() + interval '99 years' "
        "returning id"
    )
    await Watch(house.database).look()
    assert metrics().overdue.labels("routing")._value.get() == 1
    assert metrics().overdue_seconds.labels("routing")._value.get() >= 600


@pytest.fixture
async def ear(postgres_url: str) -> AsyncIterator[intake_house.House]:
    async with intake_house.opened(postgres_url) as house:
        yield house


async def grow_old(ear: intake_house.House) -> None:
    await ear.rows("update intake.journal set published_at = clock_timestamp() - interval '2 minutes'")
    await ear.rows("update intake.reports set held_until = held_until - interval '2 minutes'")


async def waiting_to_be_sent(ear: intake_house.House) -> list[str]:
    rows = await ear.rows("select topic from intake.journal where published_at is null order by id")
    return [str(row["topic"]) for row in rows]


async def test_what_routing_never_got_is_sent_again_under_the_same_id(ear: intake_house.House) -> None:
    await ear.report()
    await time_runs_out(ear)
    await grow_old(ear)
    watch = IntakeWatch(ear.platform, _policies(ear))
    assert await watch.mend() == 1
    assert await waiting_to_be_sent(ear) == ["reports"]
    assert await watch.mend() == 0, "not twice in a minute"


async def test_what_routing_has_opened_is_not_sent_again(ear: intake_house.House) -> None:
    reference = await ear.report()
    await open_it(ear, reference)
    await grow_old(ear)
    assert await IntakeWatch(ear.platform, _policies(ear)).mend() == 0


def _policies(ear: intake_house.House):  # type: ignore[no-untyped-def]
    from services.intake.policies import Policies
    from shared.policy_file import load_policy

    return Policies(ear.platform.database, load_policy(ear.platform.settings), ear.platform.bell("policies"))

"""After twelve months nothing in routing says that two referrals were of one person."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.routing.forgetting import Forgetting
from services.routing.policies import Policies
from tests.stories.routing_house import NOON, House, routing, withdrawn
from tests.stories.working import whole

EARLIER = {"person": "p-violet", "earlier": {"count": 1, "last_officer": "H1"}}


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with routing(postgres_url) as house:
        await house.roster("H1,herts", "H2,herts")
        yield house


async def known(house: House) -> dict[str, bool]:
    rows = await house.rows("select reference, life #>> '{picture,person}' is not null as is from routing.referrals")
    return {row.reference: getattr(row, "is") for row in rows}


async def test_what_is_over_and_a_year_old_is_nobodys_and_what_is_open_or_new_still_is(house: House) -> None:
    over, still_open = await house.report(**EARLIER), await house.report(**EARLIER)
    await house.hear("reports", withdrawn(over, "duplicate"))
    house.clock.now = NOON + timedelta(days=366)
    new = await house.report(**EARLIER)
    forgetting = Forgetting(house.database, Policies(house.database))
    assert (await forgetting.forget(), await forgetting.forget()) == (1, 0)
    assert await known(house) == {over.reference: False, still_open.reference: True, new.reference: True}
    assert (await whole(house, over))["earlier"] is None

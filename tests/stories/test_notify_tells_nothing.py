"""Story 17: told of a task neutrally, by each means there is; what it is about is seen after signing in, and only then.

Routing and notify with a real database; at the other end of each means somebody who keeps every byte that came.
"""

from collections.abc import AsyncIterator

import pytest

from services.notify.app import channels
from shared.service import Platform
from shared.settings import load_settings
from tests.edges.receivers import KINDS, other_end
from tests.stories.told_house import Told, told
from tests.waiting import until

TELLING = (
    *("lgbt", "hate", "gay", "orientation", "gender", "liaison officer", "victim", "crime", "police", "incident"),
    *("support", "north hert", "e07000099", "suicide", "risk", "herts.police", "control room"),
)
REPORT = {"risks": ("suicide_or_self_harm",), "requester_role": "victim", "languages": ("pl",)}


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[Told]:
    """Routing and notify, for all of these stories one after another."""
    async with told(module_postgres_url) as made:
        yield made


@pytest.mark.parametrize("kind", KINDS)
async def test_story_17_the_message_says_nothing_and_its_link_says_it_to_whoever_was_asked(
    house: Told, kind: str
) -> None:
    async with other_end(kind) as other:
        notify = house.texts.notify
        settings = load_settings(env_file=None, **other.settings)
        real = channels(Platform(settings, notify.database, notify.keys, instance="harbour-1"))
        async with house.day("H1,herts", "H2,herts", **real) as town:
            await town.reachable("H1", **{other.means: other.address})
            report = await town.report(**REPORT)

            async def told_so() -> list[str] | None:
                return other.words() or None

            (message,) = await until(told_so)
            path = f"/referrals/{report.reference}"
            assert report.reference in message
            assert f"https://tasks.example{path}" in message
            said = message.lower().replace(report.reference.lower(), "")
            assert [word for word in TELLING if word in said] == []

            stranger = await town.routing.people.get(path, headers={"accept": "text/html"})
            assert stranger.status_code in (303, 401)
            assert "suicide" not in stranger.text.lower()
            assert (await town.routing.people.get(f"/v1{path}")).status_code == 401
            assert (await town.routing.ask("officer:H2", "GET", f"/v1{path}")).status_code in (403, 404)
            assert (await town.seen(report, "officer:H1"))["need"] == "support"

"""Stories of officers who have nothing but a telephone, through all three services and GOV.UK Notify's stand-in.

Numbers are those of the thirty stories the product is accepted by.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.commands.roster import load_folder
from tests.edges.govuk_stand_in import API_KEY, SMS_TEMPLATE, TOKEN, GovukNotify, Taken, govuk_notify
from tests.stories.county import County, county, report
from tests.stories.county_roster import OFFICERS, number_of, write_roster
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(180)]

CANARIES = ("Heliotrope", "Marguerite", "gay", "lgbt", "transgender", "victim", "crime")


@dataclass
class Texted:
    """The county, and the phones of its officers."""

    county: County
    govuk: GovukNotify

    async def text(self, reference: str, but: frozenset[str] = frozenset()) -> tuple[str, Taken]:
        """The first text about a reference: the officer who got it, and what it said."""

        async def look() -> tuple[str, Taken] | None:
            mine = [one for one in self.govuk.taken if reference in one.words and one.to not in but]
            whose = {number_of(officer): officer for officer in OFFICERS}
            return next(((whose[one.to], one) for one in mine), None)

        return await until(look)

    async def state(self, reference: str, wanted: str) -> dict[str, object]:
        """The referral, once it is in a state."""

        async def look() -> dict[str, object] | None:
            found = await self.county.get("coordinator:herts", f"/v1/referrals/{reference}")
            return found if found["state"] == wanted else None

        return await until(look)


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Texted]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with govuk_notify() as govuk:
        settings = {
            "govuk_notify_url": govuk.url,
            "govuk_notify_api_key": API_KEY,
            "govuk_notify_sms_template": SMS_TEMPLATE,
            "govuk_notify_callback_token": TOKEN,
        }
        async with county(folder, module_postgres_url, kafka_topics, **settings) as built:
            rang = "http://127.0.0.1:1"
            await load_folder(built.system, write_roster(folder / "phones", rang, texts=True))
            govuk.caller = lambda: httpx.AsyncClient(base_url=built.system.base_url)
            yield Texted(built, govuk)


async def offered(place: Texted) -> tuple[str, str, Taken, str]:
    """A report is in, and somebody's phone shows it: reference, officer, the text, its code."""
    reference = (await place.county.answer_to(await place.county.send(report())))["reference"]
    officer, taken = await place.text(reference)
    found = re.search(r"Answer YES (\d{4}) or NO \1", taken.words)
    assert found is not None, taken.words
    return reference, officer, taken, found[1]


async def test_stories_17_and_18_an_officer_answers_yes_and_holds_the_task(place: Texted) -> None:
    reference, officer, taken, code = await offered(place)
    assert not [word for word in CANARIES if word.lower() in taken.words.lower()]
    assert await place.govuk.receipt(taken, "delivered") == 204
    assert await place.govuk.text_from(taken.to, f" yes  {code}.") == 204
    held = await place.state(reference, "accepted")
    assert held["holder"] == {"force": "herts", "id": officer}

    async def answered() -> bool | None:
        return any(f"Your YES to {reference}" in text for text in place.govuk.texts_to(taken.to)) or None

    assert await until(answered)
    notices = await place.county.get("coordinator:herts", f"/v1/notices?reference={reference}")
    assert notices["items"][0]["state"] == "delivered"
    assert [one["state"] for one in notices["items"][0]["attempts"]] == ["delivered"]


async def test_an_officer_answers_no_and_the_next_is_asked(place: Texted) -> None:
    reference, officer, taken, code = await offered(place)
    await place.govuk.text_from(taken.to, f"No thanks {code}")
    other, _ = await place.text(reference, but=frozenset({taken.to}))
    assert other != officer


async def test_story_27_while_the_provider_is_away_nothing_is_shown_delivered_and_nothing_is_lost(
    place: Texted,
) -> None:
    place.govuk.script = [503, 500]
    reference, _, taken, _ = await offered(place)
    notices = await place.county.get("coordinator:herts", f"/v1/notices?reference={reference}")
    reasons = [one["reason"] for one in notices["items"][0]["attempts"]]
    assert notices["items"][0]["state"] in ("sending", "sent")
    assert reasons[:2] == ["http_503", "http_500"]
    await place.govuk.receipt(taken, "delivered")


async def test_a_text_that_cannot_be_delivered_is_the_next_officers_at_once(place: Texted) -> None:
    reference, officer, taken, _ = await offered(place)
    await place.govuk.receipt(taken, "permanent-failure")
    other, _ = await place.text(reference, but=frozenset({taken.to}))
    assert other != officer


async def test_what_an_officer_writes_back_is_in_no_log_no_topic_and_no_table(place: Texted) -> None:
    _, _, taken, _ = await offered(place)
    await place.govuk.text_from(taken.to, "Ring Heliotrope Marguerite about it, I am at the allotment")

    async def answered() -> bool | None:
        return any("could not read that" in text for text in place.govuk.texts_to(taken.to)) or None

    assert await until(answered)
    told = place.county.log.getvalue() + str(place.county.heard)
    assert "arguerite" not in told
    assert taken.to.removeprefix("+") not in told
    assert "Answer YES" not in told

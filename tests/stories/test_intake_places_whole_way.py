"""Stories 9 and 10, told through all three services on real Kafka and PostgreSQL: where a report belongs.

Royston's SG8 lies in Hertfordshire, Cambridgeshire, Bedfordshire and Essex.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.county import County, county, report
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(180)]

NORTH_HERTS, SOUTH_CAMBS = "E07000099", "E07000012"
CONTROL_ROOM, COORDINATOR = "control_room:herts", "coordinator:herts"


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[County]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with county(folder, module_postgres_url, kafka_topics) as built:
        yield built


def incident(**where: Any) -> dict[str, Any]:
    return {"locations": [{"kind": "incident", **where}]}


async def sent(place: County, **where: Any) -> str:
    """The reference of a report that happened somewhere."""
    answer = await place.answer_to(await place.send(report(**incident(**where))))
    assert answer["event"] == "report.accepted", answer
    reference: str = answer["reference"]
    return reference


async def found_in(place: County, reference: str) -> tuple[Any, ...]:
    found = await place.get(CONTROL_ROOM, f"/v1/reports/{reference}")
    return found["force"], found["district"], found["location_confidence"], found["desk"]


@pytest.mark.parametrize(
    ("postcode", "force", "district"), [("SG8 5AB", "herts", NORTH_HERTS), ("sg86aa", "cambs", SOUTH_CAMBS)]
)
async def test_story_9_a_full_postcode_that_straddles_goes_to_its_own_force(
    place: County, postcode: str, force: str, district: str
) -> None:
    reference = await sent(place, postcode=postcode)

    async def owned() -> dict[str, Any] | None:
        found = await place.get(CONTROL_ROOM, f"/v1/reports/{reference}")
        return found if found["opened"] else None

    found = await until(owned)
    assert (found["force"], found["district"], found["location_confidence"]) == (force, district, "high")
    seen = await place.get(f"coordinator:{force}", f"/v1/referrals/{reference}")
    assert (seen["force"], seen["district"]) == (force, district)


async def waits_with_the_coordinator(place: County, reference: str) -> dict[str, Any]:
    """A human is told, nobody is asked, and the referral has a deadline."""
    told = await place.told_of(reference, "referral.waiting")
    waiting = next(one for one in told if one["event"] == "referral.waiting")
    assert waiting["next_due"]
    rung, _ = await place.phone(reference, "role.alert")
    assert rung == COORDINATOR
    seen = await place.get(COORDINATOR, f"/v1/referrals/{reference}")
    assert (seen["force"], seen["state"], seen["offers"]) == ("herts", "waiting", [])
    return seen


@pytest.mark.parametrize("postcode", ["SG8", "SG8 0ZZ", "SG8 5A"])
@pytest.mark.parametrize("who", [COORDINATOR, CONTROL_ROOM])
async def test_story_9_an_outward_code_alone_an_unknown_and_an_unreadable_one_wait_for_a_human_who_settles_them(
    place: County, postcode: str, who: str
) -> None:
    reference = await sent(place, postcode=postcode)
    before = await waits_with_the_coordinator(place, reference)
    assert await found_in(place, reference) == ("herts", None, "low", None)
    settled = incident(postcode="SG8 5AB") if who == CONTROL_ROOM else incident(postcode=postcode, district=NORTH_HERTS)
    assert (await place.post(who, f"/v1/reports/{reference}/amendments", settled)).status_code == 202
    await place.told_of(reference, "referral.amended", "referral.offered")
    await place.phone(reference, "task.offered")
    assert await found_in(place, reference) == ("herts", NORTH_HERTS, "high", None)
    after = await place.get(COORDINATOR, f"/v1/referrals/{reference}")
    assert after["state"] == "offered"
    assert after["clocks"]["acknowledgement"] == before["clocks"]["acknowledgement"]


async def test_story_9_what_a_human_finds_to_be_another_force_of_ours_becomes_theirs(place: County) -> None:
    reference = await sent(place, postcode="SG8")
    await waits_with_the_coordinator(place, reference)
    answer = await place.post(COORDINATOR, f"/v1/reports/{reference}/amendments", incident(postcode="SG8 6AA"))
    assert answer.status_code == 202

    async def theirs() -> dict[str, Any] | None:
        found = await place.http.get(f"/v1/referrals/{reference}", headers=await place.as_("coordinator:cambs"))
        return found.json() if found.status_code == 200 else None

    seen = await until(theirs)
    assert (seen["force"], seen["district"]) == ("cambs", SOUTH_CAMBS)


@pytest.mark.parametrize(
    ("where", "district", "desk"),
    [
        ({"postcode": "CB11 4AA"}, "E07000077", "essex"),
        ({"district": "E09000010"}, "E09000010", "metropolitan"),
        ({"kind": "rail", "postcode": "SG8 5AB"}, None, "british_transport_police"),
    ],
)
async def test_story_10_out_of_area_waits_for_the_hand_off_to_a_force_by_name(
    place: County, where: dict[str, Any], district: str | None, desk: str
) -> None:
    reference = await sent(place, **where)
    await waits_with_the_coordinator(place, reference)
    assert await found_in(place, reference) == ("herts", district, "high", desk)


async def test_a_district_that_was_given_up_is_refused_with_its_reason(place: County) -> None:
    answer = await place.answer_to(await place.send(report(**incident(district="E07000097"))))
    assert answer["event"] == "report.rejected"
    assert answer["errors"] == [{"field": "locations.0.district", "reason": "superseded_district"}]

"""What supervisors decide, told through all three services on real Kafka: stories 10, 12 and 16, and the person asked.

Numbers are those of the thirty stories the product is accepted by.
"""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.stories.county import County, Json, county, report
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(180)]

COORDINATOR, SERGEANT, CONTROL_ROOM = "coordinator:herts", "sergeant:herts", "control_room:herts"


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[County]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with county(folder, module_postgres_url, kafka_topics) as built:
        yield built


async def accepted(place: County, **changes: Any) -> str:
    """A report goes in by event; gives its reference."""
    answer = await place.answer_to(await place.send(report(**changes)))
    reference: str = answer["reference"]
    return reference


async def decided(place: County, who: str, reference: str, action: str, **body: Any) -> Json:
    """Somebody decides; gives the answer."""
    answer = await place.post(who, f"/v1/referrals/{reference}/{action}", body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def seen(place: County, reference: str, *, state: str) -> Json:
    """The referral as its coordinator reads it, once it is in that state."""

    async def look() -> Json | None:
        answer = await place.http.get(f"/v1/referrals/{reference}", headers=await place.as_(COORDINATOR))
        found: Json = answer.json()
        return found if found.get("state") == state else None

    return await until(look)


def events(told: Sequence[Json]) -> list[str]:
    return [one["event"].removeprefix("referral.") for one in told if one["event"].startswith("referral.")]


async def test_story_10_an_out_of_area_person_is_handed_off_with_a_receipt(place: County) -> None:
    reference = await accepted(place, locations=[{"kind": "incident", "district": "E07000071"}])
    waiting = await seen(place, reference, state="waiting")
    assert (waiting["force"], waiting["desk"], waiting["offers"]) == ("herts", "essex", [])
    who, _ = await place.phone(reference, "role.alert")
    assert who == COORDINATOR
    assert (await decided(place, COORDINATOR, reference, "hand-off", desk=waiting["desk"]))["state"] == "waiting"
    receipt = {"person": "Sgt Quince", "their_ref": "EP-2026-5501"}
    await decided(place, COORDINATOR, reference, "hand-off/receipt", **receipt)

    async def both() -> list[Json] | None:
        told = await place.told_of(reference, "referral.handed_off")
        sent = [one for one in told if one["event"] == "referral.handed_off"]
        return sent if len(sent) == 2 else None

    sent, received = await until(both)
    assert (sent["desk"], sent["received"], sent["state"]) == ("essex", False, "waiting")
    assert (received["received"], received["state"], received["next_due"]) == (True, "handed_off", None)
    assert "Quince" not in str([one.body for one in place.heard])


async def test_story_12_a_repeat_victims_officer_is_asked_first_and_shown_once_confirmed(place: County) -> None:
    phone = "07700 900417"

    async def reported() -> str:
        left = await place.post(CONTROL_ROOM, "/v1/contacts", {"name": "Ottoline", "phone": phone})
        return await accepted(place, contact={"handle": left.json()["handle"]})

    first = await reported()
    officer, _ = await place.phone(first, "task.offered")
    await decided(place, f"officer:{officer}", first, "accept")
    await place.told_of(first, "referral.accepted")
    again = await reported()
    assert (await place.phone(again, "task.offered"))[0] == officer
    assert (await seen(place, again, state="offered"))["earlier"] == {"confirmed": None}
    shown = await decided(place, COORDINATOR, again, "earlier", confirmed=True)
    assert shown["earlier"] == {"confirmed": True, "count": 1, "last_officer": officer}


async def test_story_16_a_sergeant_challenges_a_match_and_the_officer_chosen_is_asked_alone(place: County) -> None:
    reference = await accepted(place)
    first, _ = await place.phone(reference, "task.offered")
    (decision,) = (await place.get(SERGEANT, f"/v1/referrals/{reference}/decisions"))["items"]
    assert decision["policy_version"]
    other = next(line["officer"] for line in decision["candidates"] if line["rank"] and line["officer"] != first)
    path = f"/v1/referrals/{reference}/override"
    assert (await place.post(SERGEANT, path, {"officer": other})).status_code == 422
    note = str(uuid4())
    await decided(place, SERGEANT, reference, "override", officer=other, reason="local_knowledge", note_id=note)
    assert (await place.phone(reference, "task.taken"))[0] == first
    assert (await place.phone(reference, "task.offered", but=[first]))[0] == other
    await decided(place, f"officer:{other}", reference, "accept")
    told = await place.told_of(reference, "referral.assigned_by_override", "referral.accepted")
    assert events(told) == ["offered", "assigned_by_override", "offered", "accepted"]
    assert [one["holder"] for one in told][-1] == {"force": "herts", "id": other}
    assert note not in str(told)


async def test_a_required_wish_nobody_can_meet_is_put_to_the_person_and_an_amendment_brings_an_offer(
    place: County,
) -> None:
    wished = {"officer_gender": {"value": "woman", "required": True}}
    reference = await accepted(place, preferences=wished)
    told = await place.told_of(reference, "referral.waiting")
    waiting = next(one for one in told if one["event"] == "referral.waiting")
    assert (waiting["role"], waiting["why"]) == (COORDINATOR, "ask_person")
    assert "gender" not in str(waiting)
    assert (await place.phone(reference, "role.alert"))[0] == COORDINATOR
    path = f"/v1/reports/{reference}/amendments"
    given_up = {"preferences": {"officer_gender": {"value": "woman", "required": False}}}
    assert (await place.post(CONTROL_ROOM, path, given_up)).status_code in (200, 202)
    assert await place.phone(reference, "task.offered")
    assert (await seen(place, reference, state="offered"))["holder"] is None

"""Story 20 through all three services on real Kafka and PostgreSQL: duty, leave, on call, honoured in a minute."""

import csv
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.commands.roster import load_folder
from shared.contracts.cloudevents import Envelope, to_headers
from shared.contracts.duty import DutyRecorded
from tests.benchmarks.reports import now
from tests.stories.county import County, county, report
from tests.stories.county_roster import OFFICERS
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(240)]

MINUTE = 60.0


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[County]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with county(folder, module_postgres_url, kafka_topics) as built:
        yield built


async def says(place: County, officer: str, *entries: tuple[str, float]) -> None:
    """An officer enters their own time: (kind, hours from now), from just now; nothing else stands any more."""
    start = now() - timedelta(seconds=1)
    body = {
        "entries": [
            {"kind": kind, "from": start.isoformat(), "until": (start + timedelta(hours=hours)).isoformat()}
            for kind, hours in entries
        ]
    }
    headers = await place.as_(f"officer:{officer}")
    answer = await place.http.put(f"/v1/officers/{officer}/duties", headers=headers, json=body)
    assert answer.status_code == 200, answer.text


async def reported(place: County) -> str:
    answer = await place.answer_to(await place.send(report()))
    reference: str = answer["reference"]
    return reference


async def feed(place: County, officer: str, entry: str, kind: str) -> None:
    """The force's duty system says something about an officer's next eight hours."""
    words = {"officer": officer, "entry": entry, "kind": kind, "from": (now() - timedelta(seconds=1)).isoformat()}
    words |= {"until": (now() + timedelta(hours=8)).isoformat()}
    event = DutyRecorded.model_validate(words)
    envelope = Envelope(str(uuid4()), "rota/herts", event.ce_type(), now())
    await place.producer.send_and_wait(
        "duty.herts", event.to_json(), key=officer.encode(), headers=to_headers(envelope)
    )


async def test_story_20_who_says_sick_loses_the_open_offer_and_is_asked_nothing_more(place: County) -> None:
    reference = await reported(place)
    first, _ = await place.phone(reference, "task.offered")
    began = time.perf_counter()
    await says(place, first, ("sick", 8))
    second, _ = await place.phone(reference, "task.offered", but=[first])
    assert time.perf_counter() - began < MINUTE
    assert second != first
    for _ in range(6):
        asked, _ = await place.phone(await reported(place), "task.offered")
        assert asked != first
    await says(place, first)


async def test_story_20_what_waits_is_offered_within_a_minute_of_somebody_coming_on_duty(place: County) -> None:
    for officer in OFFICERS:
        await says(place, officer, ("leave", 8))
    reference = await reported(place)
    await place.told_of(reference, "referral.escalated")
    began = time.perf_counter()
    await says(place, "H1044", ("on_call", 8))
    asked, _ = await place.phone(reference, "task.offered")
    assert asked == "H1044"
    assert time.perf_counter() - began < MINUTE
    for officer in OFFICERS:
        await says(place, officer)


async def test_story_20_the_duty_system_is_heard_within_a_minute_and_own_word_comes_before_it(place: County) -> None:
    for officer in OFFICERS:
        await feed(place, officer, f"rota-{officer}", "court")

    async def nobody() -> bool | None:
        items = (await place.get("coordinator:herts", "/v1/officers"))["items"]
        return all(item["duty"] == "court" for item in items) or None

    await until(nobody, MINUTE)
    reference = await reported(place)
    await place.told_of(reference, "referral.escalated")
    await says(place, "H1045", ("sick", 8))
    began = time.perf_counter()
    await feed(place, "H1045", "rota-H1045", "duty")
    await feed(place, "H1046", "rota-H1046", "duty")
    asked, _ = await place.phone(reference, "task.offered")
    assert asked == "H1046"
    assert time.perf_counter() - began < MINUTE
    shown = await place.http.get("/roster/H1045", headers=await place.as_("officer:H1045"))
    for origin in ("own word", "duty system", "roster file"):
        assert origin in shown.text


async def test_a_role_that_nobody_staffs_is_told_to_the_coordinator_once_and_tells_no_more(
    place: County, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = place.system.settings.data_dir / "roster"
    with (folder / "roles.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    with (folder / "roles.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        writer.writerows(line for line in lines if (line["force"], line["role"]) != ("herts", "psd"))
    await load_folder(place.system, folder)

    async def alert() -> dict[str, Any] | None:
        found = (body for to, body in list(place.rang) if to == "coordinator:herts" and body["reference"] is None)
        return next(found, None)

    said = await until(alert, MINUTE)
    assert (said["type"], said["class"], said["url"]) == ("role.alert", None, f"{place.system.base_url}/roster")
    board = await place.http.get("/roster", headers=await place.as_("coordinator:herts"))
    assert "No professional standards now." in board.text

"""Story 29 through all three services on real Kafka and PostgreSQL: a policy changes, and nobody restarts anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.benchmarks.reports import now
from tests.rules.policy.drafts import NEW_STRAND, NEW_STRAND_OURS, OSBERT, RENAMED_GRADE, WINIFRED, text
from tests.stories.county import County, county, report
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(180)]

DESK = "control_room:cambs"
QUICKER = ("receipt_seconds = 60", "receipt_seconds = 45")
ASEXUAL = [{"strand": "asexual", "perceived_by": "victim"}]


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[County]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with county(folder, module_postgres_url, kafka_topics) as built:
        yield built


async def test_story_29_a_strand_and_a_grade_change_by_two_people_and_old_reports_keep_their_meaning(
    place: County,
) -> None:
    began = now().isoformat()
    old = await place.answer_to(await place.send(report()))
    assert (await place.phone(old["reference"], "task.offered"))[1]["class"] == "priority"
    assert (await place.answer_to(await place.send(report(strands=ASEXUAL))))["event"] == "report.rejected"
    first = await _from_cambridgeshire(place, "prompt", began)
    assert first.status_code == 202, first.text

    await _two_people_change_it(place)

    new = await place.answer_to(await place.send(report(strands=ASEXUAL)))
    assert (new["event"], new["class"]) == ("report.accepted", "priority")
    assert (await place.phone(new["reference"], "task.offered"))[1]["class"] == "priority"
    assert (await _from_cambridgeshire(place, "p2_urgent", now().isoformat())).status_code == 202
    late = await _from_cambridgeshire(place, "prompt", now().isoformat())
    assert (late.status_code, late.json()["errors"][0]["field"]) == (422, "grade.value")

    assert await _versions(place, old["reference"]) == {"default-1"}
    assert await _versions(place, new["reference"]) == {"june"}
    posted_late = await _from_cambridgeshire(place, "prompt", began)
    assert posted_late.status_code == 202
    for answer in (first, posted_late):
        seen = await place.get(DESK, f"/v1/reports/{answer.json()['reference']}")
        assert (seen["class"], seen["grade"], seen["policy_version"]) == ("priority", "prompt", "default-1")


async def _two_people_change_it(place: County) -> None:
    """Winifred proposes and cannot approve, Osbert can; every service then knows, each by its own reading."""
    written = text(NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE, QUICKER, begins=None)
    headers = await place.as_(WINIFRED) | {"content-type": "application/toml"}
    proposed = await place.http.post("/v1/policies", content=written, headers=headers)
    assert proposed.status_code == 201, proposed.text
    assert (await place.post(WINIFRED, "/v1/policies/june/approve")).status_code == 403
    assert (await place.get(DESK, "/v1/codes"))["version"] == "default-1"
    approved = await place.post(OSBERT, "/v1/policies/june/approve", {"digest": proposed.json()["digest"]})
    assert approved.status_code == 200, approved.text

    async def everybody() -> bool | None:
        codes = await place.get(DESK, "/v1/codes")
        return True if codes["version"] == "june" and await _notify_knows(place) else None

    assert await until(everybody)


async def _notify_knows(place: County) -> bool:
    notify = next(one for one in place.system.services if one.service.name == "notify")
    async with notify.platform.database.unit() as unit:
        found = await unit.connection.exec_driver_sql("select 1 from notify.policies where version = 'june'")
        return found.first() is not None


async def _from_cambridgeshire(place: County, grade: str, received_at: str) -> httpx.Response:
    source = {"system": "storm", "force": "cambs", "incident_ref": "C-29", "incident_date": "2026-06-06"}
    sent = report(
        source=source,
        received_at=received_at,
        grade={"value": grade, "by": "desk 3", "at": received_at},
        locations=[{"kind": "incident", "district": "E07000008"}],
    )
    return await place.post(DESK, "/v1/reports", sent)


async def _versions(place: County, reference: str) -> set[Any]:
    """Every version of the policy that the report, the referral, its decisions and its notices name."""
    sergeant, room = "sergeant:herts", "control_room:herts"
    decisions = await place.get(sergeant, f"/v1/referrals/{reference}/decisions")
    notices = await place.get(sergeant, f"/v1/notices?reference={reference}")
    assert decisions["items"]
    assert notices["items"]
    named = {item["policy_version"] for item in [*decisions["items"], *notices["items"]]}
    referral = await place.get(sergeant, f"/v1/referrals/{reference}")
    received = await place.get(room, f"/v1/reports/{reference}")
    return named | {referral["policy_version"], received["policy_version"]}

"""A referral's whole life through all three services on real Kafka: stories 7, 13, 22 and 23, and a transfer."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.benchmarks.reports import now
from tests.stories.county import County, Json, county, report
from tests.stories.county_roster import OFFICERS

POSTS = ("coordinator", "sergeant", "inspector", "fim", "psd", "ops", "control_room")

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[County]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with county(folder, module_postgres_url, kafka_topics) as built:
        yield built


async def done(place: County, who: str, reference: str, what: str, **body: Any) -> Json:
    answer = await place.post(who, f"/v1/referrals/{reference}/{what}", body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def taken(place: County, reference: str) -> str:
    officer, _ = await place.phone(reference, "task.offered")
    await done(place, f"officer:{officer}", reference, "accept")
    return officer


async def colleague(place: County, officer: str) -> str:
    listed = await place.get("sergeant:herts", "/v1/officers")
    return next(
        str(one["id"])
        for one in listed["items"]
        if one["id"] != officer and one["duty"] == "duty" and one["in_hand"] < one["cap"]
    )


async def test_each_change_of_a_worked_referral_is_one_line_in_the_control_rooms_log(place: County) -> None:
    reference = (await place.answer_to(await place.send(report())))["reference"]
    giver = await taken(place, reference)
    tried = {"means": "call", "at": now().isoformat(), "outcome": "no_answer"}
    await done(place, f"officer:{giver}", reference, "contact-attempts", **tried)
    receiver = await colleague(place, giver)
    await done(place, f"officer:{giver}", reference, "handover", to=receiver)
    told, _ = await place.phone(reference, "task.offered", but=(giver,))
    assert told == receiver
    await done(place, f"officer:{receiver}", reference, "handover/accept")
    assert (await place.phone(reference, "task.taken"))[0] == giver
    spoke = {"means": "call", "at": now().isoformat(), "outcome": "spoke"}
    await done(place, f"officer:{receiver}", reference, "contact-attempts", **spoke)
    promised = now() + timedelta(hours=2)
    await done(place, f"officer:{receiver}", reference, "updates", next_update_by=promised.isoformat())
    await done(place, f"officer:{receiver}", reference, "close", outcome="supported")
    said = await place.told_of(reference, "referral.closed")
    names = [one["event"].removeprefix("referral.") for one in said]
    assert names[-7:] == [
        *("contact_attempted", "handed_over", "handed_over", "contact_attempted", "contact_made"),
        *("update_given", "closed"),
    ]
    assert [one["sequence"] for one in said] == list(range(1, len(said) + 1))
    assert all(len(one["log_line"]) <= 120 and reference in one["log_line"] for one in said)
    assert {giver, receiver}.isdisjoint(" ".join(one["log_line"] for one in said).split())


async def test_a_transfer_is_told_to_both_forces_and_the_new_coordinator(place: County) -> None:
    reference = (await place.answer_to(await place.send(report())))["reference"]
    await taken(place, reference)
    await done(place, "coordinator:herts", reference, "transfer", force="beds")
    (moved,) = [
        one for one in await place.told_of(reference, "referral.transferred") if one["event"] == "referral.transferred"
    ]
    assert (moved["from_force"], moved["to_force"]) == ("herts", "beds")
    seen = await place.get("control_room:beds", "/v1/outbound?after=")
    assert reference in {one.get("reference") for one in seen["items"]}


async def nobody_outside_was_written_to(place: County, *numbers: str) -> None:
    """Whoever notify told or may tell is an officer or a role, and it has never heard of these numbers."""
    (database,) = [one.platform.database for one in place.system.services if one.service.name == "notify"]
    async with database.unit() as unit:
        tables = await unit.connection.execute(
            sa.text("select table_name from information_schema.tables where table_schema = 'notify'")
        )
        for (table,) in list(tables):
            rows = await unit.connection.execute(sa.text(f"select t::text as said from notify.{table} t"))
            assert not [row.said for row in rows if any(number in row.said for number in numbers)]
        told = await unit.connection.execute(
            sa.text("select recipient from notify.notices union select recipient from notify.letters")
        )
        known = {row.id for row in await unit.connection.execute(sa.text("select id from notify.recipients"))}
        assert {row.recipient for row in told} <= known
        assert all(one in OFFICERS or one.partition(":")[0] in POSTS for one in known)


async def test_a_person_not_to_be_contacted_is_reached_by_nobody_and_their_referrer_is_told(place: County) -> None:
    """Story 13."""
    details = {"phone": "07700900142", "do_not_contact": True, "referrer": {"name": "Centre", "phone": "07700900143"}}
    body = report(requester={"role": "third_party", "consents_to_contact": False}, channel="third_party")
    sent = await place.post("control_room:herts", "/v1/reports", body | {"contact": {"details": details}})
    assert sent.status_code == 202, sent.text
    reference = sent.json()["reference"]
    officer = await taken(place, reference)
    for means in ("call", "text", "email"):
        tried = {"means": means, "at": now().isoformat(), "outcome": "spoke"}
        path = f"/v1/referrals/{reference}/contact-attempts"
        assert (await place.post(f"officer:{officer}", path, tried)).status_code == 422
    assert (await done(place, f"officer:{officer}", reference, "updates"))["state"] == "contacted"
    await place.told_of(reference, "referral.update_given")
    await nobody_outside_was_written_to(place, "7700900142", "7700900143")


async def suspected(place: County, reference: str) -> str | None:
    intake = next(one for one in place.system.services if one.service.name == "intake")
    async with intake.platform.database.unit() as unit:
        query = sa.text("select picture ->> 'suspected_duplicate_of' from intake.reports where reference = :reference")
        found: str | None = (await unit.connection.execute(query, {"reference": reference})).scalar_one()
        return found


async def test_a_duplicate_report_after_the_close_opens_a_referral_of_its_own_and_a_resend_does_not(
    place: County,
) -> None:
    body = report()
    first = (await place.answer_to(await place.send(body)))["reference"]
    twin = (await place.answer_to(await place.send(body | {"idempotency_key": f"{first}-twin"})))["reference"]
    assert (twin != first, await suspected(place, twin)) == (True, first)
    for reference in (first, twin):
        officer = await taken(place, reference)
        spoke = {"means": "call", "at": now().isoformat(), "outcome": "spoke"}
        await done(place, f"officer:{officer}", reference, "contact-attempts", **spoke)
        await done(place, f"officer:{officer}", reference, "close", outcome="supported")
        await place.told_of(reference, "referral.closed")
    resent = await place.answer_to(await place.send(body))
    assert (resent["event"], resent["reference"]) == ("report.accepted", first)
    again = await place.answer_to(await place.send(body | {"idempotency_key": f"{first}-after"}))
    assert again["reference"] not in {first, twin}
    assert await suspected(place, again["reference"]) is None
    await taken(place, again["reference"])
    shown = await place.get("coordinator:herts", f"/v1/referrals/{first}")
    assert shown["state"] == "closed"

"""Stories of the control room and its officers, told through all three services on real Kafka and PostgreSQL.

Numbers are those of the thirty stories the product is accepted by.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.settings import SERVICES
from tests.stories.county import County, county, report
from tests.stories.county_roster import OFFICERS
from tests.waiting import until

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(180)]

TELLING = ("lgbt", "hate", "gay", "orientation", "gender", "liaison officer", "victim", "crime", "police")


@pytest.fixture(scope="module")
async def place(
    module_postgres_url: str, kafka_topics: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[County]:
    folder: Path = tmp_path_factory.mktemp("county")
    async with county(folder, module_postgres_url, kafka_topics) as built:
        yield built


async def test_story_1_a_request_by_event_gives_the_control_room_a_reference_within_two_seconds(place: County) -> None:
    took = []
    for _ in range(20):
        began = time.perf_counter()
        answer = await place.answer_to(await place.send(report()))
        took.append(time.perf_counter() - began)
        assert answer["event"] == "report.accepted"
        assert answer["class"] == "priority"
        assert answer["key"] == "desk-7"
    assert sorted(took)[18] < 2.0


async def test_story_2_a_resend_after_a_time_out_is_one_request_and_the_same_answer(place: County) -> None:
    body = report()
    first = await place.answer_to(await place.send(body))
    again = await place.answer_to(await place.send(body))
    assert (again["event"], again["reference"]) == ("report.accepted", first["reference"])
    by_http = await place.post("control_room:herts", "/v1/reports", body)
    assert (by_http.status_code, by_http.json()["reference"]) == (202, first["reference"])
    mine = await place.get(
        "control_room:herts", f"/v1/reports?system=storm&incident_ref={body['source']['incident_ref']}"
    )
    assert [item["reference"] for item in mine["items"]] == [first["reference"]]


SECRET = "Marguerite-Plum-07700900123"

BAD = {
    "not JSON": (b'{"narrative": "' + SECRET.encode(), "not_json", "body"),
    "not an object": (b'["' + SECRET.encode() + b'"]', "not_an_object", "body"),
    "no value at all": (None, "no_body", "body"),
    "far too large": (b'"' + SECRET.encode() * 20_000 + b'"', "too_large", "body"),
    "an unknown field": (report() | {"nickname": SECRET}, "invalid", "nickname"),
    "a field named by a person": (report() | {SECRET: 1}, "invalid", "?"),
    "another force's name": (
        report(source={"system": "storm", "force": "beds", "operator": SECRET}), None, "source.force",
    ),
    "contact details in clear": (report() | {"contact": {"phone": SECRET}}, "details_in_clear", "contact.phone"),
    "a code nobody knows": (report(incident_kind="xyzzy_marguerite"), None, "incident_kind"),
    "a NUL": (report(source={"system": f"{SECRET}\x00", "force": "herts"}), None, "source.system"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_story_3_a_message_that_fails_is_answered_with_field_and_reason_and_tells_nothing(
    place: County, name: str
) -> None:
    body, code, at = BAD[name]
    answer = await place.answer_to(await place.send(body))
    assert answer["event"] == "report.rejected"
    assert answer["reference"] is None
    assert at in [error["field"] for error in answer["errors"]]
    if code is not None:
        assert answer["code"] == code
    told = str(answer) + place.log.getvalue() + await everything_but_the_vault(place)
    assert "arguerite" not in told
    good = await place.answer_to(await place.send(report()))
    assert good["event"] == "report.accepted"


async def test_story_3_the_same_id_with_another_body_is_rejected_and_the_same_body_is_not_heard_twice(
    place: County,
) -> None:
    body = report()
    used = await place.send(body)
    accepted = await place.answer_to(used)
    await place.send(body, event_id=used)
    await place.send(report(), event_id=used)

    async def both() -> list[str] | None:
        answers = [one for one in place.heard if one.body.get("in_reply_to") == used]
        names = [one.type for one in answers if one.type.startswith("report.")]
        return names if len(names) >= 2 else None

    assert await until(both) == ["report.accepted", "report.rejected"]
    assert accepted["reference"]


async def everything_but_the_vault(place: County) -> str:
    """Every text in every table of every service."""
    found = []
    for one in place.system.services:
        async with one.platform.database.unit() as unit:
            tables = await unit.connection.execute(
                sa.text("select table_name from information_schema.tables where table_schema = :schema"),
                {"schema": one.service.name},
            )
            for (table,) in tables.all():
                rows = await unit.connection.execute(
                    sa.text(f'select cast(t as text) from {one.service.name}."{table}" t limit 5000')
                )
                found += [row[0] for row in rows]
            journal = await unit.connection.execute(
                sa.text(
                    f"select convert_from(payload, 'UTF8') from {one.service.name}.journal where payload is not null"
                )
            )
            found += [row[0] for row in journal]
    return "\n".join(found)


async def test_story_6_a_request_is_found_by_our_own_incident_reference_and_date(place: County) -> None:
    body = report()
    answer = await place.answer_to(await place.send(body))
    wanted = f"/v1/reports?system=storm&incident_ref={body['source']['incident_ref']}&incident_date=2026-06-06"

    async def offered() -> dict[str, object] | None:
        found = await place.get("control_room:herts", wanted)
        return next((item for item in found["items"] if item["state"] == "offered"), None)

    began = time.perf_counter()
    found = await until(offered)
    assert time.perf_counter() - began < 5.0
    assert found["reference"] == answer["reference"]
    assert (await place.get("control_room:herts", wanted))["as_of"]
    assert (await place.get("control_room:beds", wanted))["items"] == []


async def test_story_7_our_log_gets_one_line_without_personal_data_for_each_change(place: County) -> None:
    answer = await place.answer_to(await place.send(report()))
    reference = answer["reference"]
    officer, _ = await place.phone(reference, "task.offered")
    await place.post(f"officer:{officer}", f"/v1/referrals/{reference}/accept")
    told = await place.told_of(reference, "report.accepted", "referral.offered", "referral.accepted")
    assert [one["sequence"] for one in told] == list(range(1, len(told) + 1))
    for one in told:
        assert len(one["log_line"]) <= 120
        assert reference in one["log_line"]
        assert not any(word in one["log_line"].lower() for word in TELLING)


async def test_story_17_the_notice_is_neutral_and_details_come_only_after_sign_in(place: County) -> None:
    answer = await place.answer_to(await place.send(report()))
    officer, body = await place.phone(answer["reference"], "task.offered")
    assert set(body) == {"id", "type", "reference", "class", "respond_by", "url"}
    assert not any(word in str(body).lower() for word in TELLING)
    unsigned = await place.http.get(f"/v1/referrals/{answer['reference']}")
    assert unsigned.status_code == 401
    mine = await place.get(f"officer:{officer}", f"/v1/referrals/{answer['reference']}")
    assert mine["need"] == "support"
    stranger = next(one for one in OFFICERS if one != officer)
    refused = await place.http.get(
        f"/v1/referrals/{answer['reference']}", headers=await place.as_(f"officer:{stranger}")
    )
    assert refused.status_code in (403, 404)


async def test_story_18_simultaneous_accepts_leave_one_owner_and_the_others_are_told(place: County) -> None:
    asked = report(need="officer_advice", channel="officer", requester={"role": "officer", "consents_to_contact": True})
    asked.pop("grade")
    reference = (await place.answer_to(await place.send(asked)))["reference"]
    for officer in OFFICERS:
        await place.phone(reference, "task.offered", but=[one for one in OFFICERS if one != officer])
    answers = await asyncio.gather(
        *(place.post(f"officer:{officer}", f"/v1/referrals/{reference}/accept") for officer in OFFICERS)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    (holder,) = [officer for officer, answer in zip(OFFICERS, answers, strict=True) if answer.status_code == 200]
    for answer in answers:
        assert answer.json()["holder"] == {"force": "herts", "id": holder}
    told: list[str] = []
    for _ in OFFICERS[1:]:
        told.append((await place.phone(reference, "task.taken", but=told))[0])
    assert sorted(told) == sorted(set(OFFICERS) - {holder})
    again = await place.post(f"officer:{holder}", f"/v1/referrals/{reference}/accept")
    assert again.status_code == 200


async def test_nothing_is_open_without_a_deadline_and_nothing_was_set_aside(place: County) -> None:
    """The promise under all stories, looked up in the tables themselves once they have been told."""
    for service in SERVICES:
        database = next(one for one in place.system.services if one.service.name == service).platform.database
        async with database.unit() as unit:
            letters = await unit.connection.execute(sa.text(f"select count(*) from {service}.dead_letters"))
            assert letters.scalar_one() == 0
    ours = next(one for one in place.system.services if one.service.name == "routing").platform.database
    async with ours.unit() as unit:
        without = await unit.connection.execute(
            sa.text(
                "select count(*) from routing.referrals where due is null "
                "and state in ('waiting', 'offered', 'accepted')"
            )
        )
        assert without.scalar_one() == 0


async def test_an_address_with_a_nul_in_it_is_refused_like_any_other_bad_input(place: County) -> None:
    answer = await place.http.get(
        "/v1/reports?system=storm&incident_ref=%00", headers=await place.as_("control_room:herts")
    )
    assert (answer.status_code, answer.json()["errors"][0]["reason"]) == (422, "nul_or_surrogate")


async def test_once_somebody_has_it_every_offer_says_what_became_of_it(place: County) -> None:
    reference = (await place.answer_to(await place.send(report())))["reference"]
    officer, _ = await place.phone(reference, "task.offered")
    assert (await place.post(f"officer:{officer}", f"/v1/referrals/{reference}/accept")).status_code == 200
    seen = await place.get("coordinator:herts", f"/v1/referrals/{reference}")
    assert {offer["officer"]: offer["answer"] for offer in seen["offers"]} == {officer: "accepted"}


async def test_story_27_the_fallback_sheet_says_who_is_on_duty_what_is_open_and_whom_to_ring(place: County) -> None:
    answer = await place.answer_to(await place.send(report()))
    await place.told_of(answer["reference"], "referral.offered")
    sheets = place.system.services[0].fallback
    assert sheets is not None
    assert await sheets.renew()
    page = await place.http.get("/fallback", headers=await place.as_("control_room:herts"))
    assert page.status_code == 200
    written = (place.system.settings.data_dir / "fallback" / "herts.html").read_text()
    for text in (page.text, written):
        assert "Hertfordshire: fallback sheet" in text
        assert answer["reference"] in text
        assert "On duty or on call" in text
        assert not any(word in text.lower() for word in TELLING if word != "police")
    other = await place.http.get("/fallback", headers=await place.as_("coordinator:cambs"))
    assert answer["reference"] not in other.text
    assert (await place.http.get("/fallback", headers=await place.as_("officer:H1042"))).status_code == 403


async def test_a_drill_goes_through_every_hop_reaches_nobody_and_ends_by_itself(place: County) -> None:
    drill = report(exercise=True)
    drill["source"] = {"system": "drill", "force": "herts"}
    answer = await place.answer_to(await place.send(drill))
    told = await place.told_of(answer["reference"], "referral.offered", "referral.closed")
    closed = next(one for one in told if one["event"] == "referral.closed")
    assert (closed["outcome"], closed["state"]) == ("drill_complete", "closed")
    assert all(one["log_line"].startswith("EXERCISE") for one in told)
    assert not [body for _, body in place.rang if body["reference"] == answer["reference"]]

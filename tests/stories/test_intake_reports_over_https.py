"""A control room, a partner and a supervisor come over HTTPS; what a 202 promises is in the database by then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.intake.app import build
from shared.web import install
from tests.stories.intake_house import OTTOLINE, SECRETS, House, body, opened


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with opened(postgres_url) as house:
        yield house


async def test_a_202_means_that_the_report_its_details_and_its_events_are_durable(house: House) -> None:
    reference = await house.report(contact={"details": OTTOLINE})
    (received,) = await house.published("reports")
    (accepted,) = await house.published("outbound.herts")
    assert (received["reference"], received["class"], received["district"]) == (reference, "priority", "E07000095")
    assert (accepted["reference"], accepted["key"], accepted["type"]) == (
        reference,
        reference,
        "liaison.report.accepted.v1",
    )
    kept = await house.sealed(reference, "contact") or {}
    assert {name: kept[name] for name in OTTOLINE} == OTTOLINE


async def test_who_she_is_stands_in_no_table_and_no_event(house: House) -> None:
    handle = (await house.call("POST", "/v1/contacts", json=OTTOLINE)).json()["handle"]
    await house.report(1, contact={"details": OTTOLINE})
    await house.report(2, contact={"handle": handle})
    tables = await house.rows("select table_name from information_schema.tables where table_schema = 'intake'")
    for table in tables:
        dump = await house.rows(f"select convert_to(t::text, 'utf8') as row from intake.{table['table_name']} t")
        said = b" ".join(bytes(row["row"]) for row in dump).decode()
        for secret in SECRETS:
            assert secret not in said
            assert secret.encode().hex() not in said


async def test_a_repeat_after_a_time_out_is_one_report_and_the_same_answer(house: House) -> None:
    answers = [await house.call("POST", "/v1/reports", json=body(contact={"details": OTTOLINE})) for _ in range(3)]
    assert {answer.json()["reference"] for answer in answers} == {answers[0].json()["reference"]}
    assert [len(await house.published(topic)) for topic in ("reports", "outbound.herts")] == [1, 1]


async def test_twenty_at_once_with_one_key_are_one_report(house: House) -> None:
    answers = await asyncio.gather(*(house.call("POST", "/v1/reports", json=body()) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["reference"] for answer in answers}) == 1


async def test_many_at_once_are_all_durable_and_all_different(house: House) -> None:
    references = await asyncio.gather(*(house.report(number) for number in range(120)))
    assert len(set(references)) == 120
    kept = await house.rows("select count(*) as n from intake.reports")
    assert kept[0]["n"] == len(await house.published("reports")) == 120


async def test_one_bad_report_among_many_spoils_none_of_the_others(house: House) -> None:
    bodies = [body(number, incident_kind="gossip" if number == 7 else "crime") for number in range(15)]
    answers = await asyncio.gather(*(house.call("POST", "/v1/reports", json=one) for one in bodies))
    assert [answer.status_code for answer in answers] == [422 if number == 7 else 202 for number in range(15)]


async def test_the_same_key_with_another_body_is_a_conflict(house: House) -> None:
    await house.report(contact={"details": OTTOLINE})
    other = await house.call(
        "POST", "/v1/reports", json=body(contact={"details": {**OTTOLINE, "phone": "07700 900999"}})
    )
    assert other.status_code == 409
    assert other.json()["errors"] == [{"field": "idempotency_key", "reason": "used_with_another_body"}]
    assert "900999" not in other.text


async def test_the_header_stands_for_the_key_and_must_equal_it(house: House) -> None:
    headers = {"Idempotency-Key": "herts-storm-1"}
    without = await house.call("POST", "/v1/reports", json=body(idempotency_key=None), headers=headers)
    with_both = await house.call("POST", "/v1/reports", json=body(), headers=headers)
    assert without.status_code == with_both.status_code == 202
    assert without.json() == with_both.json()
    unequal = await house.call("POST", "/v1/reports", json=body(2), headers=headers)
    neither = await house.call("POST", "/v1/reports", json=body(idempotency_key=None))
    assert (unequal.status_code, neither.status_code) == (422, 422)
    assert neither.json()["errors"] == [{"field": "idempotency_key", "reason": "required"}]


@pytest.mark.parametrize(
    ("who", "changes", "status"),
    [
        ("control_room:beds", {}, 403),
        ("officer:H1042", {}, 403),
        ("ops", {}, 403),
        ("partner:galop", {}, 202),
        ("partner:galop", {"source": {"system": "web", "force": "wessex"}}, 422),
        ("partner:galop", {"source": None}, 422),
        ("coordinator:herts", {}, 202),
        ("control_room:herts", {"locations": [{"kind": "home", "postcode": "EN11 8AA"}]}, 422),
        ("control_room:herts", {"surprise": "hello"}, 422),
        ("control_room:herts", {"contact": {"details": {**OTTOLINE, "home": {"postcode": ""}}}}, 422),
        ("control_room:herts", {"contact": {"details": {**OTTOLINE, "home": {"postcode": "over the hill"}}}}, 202),
        ("control_room:herts", {"received_at": "2199-06-06T12:00:00+01:00"}, 422),
        ("control_room:herts", {"contact": {"details": {**OTTOLINE, "home": {"postcode": "SG8 5A"}}}}, 202),
    ],
)
async def test_who_may_send_what(house: House, who: str, changes: dict[str, Any], status: int) -> None:
    answer = await house.call("POST", "/v1/reports", who, json=body(**changes))
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["errors"]


async def test_what_is_not_json_is_a_400_and_nobody_in_particular_a_401(house: House) -> None:
    assert (await house.call("POST", "/v1/reports", content=b"{nearly")).status_code == 400
    assert (await house.http.post("/v1/reports", json=body())).status_code == 401


async def test_a_dry_run_says_what_would_happen_and_keeps_nothing(house: House) -> None:
    answer = await house.call(
        "POST", "/v1/reports?dry_run=true", json=body(locations=[{"kind": "incident", "postcode": "SG8"}])
    )
    assert (answer.status_code, answer.json()["location_confidence"], answer.json()["class"]) == (
        200,
        "low",
        "priority",
    )
    assert (await house.rows("select count(*) as n from intake.reports"))[0]["n"] == 0
    wrong = await house.call("POST", "/v1/reports?dry_run=true", json=body(risks=["dragons"]))
    assert wrong.status_code == 422


async def test_with_the_broker_away_a_report_is_accepted_and_delayed(house: House) -> None:
    house.platform.broker_reachable = lambda: False
    answer = await house.call("POST", "/v1/reports", json=body())
    assert (answer.status_code, answer.json()["status"]) == (202, "delayed")


async def test_contact_details_left_beforehand_are_claimed_once(house: House) -> None:
    left = await house.call("POST", "/v1/contacts", json=OTTOLINE)
    assert left.status_code == 201
    contact = {"handle": left.json()["handle"]}
    reference = await house.report(1, contact=contact, locations=[])
    assert ((await house.sealed(reference, "contact")) or {})["phone"] == "07700 900123"
    (received,) = await house.published("reports")
    assert (received["contact_route"], received["district"]) == ("person", "E07000099")
    again = await house.call("POST", "/v1/reports", json=body(2, contact=contact))
    assert again.json()["errors"] == [{"field": "contact.handle", "reason": "already_claimed"}]
    theirs = body(3, contact=contact, source={"system": "CW", "force": "beds"})
    assert (await house.call("POST", "/v1/reports", "control_room:beds", json=theirs)).status_code == 422


async def test_an_amendment_changes_the_picture_and_keeps_the_old_words(house: House) -> None:
    reference = await house.report()
    urgent = {
        "grade": {"value": "immediate", "by": "OP7", "at": "2026-06-06T12:05:00Z"},
        "contact": {"details": OTTOLINE},
    }
    answer = await house.call("POST", f"/v1/reports/{reference}/amendments", json=urgent)
    assert (answer.status_code, answer.json()["reference"]) == (202, reference)
    amended = (await house.published("reports"))[-1]
    assert (amended["type"], amended["sequence"], amended["class"]) == ("liaison.report.amended.v1", 2, "immediate")
    assert (amended["changed"], amended["contact_route"]) == (["grade", "contact"], "person")
    assert ((await house.sealed(reference, "report")) or {})["grade"]["value"] == "priority"
    assert ((await house.sealed(reference, "amendment:2")) or {})["grade"]["value"] == "immediate"
    assert ((await house.sealed(reference, "contact:2")) or {})["name"] == OTTOLINE["name"]


async def test_a_withdrawal_is_passed_on_once_however_often_it_is_sent(house: House) -> None:
    reference = await house.report()
    for _ in range(2):
        answer = await house.call("POST", f"/v1/reports/{reference}/withdrawal", json={"reason": "duplicate"})
        assert answer.status_code == 202
    assert [event["type"] for event in await house.published("reports")][1:] == ["liaison.report.withdrawn.v1"]
    late = await house.call("POST", f"/v1/reports/{reference}/amendments", json={"risks": ["repeat"]})
    assert (late.status_code, late.json()["code"]) == (409, "not_open")


async def test_a_report_is_seen_by_its_own_force_and_every_look_is_written_down(house: House) -> None:
    reference = await house.report()
    shown = await house.call("GET", f"/v1/reports/{reference.lower().replace('-', ' ')}")
    assert (shown.status_code, shown.json()["state"], shown.json()["class"]) == (200, "waiting", "priority")
    assert (await house.call("GET", f"/v1/reports/{reference}", "control_room:beds")).status_code == 404
    assert (await house.call("GET", "/v1/reports/AAAA-AAAA")).status_code == 404
    looks = await house.rows("select actor, what, reference from intake.access_log")
    assert looks == [{"actor": "control_room:herts", "what": "report", "reference": reference}]


async def test_a_report_is_found_by_the_control_rooms_own_number_and_day(house: House) -> None:
    reference = await house.report(417)
    query = {"system": "STORM", "incident_ref": "HC-0417", "incident_date": "2026-06-06"}
    found = (await house.call("GET", "/v1/reports", params=query)).json()
    assert [item["reference"] for item in found["items"]] == [reference]
    assert found["as_of"] >= found["items"][0]["accepted_at"]
    tomorrow = await house.call("GET", "/v1/reports", params={**query, "incident_date": "2026-06-07"})
    elsewhere = await house.call("GET", "/v1/reports", "control_room:beds", params=query)
    assert (tomorrow.json()["items"], elsewhere.json()["items"]) == ([], [])


async def test_a_control_room_without_kafka_reads_the_same_lines_page_by_page(house: House) -> None:
    references = [await house.report(number) for number in range(5)]
    seen, after = [], ""
    while after is not None:
        answer = (await house.call("GET", "/v1/outbound", params={"after": after, "limit": 2})).json()
        seen += [item["reference"] for item in answer["items"]]
        after = answer["next"]
    assert seen == references
    assert (await house.call("GET", "/v1/outbound", "control_room:beds")).json()["items"] == []
    assert (await house.call("GET", "/v1/outbound", params={"after": "yesterday"})).status_code == 422


async def test_the_codes_of_a_day_can_be_asked(house: House) -> None:
    codes = (await house.call("GET", "/v1/codes", params={"at": "2026-06-06T12:00:00+01:00"})).json()
    assert "prompt" in codes["forces"]["cambs"]["grades"]
    assert "prompt" not in codes["forces"]["herts"]["grades"]
    assert "transgender" in codes["strands"]
    assert (await house.call("GET", "/v1/codes", params={"at": "tea time"})).status_code == 422


async def test_two_replicas_given_the_same_report_at_once_make_one_of_it(house: House) -> None:
    other = build(house.platform)
    for step in other.on_start:
        await step()
    second = FastAPI()
    second.state.keys = house.keys
    install(second)
    second.include_router(other.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(second), base_url="http://second") as client:
        twin = replace(house, http=client)
        for number in range(10):
            references = await asyncio.gather(*(one.report(number) for one in (house, twin, house, twin)))
            assert len(set(references)) == 1
    assert len(await house.published("reports")) == 10


async def test_an_amendment_with_a_key_is_made_once(house: House) -> None:
    reference = await house.report()
    path, headers = f"/v1/reports/{reference}/amendments", {"Idempotency-Key": "second-thoughts"}
    answers = [await house.call("POST", path, json={"risks": ["repeat"]}, headers=headers) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"reference": reference, "status": "accepted"}] * 2
    other = await house.call("POST", path, json={"risks": ["weapon"]}, headers=headers)
    assert (other.status_code, len(await house.published("reports"))) == (409, 2)

"""`inbound.<force>`: whatever a control room sends is taken in or answered, and nothing stops behind it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.stories.intake_house import House, body, opened


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with opened(postgres_url) as house:
        yield house


async def answers(house: House, force: str = "herts") -> list[dict[str, Any]]:
    return await house.published(f"outbound.{force}")


async def test_a_report_by_topic_is_accepted_under_the_senders_own_key(house: House) -> None:
    await house.knock(house.record("inbound.herts", "report.submitted", body(), key=b"HC-0001", id="message-1"))
    (told,) = await answers(house)
    assert (told["type"], told["key"], told["in_reply_to"]) == ("liaison.report.accepted.v1", "HC-0001", "message-1")
    assert len(await house.published("reports")) == 1


async def test_five_hundred_in_one_batch_are_five_hundred_reports(house: House) -> None:
    await house.knock(*(house.record("inbound.herts", "report.submitted", body(number)) for number in range(500)))
    told = await answers(house)
    assert len({one["reference"] for one in told}) == len(await house.published("reports")) == 500
    assert (await house.rows("select count(*) as n from intake.vault"))[0]["n"] == 500


@pytest.mark.parametrize(
    ("content", "about", "code"),
    [
        (None, {}, "no_body"),
        (b"{nearly", {}, "not_json"),
        (b"[]", {}, "not_an_object"),
        (b'"a word"', {}, "not_an_object"),
        (b"x" * 300_000, {}, "too_large"),
        (body(surprise="hello"), {}, "invalid"),
        (body(source={"system": "CW", "force": "beds"}), {}, "invalid"),
        (body(incident_kind="gossip"), {}, "invalid"),
        (body(contact={"details": {"phone": "07700 900123"}}), {}, "details_in_clear"),
        (body(contact={"phone": "07700 900123"}), {}, "details_in_clear"),
        (body(contact={"handle": "c-nobody"}), {}, "invalid"),
        (body(), {"headers": []}, "unreadable_header"),
        (body(), {"headers": [("ce_id", b"\xff\xfe"), ("ce_source", None)]}, "unreadable_header"),
        (body(), {"key": None}, None),
        (body(), {"key": b"\xff\x00"}, None),
        (b'{"idempotency_key": "never", "risks": []}', {"kind": "report.amended"}, "unknown_report"),
        (b'{"risks": []}', {"kind": "report.amended"}, "invalid"),
        (b'{"idempotency_key": "never", "reason": "duplicate"}', {"kind": "report.withdrawn"}, "unknown_report"),
        (b"{}", {"kind": "report.invented"}, "unknown_event"),
    ],
)
async def test_every_unusable_record_is_answered_and_the_next_one_is_taken_in(
    house: House, content: Any, about: dict[str, Any], code: str | None
) -> None:
    how = dict(about)
    bad = house.record("inbound.herts", how.pop("kind", "report.submitted"), content, **how)
    await house.knock(bad, house.record("inbound.herts", "report.submitted", body(2), key=b"HC-0002"))
    first, second = await answers(house)
    assert (second["type"], second["key"]) == ("liaison.report.accepted.v1", "HC-0002")
    if code is None:
        assert first["type"] == "liaison.report.accepted.v1"
        return
    assert (first["type"], first["code"], first["key"]) == ("liaison.report.rejected.v1", code, "HC-0001")
    assert first["errors"]
    assert "07700" not in str(first)
    assert (first["in_reply_to"] is None) == ("headers" in about)


async def test_a_sender_that_repeats_itself_is_heard_once_and_one_that_contradicts_itself_is_told(house: House) -> None:
    first = house.record("inbound.herts", "report.submitted", body(), id="message-1")
    await house.knock(first)
    await house.knock(house.record("inbound.herts", "report.submitted", body(), id="message-1"))
    assert len(await answers(house)) == 1
    await house.knock(house.record("inbound.herts", "report.submitted", body(channel="999"), id="message-1"))
    told = (await answers(house))[-1]
    assert (told["type"], told["code"]) == ("liaison.report.rejected.v1", "id_reused")


async def test_the_same_key_in_a_new_message_is_answered_with_the_same_reference(house: House) -> None:
    for message in ("message-1", "message-2"):
        await house.knock(house.record("inbound.herts", "report.submitted", body(), id=message))
    first, second = await answers(house)
    assert first["reference"] == second["reference"]
    assert (second["in_reply_to"], second["sequence"]) == ("message-2", 2)
    await house.knock(house.record("inbound.herts", "report.submitted", body(channel="999")))
    third = (await answers(house))[-1]
    assert (third["code"], third["errors"]) == (
        "key_reused",
        [{"field": "idempotency_key", "reason": "used_with_another_body"}],
    )
    assert len(await house.published("reports")) == 1


async def test_the_same_report_by_topic_and_over_https_is_one_report(house: House) -> None:
    await house.knock(house.record("inbound.herts", "report.submitted", body()))
    answer = await house.call("POST", "/v1/reports", json=body())
    assert (answer.status_code, answer.json()["reference"]) == (202, (await answers(house))[0]["reference"])


async def test_amended_and_withdrawn_by_the_senders_own_key(house: House) -> None:
    await house.knock(
        house.record("inbound.herts", "report.submitted", body()),
        house.record("inbound.herts", "report.amended", {"idempotency_key": "herts-storm-1", "risks": ["weapon"]}),
        house.record("inbound.herts", "report.withdrawn", {"idempotency_key": "herts-storm-1", "reason": "duplicate"}),
    )
    told = await house.published("reports")
    assert [one["type"].split(".")[2] for one in told] == ["received", "amended", "withdrawn"]
    assert [one["sequence"] for one in told] == [1, 2, 3]


async def test_another_forces_report_is_as_good_as_unknown(house: House) -> None:
    reference = await house.report()
    await house.knock(
        house.record("inbound.beds", "report.withdrawn", {"reference": reference, "reason": "duplicate"}, key=b"B-1")
    )
    (told,) = await answers(house, "beds")
    assert (told["code"], told["key"], told["reference"]) == ("unknown_report", "B-1", None)


async def test_a_handle_may_be_claimed_by_topic(house: House) -> None:
    left = await house.call("POST", "/v1/contacts", json={"name": "Quentin", "email": "q@example.org"})
    contact = {"handle": left.json()["handle"]}
    await house.knock(house.record("inbound.herts", "report.submitted", body(contact=contact)))
    (told,) = await answers(house)
    assert ((await house.sealed(told["reference"], "contact")) or {})["name"] == "Quentin"
    assert (await house.rows("select sealed from intake.contacts"))[0]["sealed"] is None


async def test_the_answers_of_one_report_are_numbered_without_a_gap(house: House) -> None:
    for message in range(4):
        await house.knock(house.record("inbound.herts", "report.submitted", body(), id=f"message-{message}"))
    assert [one["sequence"] for one in await answers(house)] == [1, 2, 3, 4]

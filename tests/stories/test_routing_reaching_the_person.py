"""Reaching the person: agreed means, safeguarding, attempts, breaches and plans, told over HTTPS."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.identifiers import new_reference
from tests.stories.routing_house import House, routing
from tests.stories.working import after, held, said, tried, whole


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Two Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "B7,beds")


async def test_contact_attempts_are_recorded_with_outcome_next_step_and_deadline(house: House) -> None:
    """Story 22."""
    report = await held(house)
    words = {"next_step": "try_again", "next_at": after(30), "next_update_by": after(90)}
    status, answer = await tried(house, report, "no_answer", **words)
    assert (status, answer["clocks"]["next_attempt"], answer["clocks"]["next_update"]) == (
        200, "2026-11-23T12:30:00+00:00", "2026-11-23T13:30:00+00:00",
    )  # fmt: skip
    assert [(one["outcome"], one["next_step"]) for one in answer["attempts"]] == [("no_answer", "try_again")]
    await house.stand_still(10)
    status, answer = await tried(house, report, "spoke", next_update_by=after(300))
    assert (answer["state"], answer["clocks"]["first_contact"]) == ("contacted", None)
    assert (await house.story(report))[3:] == ["contact_attempted", "contact_attempted", "contact_made"]
    seen = await whole(house, report, "officer:H1")
    assert len(seen["attempts"]) == 2, "the holder sees them too"


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"outcome": "message_left"}, "outcome", "voicemail_not_allowed"),
        ({"outcome": "spoke", "means": "email"}, "means", "not_agreed"),
        ({"outcome": "sang"}, "outcome", "not_allowed_value"),
        ({"outcome": "no_answer", "next_at": after(-5)}, "next_at", "in_the_past"),
        ({"outcome": "no_answer", "their_name": "Peggy"}, "their_name", "unknown_field"),
    ],
)
async def test_what_is_not_safe_is_refused_by_field(
    house: House, body: dict[str, Any], field: str, reason: str
) -> None:
    report = await held(house)
    status, answer = await tried(house, report, **body)
    assert (status, [(error["field"], error["reason"]) for error in answer["errors"]]) == (422, [(field, reason)])
    assert "Peggy" not in str(answer)
    assert (await house.story(report))[3:] == []


async def test_a_report_that_says_no_contact_has_no_channel_to_the_person_and_its_referrer_is_updated(
    house: House,
) -> None:
    """Story 13."""
    quiet = {"contact_route": "referrer", "contact_rules": {"refused": True}, "requester_role": "third_party"}
    report = await held(house, **quiet)
    for means in ("call", "text", "email", "video", "face_to_face"):
        assert (await tried(house, report, "spoke", means=means))[0] == 422
    status, answer = await said(house, "officer:H1", report, "updates", next_update_by=after(600))
    assert (status, answer["state"], answer["clocks"]["next_update"]) == (200, "contacted", "2026-11-23T22:00:00+00:00")
    plan = {"next_contact_by": after(900), "told": "person", "told_at": after(0), "told_by": "H1"}
    assert (await said(house, "inspector:herts", report, "plan", **plan))[0] == 422


async def test_three_failed_attempts_go_to_the_sergeant_and_nothing_closes_by_itself(house: House) -> None:
    report = await held(house)
    for _ in range(3):
        await house.stand_still(5)
        await tried(house, report, "no_answer")
    unable = (await house.told(report, "unable_to_contact"))[0]
    assert (unable["attempts"], unable["role"], unable["state"]) == (3, "sergeant:herts", "accepted")
    status, _ = await said(house, "sergeant:herts", report, "acknowledge", role="sergeant", outcome="try_by_text")
    assert status == 200
    await house.pass_minutes(240)
    assert (await whole(house, report))["state"] == "accepted"


async def test_safeguarding_comes_before_any_call_home(house: House) -> None:
    report = await held(house, under_18=True)
    alerts = await house.told(report, "role_alerted")
    assert [(alert["role"], alert["why"]) for alert in alerts] == [("fim:herts", "safeguarding")]
    status, answer = await tried(house, report, "no_answer")
    assert (status, answer["code"]) == (409, "safeguarding_first")
    await said(house, "fim:herts", report, "acknowledge", role="fim", outcome="referred")
    assert (await tried(house, report, "no_answer"))[0] == 200


async def test_a_breach_cannot_be_cleared_without_a_plan_and_what_the_person_was_told(house: House) -> None:
    """Story 15; accepted and then silent."""
    report = await held(house)
    await house.pass_minutes(61)
    seen = await whole(house, report)
    assert (seen["breached"], seen["state"], seen["holder"]["id"]) == (["first_contact"], "accepted", "H1")
    await said(house, "sergeant:herts", report, "acknowledge", role="sergeant", outcome="seen")
    await tried(house, report, "spoke")
    assert (await said(house, "officer:H1", report, "close", outcome="supported"))[1]["code"] == "breach_without_plan"
    assert (await said(house, "officer:H1", report, "plan"))[0] == 403, "a supervisor plans"
    wanted = {"next_contact_by": after(600), "told": "person"}
    status, answer = await said(house, "inspector:herts", report, "plan", **wanted)
    assert (status, answer["errors"]) == (422, [{"field": "told_at", "reason": "required"}])
    status, answer = await said(house, "inspector:herts", report, "plan", **wanted, told_at=after(61), told_by="H1")
    assert (status, answer["clocks"]["breached"], answer["plan"]["told"]) == (200, [], "person")
    listed = await house.ask("sergeant:herts", "GET", "/v1/referrals?view=breached")
    assert listed.json()["items"] == []
    assert (await said(house, "officer:H1", report, "close", outcome="supported"))[0] == 200


async def test_an_idempotency_key_makes_one_attempt_of_two(house: House) -> None:
    report = await held(house)
    body = {"means": "call", "at": after(0), "outcome": "no_answer"}
    path = f"/v1/referrals/{report.reference}/contact-attempts"
    for _ in range(2):
        answer = await house.ask("officer:H1", "POST", path, body, **{"idempotency-key": "tap-1"})
        assert answer.status_code == 200
    assert (await house.ask("officer:H1", "POST", path, body)).status_code == 200
    assert (await house.story(report)).count("contact_attempted") == 1
    assert (await house.ask("officer:H1", "POST", f"/v1/referrals/{new_reference()}/keep")).status_code == 404

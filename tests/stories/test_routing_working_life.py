"""What else becomes of a referral: hand-overs, links, transfers, pauses, closing, helpers, told over HTTPS."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.routing_house import LUTON, House, amended, routing, withdrawn
from tests.stories.working import REACHABLE, after, held, said, tried, whole


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Two Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "B7,beds")


async def test_a_hand_over_at_the_end_of_a_shift_leaves_no_ownerless_gap(house: House) -> None:
    """Story 23."""
    report = await held(house, **{"class": "scheduled", "grade": "scheduled"})
    await house.pass_minutes(630)
    ending = (await house.told(report, "duty_ending"))[0]
    assert (ending["at"], ending["officer"], ending["ends_at"]) == (
        "2026-11-23T22:30:00Z", "H1", "2026-11-23T23:00:00Z",
    )  # fmt: skip
    status, answer = await said(house, "officer:H1", report, "handover", to="H2")
    assert (status, answer["holder"]["id"], answer["handover"]["receiver"]) == (200, "H1", "H2")
    page = (await house.ask("officer:H2", "GET", "/tasks")).text
    assert report.reference in page
    status, answer = await said(house, "officer:H2", report, "handover/accept")
    assert (status, answer["holder"]["id"]) == (200, "H2")
    assert (await said(house, "officer:H2", report, "handover/accept"))[0] == 200
    rows = await house.rows(
        "select officer, kind from routing.engagements where referral_id = :id", id=report.referral_id
    )
    assert [(row.officer, row.kind) for row in rows] == [("H2", "held")]
    loads = await house.rows("select officer, counted from routing.loads where counted <> 0")
    assert [(row.officer, row.counted) for row in loads] == [("H2", 1)]


async def test_a_hand_over_nobody_accepts_comes_back_and_the_coordinator_is_told(house: House) -> None:
    report = await held(house, **{"class": "scheduled"})
    await said(house, "officer:H1", report, "handover", to="B7")
    await house.pass_minutes(31)
    alert = (await house.told(report, "role_alerted"))[0]
    assert (alert["role"], alert["why"], alert["holder"]["id"]) == ("coordinator:herts", "handover_unanswered", "H1")
    status, answer = await said(house, "officer:B7", report, "handover/accept")
    assert (status, answer["holder"]) == (409, {"force": "herts", "id": "H1"})


async def test_nobody_who_must_not_have_it_is_asked_to_take_over_and_nobody_learns_why(house: House) -> None:
    report = await house.report(connected_officers=["H2"], **REACHABLE)
    await house.tap("H1", report, "accept")
    status, answer = await said(house, "officer:H1", report, "handover", to="H2")
    assert (status, answer["code"]) == (409, "cannot_receive")
    assert answer["title"] == "They cannot take it just now. Choose somebody else."
    assert await said(house, "officer:H1", report, "handover", to="X9") == (status, answer), "nor who is on the roster"
    assert (await said(house, "officer:B7", report, "handover", to="H1"))[0] == 403


async def test_who_keeps_it_past_their_duty_says_so_and_else_the_coordinator_is_told(house: House) -> None:
    kept = await held(house, **{"class": "scheduled"})
    other = await house.report(**{"class": "scheduled"})
    await house.tap("H2", other, "accept")
    await house.pass_minutes(635)
    assert (await said(house, "officer:H1", kept, "keep"))[0] == 200
    await house.pass_minutes(60)
    assert "role_alerted" not in await house.story(kept)
    alert = (await house.told(other, "role_alerted"))[0]
    assert (alert["at"], alert["role"], alert["why"]) == ("2026-11-23T23:00:00Z", "coordinator:herts", "duty_ended")


async def test_three_reports_of_one_event_are_linked_by_a_human_and_each_keeps_its_contact_rules(house: House) -> None:
    """Story 11."""
    loud = await house.report(**REACHABLE)
    quiet = await house.report(contact_route="none", contact_rules={"refused": True})
    elsewhere = await house.report(force="beds", district=LUTON)
    assert (await said(house, "officer:H1", loud, "link", reference=quiet.reference))[0] == 403
    status, answer = await said(house, "coordinator:herts", loud, "link", reference=quiet.reference.lower())
    assert (status, answer["links"]) == (200, [quiet.reference])
    assert (await whole(house, quiet))["links"] == [loud.reference]
    assert (await said(house, "coordinator:herts", loud, "link", reference=elsewhere.reference))[0] == 404
    assert (await said(house, "coordinator:herts", loud, "link", reference=loud.reference))[0] == 422
    rules = await house.rows(
        "select life -> 'picture' -> 'contact_rules' ->> 'refused' as refused from routing.referrals"
    )
    assert sorted(str(row.refused) for row in rules) == ["false", "false", "true"]
    await said(house, "coordinator:herts", quiet, "unlink", reference=loud.reference)
    assert (await whole(house, loud))["links"] == []
    assert [event["linked"] for event in await house.told(loud, "linked")] == [True, False]


async def test_a_conflict_bars_from_what_is_linked_too_and_is_shown_to_nobody(house: House) -> None:
    """Story 19."""
    first, second = await house.report(), await house.report()
    await said(house, "coordinator:herts", first, "link", reference=second.reference)
    asked = (await house.told(first, "offered"))[0]["officers"][0]
    await house.tap(asked, first, "decline", code="conflict")
    await house.decide()
    theirs = (await house.told(second, "offered"))[0]["officers"]
    if asked in theirs:
        assert (await house.tap(asked, second, "accept")).status_code == 409
    third = await house.report()
    await said(house, "coordinator:herts", third, "link", reference=first.reference)
    await house.decide()
    offered = [officer for event in await house.told(third, "offered") for officer in event["officers"]]
    if asked in offered:
        assert (await house.tap(asked, third, "accept")).status_code == 409
    for report in (first, second, third):
        assert "conflict" not in (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{report.reference}")).text


async def test_a_transfer_tells_the_new_forces_coordinator_and_both_forces_see_it(house: House) -> None:
    report = await held(house)
    assert (await said(house, "coordinator:beds", report, "transfer", force="beds"))[0] == 404
    status, _ = await said(house, "coordinator:herts", report, "transfer", force="beds")
    assert status == 200
    event = (await house.told(report, "transferred"))[0]
    assert (event["from_force"], event["to_force"], event["force"]) == ("herts", "beds", "beds")
    assert (await house.told(report, "role_alerted"))[-1]["role"] == "coordinator:beds"
    for force in ("beds", "herts"):
        assert (await whole(house, report, f"coordinator:{force}"))["force"] == "beds"
    assert (await said(house, "coordinator:herts", report, "transfer", force="cambs"))[0] == 403


async def test_a_pause_stops_the_clocks_and_ends_by_itself(house: House) -> None:
    report = await held(house)
    assert (await said(house, "officer:H1", report, "pause", until=after(120), reason="person_asked"))[0] == 403
    status, answer = await said(house, "sergeant:herts", report, "pause", until=after(120), reason="tea")
    assert (status, answer["errors"][0]["reason"]) == (422, "unknown_code")
    status, answer = await said(house, "sergeant:herts", report, "pause", until=after(120), reason="person_asked")
    assert (status, answer["next_due"]) == (200, "2026-11-23T14:00:00+00:00")
    await house.pass_minutes(125)
    assert (await house.story(report))[3:] == ["paused", "resumed"]
    assert (await whole(house, report))["clocks"]["first_contact"] == "2026-11-23T15:00:00+00:00"
    await said(house, "sergeant:herts", report, "pause", until=after(400), reason="investigation")
    await house.stand_still(5)
    assert (await said(house, "sergeant:herts", report, "resume"))[1]["next_due"] == "2026-11-23T15:05:00+00:00"


async def test_closed_and_opened_again_its_ladder_begins_anew(house: House) -> None:
    report = await held(house)
    assert (await said(house, "officer:H1", report, "close", outcome="supported"))[1]["state"] == "closed"
    assert (await said(house, "officer:H1", report, "close", outcome="supported"))[0] == 200
    assert (await house.ask("officer:H1", "POST", f"/v1/referrals/{report.reference}/reopen")).status_code == 403
    await house.stand_still(300)
    assert (await said(house, "sergeant:herts", report, "reopen", reason="came_back"))[1]["state"] == "waiting"
    await house.decide()
    assert (await house.story(report))[3:] == ["closed", "reopened", "offered"]
    assert (await whole(house, report))["clocks"]["first_contact"] == "2026-11-23T18:00:00+00:00"


async def test_a_regrade_computes_the_clocks_anew_and_keeps_what_they_were(house: House) -> None:
    """Story 4."""
    report = await house.report(**{"class": "scheduled", "grade": "scheduled"})
    await house.stand_still(5)
    await house.hear("reports", amended(report, ["grade"], grade="priority", **{"class": "priority"}))
    assert (await whole(house, report))["clocks"]["first_contact"] == "2026-11-23T13:00:00+00:00"
    kept = [(event["grade"], event["first_contact_due"]) for event in await house.told(report, "opened")]
    assert kept == [("scheduled", "2026-11-24T12:00:00Z")]


async def test_a_withdrawal_tells_the_officer_and_nothing_follows(house: House) -> None:
    """Story 5."""
    report = await held(house, risks=["weapon"])
    await house.hear("reports", withdrawn(report, "no_longer_wanted"))
    before = await house.story(report)
    assert before[-1] == "withdrawn"
    await house.pass_minutes(1440)
    assert await house.story(report) == before
    assert (await tried(house, report, "spoke"))[0] == 409


async def test_advice_at_a_scene_is_given_by_the_first_of_the_whole_pool_who_can(house: House) -> None:
    """Story 24."""
    advice = {"need": "officer_advice", "class": "officer_advice", "requester_role": "officer", "contact_route": "none"}
    report = await house.report(**advice)
    assert set((await house.told(report, "offered"))[0]["officers"]) == {"H1", "H2", "B7"}
    status, answer = await said(house, "officer:B7", report, "accept")
    assert (status, answer["next_due"]) == (200, "2026-11-23T12:10:00+00:00")
    body = {"means": "call", "at": after(3), "outcome": "spoke"}
    await house.stand_still(4)
    assert (await said(house, "officer:B7", report, "contact-attempts", **body))[1]["state"] == "contacted"
    assert (await said(house, "officer:B7", report, "close", outcome="advised"))[0] == 200


async def test_a_fete_has_one_who_holds_it_and_others_who_come_along(house: House) -> None:
    words = {"need": "community_event", "class": "community_event", "event": {"officers_wanted": 2}}
    report = await house.report(**words, contact_route="none")
    first = (await house.told(report, "offered"))[0]["officers"][0]
    await house.tap(first, report, "accept")
    await house.decide()
    second = (await house.told(report, "offered"))[1]["officers"][0]
    status, answer = await said(house, f"officer:{second}", report, "accept")
    assert (status, answer["holder"]["id"]) == (200, first)
    assert [helper["id"] for helper in (await whole(house, report))["helpers"]] == [second]
    rows = await house.rows("select officer, kind from routing.engagements order by officer")
    assert {(row.officer, row.kind) for row in rows} == {(first, "held"), (second, "held")}


async def test_a_helper_who_falls_sick_before_the_fete_is_replaced_and_the_coordinator_knows(house: House) -> None:
    event = {"officers_wanted": 2, "starts_at": after(1440), "ends_at": after(1800)}
    words = {"need": "community_event", "class": "community_event", "event": event, "contact_route": "none"}
    report = await house.report(**words)
    await house.roster("H1,herts", "H2,herts", "H3,herts")
    first = (await house.told(report, "offered"))[0]["officers"][0]
    await house.tap(first, report, "accept")
    await house.decide()
    second = (await house.told(report, "offered"))[1]["officers"][0]
    await house.tap(second, report, "accept")
    sick = {"entries": [{"kind": "sick", "from": after(600)}]}
    assert (await house.ask(f"officer:{second}", "PUT", f"/v1/officers/{second}/duties", sick)).status_code == 200
    await house.decide()
    (left,) = await house.told(report, "helper_left")
    assert (left["officer"], left["code"]) == (second, "away")
    assert [alert["why"] for alert in await house.told(report, "role_alerted")] == ["helper_away"]
    third = (await house.told(report, "offered"))[2]["officers"][0]
    assert third not in {first, second}
    assert (await said(house, f"officer:{third}", report, "accept"))[0] == 200
    shown = await whole(house, report)
    assert ([helper["id"] for helper in shown["helpers"]], shown["holder"]["id"]) == ([third], first)


async def test_a_complaint_about_police_is_professional_standards_and_an_officer_supports(house: House) -> None:
    report = await house.report(complaint_against_police=True)
    assert [(event["role"], event["why"]) for event in await house.told(report, "role_alerted")] == [
        ("psd:herts", "complaint")
    ]
    assert (await said(house, "psd:herts", report, "acknowledge", role="psd", outcome="taken_on"))[0] == 200
    assert (await house.tap("H1", report, "accept")).status_code == 200


async def test_the_story_reads_as_plain_sentences(house: House) -> None:
    report = await held(house)
    await tried(house, report, "no_answer", next_at=after(30))
    await said(house, "sergeant:herts", report, "pause", until=after(120), reason="person_asked")
    page = (await house.ask("sergeant:herts", "GET", f"/referrals/{report.reference}")).text
    for sentence in ("H1 accepted.", "H1 tried by phone: no answer.", "The sergeant (Herts) stopped the clocks"):
        assert sentence in page

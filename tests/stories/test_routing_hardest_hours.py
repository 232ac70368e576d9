"""What other systems of this kind get wrong: silence, nobody there, clocks that change, answers that come too late."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stories.routing_house import NOON, House, replied, routing, withdrawn


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Two Hertfordshire officers and one from Bedfordshire, all on duty."""
    return await service.as_new("H1,herts", "H2,herts", "B7,beds")


async def does(house: House, who: str, reference: str, what: str, **body: Any) -> int:
    return (await house.ask(who, "POST", f"/v1/referrals/{reference}/{what}", body)).status_code


async def nothing_is_without_a_deadline(house: House) -> bool:
    open_ = "state in ('waiting', 'offered', 'accepted', 'contacted')"
    found = await house.rows(
        f"select count(*) as n from routing.referrals where {open_} and (due is null or wakes_at is null)"
    )
    return bool(found[0].n == 0)


async def test_accepted_and_then_silent_is_a_breach_told_again_and_again_and_never_closed(house: House) -> None:
    report = await house.report()
    await house.tap("H1", report, "accept")
    await house.pass_minutes(360)
    story = await house.story(report)
    assert story[3:5] == ["breached", "role_alerted"]
    alerts = await house.told(report, "role_alerted")
    assert {alert["role"] for alert in alerts} >= {"sergeant:herts", "ops:herts"}
    assert len(alerts) > 50
    assert alerts[-1]["holder"]["id"] == "H1"
    assert await nothing_is_without_a_deadline(house)


async def test_a_supervisor_takes_what_is_held_back_and_the_ladder_goes_on(house: House) -> None:
    """Manual escalation of an accepted referral."""
    report = await house.report()
    await house.tap("H1", report, "accept")
    assert await does(house, "sergeant:herts", report.reference, "release", code="abstracted") == 200
    await house.decide()
    assert (await house.story(report))[3:] == ["released", "offered"]
    assert (await house.told(report, "offered"))[1]["officers"] == ["H2"]


async def test_declined_by_everyone_it_goes_to_the_roles_at_once_and_stays_theirs(house: House) -> None:
    report = await house.report()
    for _ in range(3):
        offered = [officer for event in await house.told(report, "offered") for officer in event["officers"]]
        declined = [event["officer"] for event in await house.told(report, "declined")]
        for officer in [one for one in offered if one not in declined]:
            await house.tap(officer, report, "decline", code="busy")
        await house.decide()
    assert {event["officer"] for event in await house.told(report, "declined")} == {"H1", "H2", "B7"}
    assert house.clock.now == NOON
    last = (await house.told(report, "escalated"))[-1]
    assert (last["role"], last["state"]) == ("sergeant:herts", "waiting")
    await house.pass_minutes(240)
    assert await nothing_is_without_a_deadline(house)


async def test_with_nobody_on_the_roster_every_class_has_a_role_within_its_ladder(house: House) -> None:
    """Empty steps, and nobody on the roster."""
    await house.as_new("X1,cambs")
    await house.roster(duties="", roles="")
    classes = ("immediate", "priority", "scheduled", "public_advice", "officer_advice", "community_event")
    reports = [await house.report(**{"class": code}) for code in classes]
    for report in reports:
        assert (await house.told(report, "offered")) == []
        said = await house.story(report)
        assert "escalated" in said or "waiting" in said
    await house.pass_minutes(240)
    assert await nothing_is_without_a_deadline(house)


async def test_a_step_without_a_candidate_is_passed_over_at_once(house: House) -> None:
    await house.as_new("B7,beds", "B8,beds")
    report = await house.report()
    assert (await house.told(report, "offered"))[0]["officers"] in (["B7"], ["B8"])
    assert (await house.told(report, "offered"))[0]["why"] == "nobody_at_home"


@pytest.mark.parametrize(
    ("opened", "duties", "contact", "hour_later"),
    [
        # The clocks go back at 02:00 summer time on 25 October 2026.
        ("2026-10-25T00:30:00+00:00", "2026-10-24T22:00Z,2026-10-25T22:00Z", "2026-10-25T01:30:00+00:00", "01:30"),
        # They go forward at 01:00 on 29 March 2026.
        ("2026-03-29T00:30:00+00:00", "2026-03-28T22:00Z,2026-03-29T22:00Z", "2026-03-29T01:30:00+00:00", "02:30"),
    ],
)
async def test_an_hour_is_an_hour_in_the_night_the_clocks_change(
    house: House, opened: str, duties: str, contact: str, hour_later: str
) -> None:
    house.clock.now = datetime.fromisoformat(opened)
    lines = "".join(f"{officer},duty,{duties}\n" for officer in ("H1", "H2"))
    await house.roster("H1,herts", "H2,herts", duties=lines)
    report = await house.report()
    offer = (await house.told(report, "offered"))[0]
    assert datetime.fromisoformat(offer["respond_by"]) == house.clock.now + timedelta(minutes=15)
    await house.tap(offer["officers"][0], report, "accept")
    seen = (await house.ask("sergeant:herts", "GET", f"/v1/referrals/{report.reference}")).json()
    assert seen["clocks"]["first_contact"] == contact
    page = (await house.ask("sergeant:herts", "GET", f"/referrals/{report.reference}")).text
    assert f"First contact by {hour_later}" in page


async def test_an_officer_who_answers_after_the_last_step_still_gets_it(house: House) -> None:
    """Recall after the last step."""
    report = await house.report()
    await house.pass_minutes(180)
    story = await house.story(report)
    assert story.count("escalated") >= 3
    assert (await house.tap("H1", report, "accept")).json()["holder"]["id"] == "H1"
    before = len(await house.story(report))
    await house.pass_minutes(4)
    later = (await house.story(report))[before:]
    assert "escalated" not in later
    assert "offered" not in later


async def test_what_ends_after_the_last_step_ends_for_everybody_it_was_told_to(house: House) -> None:
    report = await house.report()
    await house.pass_minutes(180)
    await house.hear("reports", withdrawn(report, "raised_in_error"))
    before = await house.story(report)
    await house.pass_minutes(1440)
    assert await house.story(report) == before


async def test_a_reply_after_the_close_changes_nothing_and_says_so_kindly(house: House) -> None:
    report = await house.report()
    await house.tap("H1", report, "accept")
    await house.pass_minutes(16)
    assert await does(house, "officer:H1", report.reference, "close", outcome="supported") == 200
    before = await house.story(report)
    await house.hear("deliveries", replied(report, "H1", "yes"), replied(report, "H2", "yes"))
    assert await house.story(report) == before
    answer = await house.tap("H1", report, "decline", code="busy")
    assert answer.status_code in (200, 403)
    other = await house.report()
    asked = (await house.told(other, "offered"))[0]["officers"][0]
    await does(house, "sergeant:herts", other.reference, "close", outcome="duplicate")
    late = await house.tap(asked, other, "accept")
    assert (late.status_code, late.json()["code"]) == (409, "not_open")
    assert "Nothing more is needed" in late.json()["title"]


async def test_a_second_report_after_the_close_is_a_referral_of_its_own(house: House) -> None:
    first = await house.report(person="p-otter")
    await house.tap("H1", first, "accept")
    await does(house, "officer:H1", first.reference, "close", outcome="supported")
    second = await house.report(person="p-otter", suspected_duplicate_of=None)
    assert await house.story(second) == ["opened", "offered"]
    assert (await house.story(first))[-1] == "closed"


async def test_a_tap_made_in_a_blind_spot_is_honoured_if_nobody_was_first_and_else_says_who_has_it(
    house: House,
) -> None:
    """Story 25."""
    report = await house.report()
    await house.pass_minutes(40)
    late = await house.tap("H1", report, "accept", tapped_at=(NOON + timedelta(minutes=3)).isoformat())
    assert late.json()["holder"]["id"] == "H1"
    other = await house.report()
    await house.pass_minutes(31)
    asked = [officer for event in await house.told(other, "offered") for officer in event["officers"]]
    await house.tap(asked[1], other, "accept")
    answer = await house.tap(asked[0], other, "accept", tapped_at=(NOON + timedelta(minutes=41)).isoformat())
    assert (answer.status_code, answer.json()["holder"]["id"]) == (409, asked[1])
    assert (await house.story(other)).count("accepted") == 1


async def test_at_second_zero_a_human_hears_of_a_risk_and_is_told_until_they_answer(house: House) -> None:
    """Story 8."""
    await house.as_new("X1,cambs")
    await house.roster(duties="", roles="")
    report = await house.report(risks=["suicide_or_self_harm"], **{"class": "priority"})
    alert = (await house.told(report, "role_alerted"))[0]
    assert (alert["role"], alert["at"], alert["why"]) == ("fim:herts", "2026-11-23T12:00:00Z", "risk")
    await house.pass_minutes(16)
    roles = [event["role"] for event in await house.told(report, "role_alerted")]
    assert roles.count("fim:herts") >= 3
    assert "ops:herts" in roles
    assert await does(house, "fim:herts", report.reference, "acknowledge", role="fim", outcome="car_sent") == 200
    page = (await house.ask("sergeant:herts", "GET", f"/referrals/{report.reference}")).text
    assert "The force incident manager (Herts) acknowledged: car sent." in page


async def test_the_board_lists_what_is_unowned_due_and_breached_oldest_first_and_nothing_personal(
    house: House,
) -> None:
    """Story 14."""
    breached = await house.report(person="p-heron", languages=["pl"], risks=["weapon"])
    await house.tap((await house.told(breached, "offered"))[0]["officers"][0], breached, "accept")
    await house.pass_minutes(61)
    unowned = [(await house.report()).reference for _ in range(3)]
    listed = {
        view: (await house.ask("sergeant:herts", "GET", f"/v1/referrals?view={view}")).json()
        for view in ("unowned", "due", "breached")
    }
    assert [row["reference"] for row in listed["unowned"]["items"]] == unowned
    assert [row["reference"] for row in listed["breached"]["items"]] == [breached.reference]
    assert {row["reference"] for row in listed["due"]["items"]} >= set(unowned)
    for text in (str(listed), (await house.ask("sergeant:herts", "GET", "/board")).text):
        assert "p-heron" not in text
        assert "weapon" not in text

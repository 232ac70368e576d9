"""A whole shift, and a supervisor's evening, by pages alone."""

from collections.abc import AsyncIterator

import pytest

from services.routing.api.stream import Stream
from shared.identifiers import new_reference
from shared.identity import parse
from shared.service import Wake
from tests.stories.by_pages import reads, sends, sends_as_drawn
from tests.stories.routing_house import House, routing
from tests.stories.working import REACHABLE, after, held, said, tried, whole

H1, H2, SERGEANT, COORDINATOR = "officer:H1", "officer:H2", "sergeant:herts", "coordinator:herts"


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Two Hertfordshire officers and one from Bedfordshire, all on duty until 23:00."""
    return await service.as_new("H1,herts", "H2,herts", "B7,beds")


async def test_a_whole_shift_from_accepting_to_the_colleague_who_closes_it(house: House) -> None:
    """Stories 18, 22 and 23."""
    report = await house.report(**REACHABLE)
    accepted = await sends(house, H1, report, "accept")
    assert f"You have {report.reference}. First contact by 13:00." in accepted.words

    words = {"means": "call", "outcome": "no_answer", "next_step": "try_again", "next_at": "2026-11-23T12:30"}
    page = await sends(house, H1, report, "contact-attempts", **words)
    assert (
        "The attempt is recorded. By phone, 12:00: no answer. Next: try again, 12:30. First contact by 13:00."
        in page.words
    )
    assert "H1 tried by phone: no answer. Next: try again, 12:30." in page.words

    await house.pass_minutes(30)
    words = {"means": "call", "outcome": "spoke", "next_step": "meet", "next_update_by": "2026-11-23T18:00"}
    page = await sends(house, H1, report, "contact-attempts", **words)
    assert "Yours. In contact" in page.words
    assert "Update by 18:00." in page.words

    await house.pass_minutes(60)
    page = await sends(house, H1, report, "updates", next_update_by="2026-11-24T09:00")
    assert "The update is recorded. Update by tomorrow 09:00." in page.words

    page = await sends(house, H1, report, "handover", to="H2")
    assert "H2 is asked to take over. Answer by 14:00. Until then nothing changes." in page.words
    page = await reads(house, H2, report)
    assert (page.forms, "H1 tried" in page.words) == ({"handover-accept", "decline"}, False)
    page = await sends(house, H2, report, "handover/accept")
    assert "You have it now." in page.words
    assert "H1 tried by phone: no answer." in page.words, "the story is the new owner's"
    assert (await reads(house, H1, report)).forms == set()

    page = await sends(house, H2, report, "close", outcome="supported")
    assert (page.forms, "It is closed." in page.words) == (set(), True)
    assert [one for one in await house.story(report) if one not in ("viewed", "opened")] == [
        *("offered", "accepted", "contact_attempted", "contact_attempted", "contact_made", "update_given"),
        *("handed_over", "handed_over", "closed"),
    ]


async def test_a_breach_is_cleared_by_a_supervisors_plan_and_the_officer_goes_on(house: House) -> None:
    """Story 15."""
    report = await held(house)
    await house.pass_minutes(61)
    mine = await reads(house, H1, report)
    assert "It cannot be closed before a supervisor has recorded a plan" in mine.words
    assert not {"close", "plan"} & mine.forms

    page = await reads(house, SERGEANT, report)
    assert "Your answer is wanted: first contact overdue." in page.words
    assert {"plan", "acknowledge", "pause", "transfer", "link"} <= page.forms
    page = await sends(house, SERGEANT, report, "acknowledge", outcome="taken_on")
    assert "acknowledge" not in page.forms
    page = await sends(house, SERGEANT, report, "plan", next_contact_by="2026-11-23T15:00", told="person")
    assert (page.status, "Enter when they were told" in page.words) == (422, True)
    told = {"told": "person", "told_at": "2026-11-23T12:50", "told_by": "H1"}
    page = await sends(house, SERGEANT, report, "plan", next_contact_by="2026-11-23T15:00", **told)
    assert "The plan is recorded, and the missed deadline is cleared. First contact by 15:00." in page.words
    assert "plan" not in page.forms
    assert "close" in (await reads(house, H1, report)).forms
    assert (await whole(house, report))["plan"]["told_by"] == "H1"


async def test_a_message_that_may_not_be_left_is_refused_beside_its_entry_and_what_was_typed_stays(
    house: House,
) -> None:
    report = await held(house)
    typed = {"means": "call", "outcome": "message_left", "next_step": "visit", "next_at": "2026-11-23T15:00"}
    page = await sends(house, H1, report, "contact-attempts", **typed)
    assert page.status == 422
    assert "No message may be left on the phone: they have not agreed to it" in page.words
    assert 'value="2026-11-23T15:00"' in page.markup
    assert 'value="message_left" checked' in page.markup
    assert 'value="visit" selected' in page.markup
    assert "contact_attempted" not in await house.story(report)
    page = await sends(house, H1, report, "contact-attempts", means="text", outcome="message_left", next_at="tea-time")
    assert "Enter a date and a time" in page.words


async def test_a_form_sent_twice_counts_once_and_a_page_gone_back_to_is_told_so(house: House) -> None:
    report = await held(house)
    key = (await reads(house, H1, report)).key
    form = {"key": key, "means": "call", "outcome": "no_answer"}
    for minute in range(3):
        page = await sends_as_drawn(house, H1, report, "contact-attempts", form | {"tapped_at": after(minute)})
        assert page.status == 200
        await house.stand_still(1)
    assert (await house.story(report)).count("contact_attempted") == 1
    page = await sends_as_drawn(house, H1, report, "contact-attempts", form | {"outcome": "unsafe"})
    assert page.status == 409
    assert (await sends_as_drawn(house, H1, report, "contact-attempts", form | {"key": "' or 1=1"})).status == 422


async def test_the_time_of_the_tap_is_the_time_of_the_attempt(house: House) -> None:
    report = await held(house)
    await house.stand_still(20)
    await sends(house, H1, report, "contact-attempts", means="text", outcome="no_answer", tapped_at=after(3))
    assert (await house.told(report, "contact_attempted"))[0]["attempted_at"] == "2026-11-23T12:03:00Z"


async def test_when_a_duty_ends_its_holder_keeps_it_hands_it_over_or_gives_it_back(house: House) -> None:
    report = await held(house, **{"class": "scheduled", "grade": "scheduled"})
    await house.pass_minutes(631)
    page = await reads(house, H1, report)
    assert "Your duty ends at 23:00. Keep it, hand it over, or give it back." in page.words
    assert {"keep", "handover", "release"} <= page.forms
    assert "Your duty ends at 23:00." in (await house.ask(H1, "GET", "/tasks")).text
    page = await sends(house, H1, report, "keep")
    assert ("keep" in page.forms, "It stays with you." in page.words) == (False, True)
    page = await sends(house, H1, report, "release", code="duty_ends")
    assert "Your tasks" in page.words
    assert "released" in await house.story(report)


async def test_a_supervisor_pauses_resumes_links_parts_transfers_and_opens_again(house: House) -> None:
    report, other = await held(house), await house.report()
    page = await sends(house, SERGEANT, report, "pause", until="2026-11-23T14:00", reason="person_asked")
    assert "The clocks stand still until 14:00." in page.words
    page = await sends(house, SERGEANT, report, "resume")
    assert "resume" not in page.forms
    page = await sends(house, SERGEANT, report, "link", reference=new_reference())
    assert (page.status, "There is no such referral that you can see" in page.words) == (422, True)
    page = await sends(house, SERGEANT, report, "link", reference=other.reference.lower())
    assert {"link", "unlink"} <= page.forms
    page = await sends(house, SERGEANT, report, "unlink", reference=other.reference)
    assert "unlink" not in page.forms
    assert "Hertfordshire board" in (await sends(house, COORDINATOR, report, "transfer", force="beds")).words
    page = await sends(house, "coordinator:beds", report, "close", outcome="unable_to_contact")
    page = await sends(house, "coordinator:beds", report, "reopen", reason="came_back")
    assert "It is open again." in page.words


async def test_who_cannot_take_it_is_told_of_in_the_same_words_whatever_the_reason(house: House) -> None:
    report = await house.report(connected_officers=["H2"], **REACHABLE)
    await house.tap("H1", report, "accept")
    page = await sends(house, H1, report, "handover", to="H2")
    assert (page.status, "They cannot take it just now. Choose somebody else." in page.words) == (409, True)
    assert 'value="H2" selected' in page.markup


async def test_its_holder_reads_the_story_over_the_api_and_others_who_were_asked_do_not(house: House) -> None:
    report = await house.report(**REACHABLE, **{"class": "immediate"})
    await house.pass_minutes(4)
    await house.tap("H2", report, "decline", code="conflict")
    await house.tap("H1", report, "accept")
    await tried(house, report, "no_answer", next_step="try_again")
    await said(house, H1, report, "release", code="conflict")
    await said(house, SERGEANT, report, "override", officer="B7", reason="risk")
    await house.tap("B7", report, "accept")
    seen = await whole(house, report, "officer:B7")
    names = [told["event"].removeprefix("referral.") for told in seen["timeline"]]
    assert {"opened", "accepted", "contact_attempted", "assigned_by_override"} <= set(names)
    assert not {"declined", "released"} & set(names)
    assert "conflict" not in str(seen)
    assert {"contact-attempts", "handover", "close"} <= set(seen["actions"])
    assert {"reference", "force", "district", "class", "grade", "state", "holder", "offers", "clocks"} <= seen.keys()


async def test_an_officer_hears_of_their_own_referrals_by_reference_alone(house: House) -> None:
    feed = Stream(house.database, Wake()).follow_officer(parse(H1), None)
    await anext(feed)
    other = await house.report(force="beds", district="E06000032")
    report = await house.report()
    told = await anext(feed)
    assert report.reference.encode() in told
    assert other.reference.encode() not in told
    assert b"herts" not in told
    await feed.aclose()

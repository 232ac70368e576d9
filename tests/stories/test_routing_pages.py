"""The pages over HTTP: what they say as time passes, and to whom."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.contracts.reports import ReportReceived
from shared.identity import parse, sign_demo
from tests.stories.routing_house import NOON, House, a_report, heartbeat, routing

BROADCAST = {"need": "officer_advice", "class": "officer_advice"}
TITLE = re.compile(r"<title>(.*) \u2013 Liaison</title>")


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three officers in Hertfordshire, one in Bedfordshire."""
    return await service.as_new("H1,herts", "H2,herts", "H3,herts", "B7,beds")


async def page(house: House, who: str, path: str) -> str:
    """What somebody reads, without the markup."""
    answer = await house.ask(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return words(answer)


def words(answer: httpx.Response) -> str:
    """The text of a page's body."""
    body = answer.text.partition("<body")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


async def submit(house: House, who: str, path: str, /, **form: Any) -> httpx.Response:
    """Somebody sends a form; the answer is the page it leads to."""
    body = "&".join(f"{name}={value}" for name, value in form.items()).replace("+", "%2B")
    kind = {"content-type": "application/x-www-form-urlencoded"}
    token = {"authorization": f"Bearer {sign_demo(parse(who), house.keys, int(datetime.now(UTC).timestamp()))}"}
    sent = await house.people.post(path, content=body, headers=kind | token)
    return await house.ask(who, "GET", sent.headers["location"]) if sent.status_code == 303 else sent


def link(report: ReportReceived) -> str:
    return f'href="/referrals/{report.reference}"'


async def test_the_board_says_when_messages_do_not_go_out(house: House) -> None:
    assert "Ring the officer" in await page(house, "coordinator:herts", "/board")
    await house.hear("deliveries", heartbeat())
    assert "Ring the officer" not in await page(house, "coordinator:herts", "/board")


async def test_the_board_follows_a_referral_from_opening_to_its_breach(house: House) -> None:
    await house.report()
    first = await page(house, "sergeant:herts", "/board")
    assert "Nobody yet On offer to H1 Answer in 15 min (12:15)" in first

    await house.pass_minutes(31)
    later = await page(house, "sergeant:herts", "/board")
    assert "Nobody yet On offer to H1, H2 and H3" in later

    await house.pass_minutes(30)
    assert "Breached First contact 1 min late (13:00)" in await page(house, "sergeant:herts", "/board?view=breached")


async def test_the_board_goes_on_where_a_page_ended(house: House) -> None:
    reports = [a_report() for _ in range(53)]
    await house.hear("reports", *reports)
    await house.decide()
    first = (await house.ask("sergeant:herts", "GET", "/board?view=unowned")).text
    more = re.search(r'id="more" href="([^"]+)"', first)
    assert more is not None
    rest = (await house.ask("sergeant:herts", "GET", more[1].replace("&amp;", "&"))).text

    shown = [report for report in reports if link(report) in first]
    assert (len(shown), sum(link(report) in rest for report in reports)) == (50, 3)
    assert 'id="more"' not in rest


async def test_an_officer_sees_their_own_part_and_not_whom_else_was_asked(house: House) -> None:
    report = await house.report(**BROADCAST)
    await submit(house, "officer:H2", f"/tasks/{report.reference}/decline", code="busy")

    shown = await page(house, "officer:H1", f"/referrals/{report.reference}")
    assert "On offer to you" in shown
    assert "Offered to H1. Answer wanted by 12:10." in shown
    assert not {"H2", "H3", "B7"} & set(re.findall(r"[HB]\d", shown))


async def test_the_holder_reads_the_story_and_a_colleague_only_that_it_has_an_owner(house: House) -> None:
    report = await house.report(**BROADCAST)
    await submit(house, "officer:H1", f"/tasks/{report.reference}/accept")
    await house.pass_minutes(11)

    mine = await page(house, "officer:H1", f"/referrals/{report.reference}")
    theirs = await page(house, "officer:H2", f"/referrals/{report.reference}")
    assert "Yours. No contact yet" in mine
    assert "First contact was due 12:10 and was missed." in mine
    assert "A colleague has it" in theirs
    assert "was missed" not in theirs


async def test_a_conflict_leaves_no_trace_on_any_page(house: House) -> None:
    report = await house.report(**BROADCAST)
    said = words(await submit(house, "officer:H2", f"/tasks/{report.reference}/decline", code="conflict"))
    assert f"You declined {report.reference}. Somebody else is asked." in said
    assert report.reference not in await page(house, "officer:H2", "/tasks")

    story = await page(house, "coordinator:herts", f"/referrals/{report.reference}")
    assert "H2 declined." in story
    assert "conflict" not in story.lower()
    barred = await house.ask("officer:H2", "GET", f"/referrals/{report.reference}")
    assert barred.status_code == 403


async def test_a_tap_made_in_time_counts_when_it_arrives_late(house: House) -> None:
    report = await house.report()
    await house.pass_minutes(14)
    await house.stand_still(5)
    tapped = {"tapped_at": NOON.replace(minute=13).isoformat(), "who": "officer:H1"}
    said = words(await submit(house, "officer:H1", f"/tasks/{report.reference}/accept", **tapped))
    assert f"You have {report.reference}. First contact by 13:00." in said


async def test_an_answer_that_comes_too_late_is_told_so_kindly(house: House) -> None:
    report = await house.report(**BROADCAST)
    await submit(house, "officer:H1", f"/tasks/{report.reference}/accept")
    said = words(await submit(house, "officer:H2", f"/tasks/{report.reference}/accept"))
    assert f"A colleague already has {report.reference}. Nothing more is needed from you. Thank you" in said
    again = words(await submit(house, "officer:H1", f"/tasks/{report.reference}/accept"))
    assert f"You have {report.reference}." in again
    assert (await house.story(report)).count("accepted") == 1


async def test_opening_the_tasks_counts_as_having_read_them_once(house: House) -> None:
    report = await house.report()
    for _ in range(3):
        await page(house, "officer:H1", "/tasks")
        await house.ask("officer:H1", "GET", f"/v1/referrals/{report.reference}")
    assert await house.story(report) == ["opened", "offered", "viewed"]


async def test_every_look_at_a_referral_is_recorded(house: House) -> None:
    report = await house.report()
    await page(house, "inspector:herts", f"/referrals/{report.reference}")
    looks = [payload for key, payload in await house.published("access") if key == report.reference]
    assert [(look["actor"], look["what"]) for look in looks if look] == [("inspector:herts", "referral")]


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("officer:H1", "/board", 403),
        ("coordinator:herts", "/tasks", 403),
        ("control_room:herts", "/board", 403),
        ("coordinator:cambs", "/referrals/{}", 404),
        ("officer:H3", "/referrals/{}", 403),
        ("coordinator:herts", "/referrals/0000-0000", 404),
        ("coordinator:herts", "/referrals/moonbeam", 404),
        ("coordinator:herts", "/board?after=moonbeam", 422),
    ],
)
async def test_a_refusal_is_a_page_with_a_neutral_title(house: House, who: str, path: str, status: int) -> None:
    report = await house.report()
    answer = await house.ask(who, "GET", path.format(report.reference))
    title = TITLE.search(answer.text)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert title is not None
    assert report.reference not in answer.text


async def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_same_view(house: House) -> None:
    answer = await house.people.get("/board?view=breached")
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo/sign-in?next=/board%3Fview%3Dbreached")


async def test_another_persons_form_is_not_sent_in_my_name(house: House) -> None:
    report = await house.report(**BROADCAST)
    answer = await submit(house, "officer:H2", f"/tasks/{report.reference}/accept", who="officer:H1")
    assert answer.status_code == 401
    assert "accepted" not in await house.story(report)


async def test_an_officer_who_was_never_asked_cannot_answer_by_a_form(house: House) -> None:
    report = await house.report()
    answer = await submit(house, "officer:B7", f"/tasks/{report.reference}/accept")
    assert answer.status_code == 403
    assert (await submit(house, "officer:H1", f"/tasks/{report.reference}/decline", code="moonbeam")).status_code == 422

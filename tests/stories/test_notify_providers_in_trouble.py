"""Stories of messages that do not get through: what is tried next, what is shown meanwhile, and what staff see.

Story 27's provider half is here; its Kafka half is told where Kafka is. Time is moved, not waited for.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.notify.channels.email import EmailChannel
from services.notify.channels.wording import Wording
from services.notify.heartbeat import Health, Heartbeat
from tests.edges.notify_house import Story
from tests.edges.passing import pass_seconds
from tests.edges.receivers import Other, other_end
from tests.edges.texting_house import Texts
from tests.edges.webhook_receiver import receiving
from tests.stories.told_house import Told, told
from tests.waiting import until

PEGGY, IRIS = "H1042", "B0007"
NUMBER, OTHER_NUMBER, MAILBOX = "+447700900042", "+447700900077", "peggy@herts.example"


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[Told]:
    """Routing and notify, for all of these stories one after another."""
    async with told(module_postgres_url) as made:
        yield made


@pytest.fixture
async def town(house: Told) -> Texts:
    """Notify with telephones, and nobody at work yet; it is now."""
    house.routing.clock.now = datetime.now(UTC)
    return await house.texts.as_new()


@pytest.fixture
async def post() -> AsyncIterator[Other]:
    """A mail server."""
    async with other_end("smtp") as made:
        yield made


def by_mail(post: Other) -> EmailChannel:
    return EmailChannel(str(post.settings["smtp_url"]), "tasks.example", Wording())


async def attempts(town: Texts, story: Story) -> list[tuple[str, str, str | None]]:
    """(means, state, reason) of every attempt at a referral's notices, as a coordinator is shown them."""
    return [
        (one["means"], one["state"], one["reason"])
        for notice in await town.shown(story.reference)
        for one in notice["attempts"]
    ]


async def tried(town: Texts, story: Story, count: int) -> list[tuple[str, str, str | None]]:
    """The same, once so many have been made and none is under way."""

    async def look() -> list[tuple[str, str, str | None]] | None:
        found = await attempts(town, story)
        return found if len(found) >= count and all(state != "sending" for _, state, _ in found) else None

    return await until(look)


async def names(town: Texts) -> list[str]:
    return [name for name, _ in await town.notify.deliveries()]


async def test_a_webhook_that_is_gone_hands_over_to_the_telephone_and_that_to_the_mailbox(
    town: Texts, post: Other
) -> None:
    story = Story()
    town.notify.channels["email"] = by_mail(post)
    async with receiving(410) as peggy, town.notify.at_work():
        await town.notify.publish(PEGGY, webhook=peggy.url, phone=NUMBER, email=MAILBOX)
        await town.notify.hear(story.offered(PEGGY))
        (text,) = await town.until_taken(1)
        await until(lambda: _state(town, story, "sent"))
        await town.govuk.receipt(text, "permanent-failure")
        await until(lambda: _heard(post, 1))
        assert await tried(town, story, 3) == [
            ("webhook", "failed", "http_410"),
            ("phone", "failed", "permanent_failure"),
            ("email", "sent", None),
        ]
    told_to_routing = [(name, payload["means"], payload["last_means"]) for name, payload in await failures(town)]
    assert told_to_routing == [("notice.failed", "webhook", False), ("notice.failed", "phone", False)]


async def failures(town: Texts) -> list[tuple[str, dict[str, Any]]]:
    return [(name, payload) for name, payload in await town.notify.deliveries() if name == "notice.failed"]


async def _heard(other: Other, count: int) -> bool | None:
    return len(other.heard()) >= count or None


async def _state(town: Texts, story: Story, wanted: str) -> bool | None:
    shown = await town.shown(story.reference)
    return (bool(shown) and shown[-1]["state"] == wanted) or None


@pytest.mark.parametrize(
    ("status", "reason"), [(503, "http_503"), (429, "http_429"), (500, "http_500"), (408, "http_408")]
)
async def test_a_receiver_that_is_too_busy_is_asked_again_and_never_shown_told_until_it_is(
    town: Texts, status: int, reason: str
) -> None:
    story = Story()
    async with receiving(*[status] * 4) as peggy, town.notify.at_work():
        await town.notify.publish(PEGGY, webhook=peggy.url)
        await town.notify.hear(story.offered(PEGGY))
        for made in range(1, 5):
            assert await tried(town, story, made) == [("webhook", "failed", reason)] * made
            assert await _state(town, story, "planned")
            assert await names(town) == []
            await pass_seconds(town.notify, 2.0**made)
        await until(lambda: _state(town, story, "delivered"))
    assert await names(town) == ["notice.delivered"]
    assert len({one.headers["webhook-id"] for one in peggy.heard}) == 1


async def test_a_provider_that_says_429_is_left_in_peace_and_nothing_is_shown_delivered(town: Texts) -> None:
    story = Story()
    town.govuk.per_minute = 0
    async with town.notify.at_work():
        await town.notify.publish(PEGGY, phone=NUMBER)
        await town.notify.hear(story.offered(PEGGY))
        assert await tried(town, story, 1) == [("phone", "failed", "rate_limit")]
        assert await _state(town, story, "planned")
        asked = len(town.govuk.asked)
        await pass_seconds(town.notify, 5)
        await pass_seconds(town.notify, 5)
        await tried(town, story, 2)
        assert len(town.govuk.asked) == asked
    assert await names(town) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301])
async def test_a_refusal_is_seen_at_once_with_its_reason_and_is_routings_to_act_on(town: Texts, status: int) -> None:
    story = Story()
    async with receiving(status) as peggy, town.notify.at_work():
        await town.notify.publish(PEGGY, webhook=peggy.url)
        await town.notify.hear(story.offered(PEGGY))
        await until(lambda: _state(town, story, "failed"))
    reason = "redirect" if status == 301 else f"http_{status}"
    assert await attempts(town, story) == [("webhook", "failed", reason)]
    ((name, payload),) = await town.notify.deliveries()
    assert (name, payload["last_means"], payload["reason"]) == ("notice.failed", True, reason)
    assert len(peggy.heard) == 1


async def test_a_telephone_that_is_taken_away_while_its_text_waits_is_not_rung_and_the_mailbox_is_told(
    town: Texts, post: Other
) -> None:
    story = Story()
    town.notify.channels["email"] = by_mail(post)
    await town.notify.publish(PEGGY, phone=NUMBER, email=MAILBOX)
    await town.notify.hear(story.offered(PEGGY))
    await town.notify.publish(PEGGY, email=MAILBOX)
    async with town.notify.at_work():
        assert await tried(town, story, 2) == [("phone", "failed", "means_gone"), ("email", "sent", None)]
    assert (town.govuk.taken, len(post.heard())) == ([], 1)


async def test_an_officer_who_leaves_while_their_text_waits_is_told_nothing_and_routing_asks_somebody_else(
    town: Texts,
) -> None:
    story = Story()
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(story.offered(PEGGY))
    await town.notify.remove(PEGGY)
    async with town.notify.at_work():
        assert await tried(town, story, 1) == [("phone", "failed", "means_gone")]
    assert town.govuk.taken == []
    assert [payload["last_means"] for _, payload in await failures(town)] == [True]


async def test_a_number_that_changes_while_a_text_waits_is_the_one_that_is_rung(town: Texts) -> None:
    story = Story()
    await town.notify.publish(PEGGY, phone=NUMBER)
    await town.notify.hear(story.offered(PEGGY))
    await town.notify.publish(PEGGY, phone=OTHER_NUMBER)
    async with town.notify.at_work():
        (taken,) = await town.until_taken(1)
    assert taken.to == OTHER_NUMBER


@pytest.fixture
async def district(house: Told, post: Other) -> AsyncIterator[Told]:
    """Routing and notify; H1 has a telephone and a mailbox, H2 a telephone alone."""
    async with house.day("H1,herts", "H2,herts", email=by_mail(post)) as made:
        await made.reachable("H1", phone=NUMBER, email=MAILBOX)
        await made.reachable("H2", phone=OTHER_NUMBER)
        yield made


async def beat(district: Told) -> None:
    """Notify's heartbeat, which says how the providers are."""
    notify = district.texts.notify
    health = Health(notify.lanes, {"phone": notify.channels["phone"].lane("")})
    await Heartbeat(notify.database, "harbour-1", health.failing).beat()
    await district.carry()


async def board(district: Told) -> tuple[list[str], str]:
    """What a coordinator's list calls degraded, and the board as it is read."""
    listed = (await district.routing.ask("coordinator:herts", "GET", "/v1/referrals?force=herts")).json()
    page = await district.routing.ask("coordinator:herts", "GET", "/board", accept="text/html")
    return listed["degraded"], page.text


async def test_story_27_the_text_provider_is_lost_the_mailbox_takes_over_and_staff_see_it(
    district: Told, post: Other
) -> None:
    notify, govuk = district.texts.notify, district.texts.govuk
    govuk.script = [503] * 5
    report = await district.report()
    for made in range(1, 4):
        await until(lambda made=made: _attempted(district, report.reference, made))  # type: ignore[misc]
        await pass_seconds(notify, 2.0**made)
    await beat(district)
    degraded, page = await board(district)
    assert degraded == ["phone"]
    assert "Text messages are not going out" in page
    assert (await district.texts.shown(report.reference))[0]["state"] in ("planned", "sending")

    await pass_seconds(notify, 60)
    await until(lambda: _heard(post, 1))
    assert report.reference in post.words()[0]
    (notice,) = await district.texts.shown(report.reference)
    assert {one["state"] for one in notice["attempts"] if one["means"] == "phone"} <= {"failed", "sending"}
    assert notice["state"] != "delivered"
    assert (await district.routing.tap("H1", report, "accept")).status_code == 200


async def _attempted(district: Told, reference: str, count: int) -> bool | None:
    shown = await district.texts.shown(reference)
    made = [one for notice in shown for one in notice["attempts"] if one["state"] == "failed"]
    return len(made) >= count or None


async def test_story_27_once_the_provider_is_back_the_text_goes_out_and_the_board_says_no_more(
    district: Told,
) -> None:
    notify, govuk = district.texts.notify, district.texts.govuk
    govuk.script = [503] * 3
    report = await district.report()
    for made in range(1, 4):
        await until(lambda made=made: _attempted(district, report.reference, made))  # type: ignore[misc]
        if made == 3:
            await beat(district)
            assert (await board(district))[0] == ["phone"]
        await pass_seconds(notify, 2.0**made)
    await district.code_on(NUMBER, report)

    async def recovered() -> bool | None:
        await beat(district)
        return (await board(district))[0] == [] or None

    await until(recovered)
    assert "not going out" not in (await board(district))[1]
    (taken,) = govuk.taken
    await govuk.receipt(taken, "delivered")
    assert (await district.texts.shown(report.reference))[0]["state"] == "delivered"

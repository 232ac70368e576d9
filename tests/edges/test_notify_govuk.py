"""GOV.UK Notify through real HTTP: what is sent, what each of its documented answers means, and no text twice."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from services.notify.channels.channel import Message
from services.notify.channels.govuk_notify import Account, Form, GovukNotifyChannel
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import Outcome
from tests.edges.govuk_stand_in import API_KEY, EMAIL_TEMPLATE, SERVICE, SMS_TEMPLATE, GovukNotify, govuk_notify
from tests.edges.notify_house import NOTICE, message
from tests.edges.webhook_receiver import receiving

PEGGY = "+447700900042"


@pytest.fixture
async def govuk() -> AsyncIterator[GovukNotify]:
    async with govuk_notify() as stand_in:
        yield stand_in


def channel_to(govuk: GovukNotify, template: str = SMS_TEMPLATE, key: str = API_KEY) -> GovukNotifyChannel:
    kind = "email" if template == EMAIL_TEMPLATE else "sms"
    return GovukNotifyChannel(Account.of(govuk.url, key), Form(kind, template), Wording())


def text(address: str = PEGGY, **fields: object) -> Message:
    return message(address, means="phone", **fields)


async def test_a_text_is_taken_under_the_notices_id_and_says_our_neutral_words(govuk: GovukNotify) -> None:
    outcome = await channel_to(govuk).send(text(code="4821"))
    (taken,) = govuk.taken
    assert outcome == Outcome("sent", provider_id=taken.id)
    assert (taken.to, taken.reference) == (PEGGY, str(NOTICE))
    assert taken.words == (
        "You have a new task. Sign in. K7QM-4T9P by 14:05 on Sat 6 Jun. Answer YES 4821 or NO 4821: "
        "https://tasks.example/referrals/K7QM-4T9P"
    )


async def test_an_email_says_subject_and_body(govuk: GovukNotify) -> None:
    outcome = await channel_to(govuk, EMAIL_TEMPLATE).send(message("peggy@herts.example", means="email"))
    (taken,) = govuk.taken
    assert (outcome.kind, taken.kind, taken.to) == ("sent", "email", "peggy@herts.example")
    assert taken.words.startswith("You have a new task. Sign in. You have a new task. Sign in.\n\nReference: K7QM")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (500, Outcome("retry", "http_500")),
        (503, Outcome("retry", "http_503")),
    ],
)
async def test_its_own_trouble_is_tried_again(govuk: GovukNotify, status: int, outcome: Outcome) -> None:
    govuk.script = [status]
    assert await channel_to(govuk).send(text()) == outcome
    assert govuk.taken == []


async def test_a_number_it_will_not_have_is_refused_for_good(govuk: GovukNotify) -> None:
    assert await channel_to(govuk).send(text("+4477")) == Outcome("refused", "govuk_validation")


async def test_a_template_that_is_not_there_or_wants_other_words_is_refused(govuk: GovukNotify) -> None:
    gone = "8f1a1c7e-0000-4000-8000-000000000000"
    assert await channel_to(govuk, gone).send(text()) == Outcome("refused", "govuk_bad_request")
    govuk.templates[SMS_TEMPLATE] = ("sms", "Dear ((first_name)), ((message))")
    assert await channel_to(govuk).send(text()) == Outcome("refused", "govuk_bad_request")


async def test_a_key_it_does_not_know_is_our_trouble_and_the_next_means_need_not_wait(govuk: GovukNotify) -> None:
    wrong = f"teapot-{SERVICE}-00000000-0000-4000-8000-000000000000"
    outcome = await channel_to(govuk, key=wrong).send(text())
    assert outcome == Outcome("retry", "govuk_sign_in", elsewhere=True)


@pytest.mark.parametrize("seconds", [-31, 31])
async def test_a_token_is_good_for_thirty_seconds_by_the_databases_clock(govuk: GovukNotify, seconds: int) -> None:
    late = datetime.now(UTC) + timedelta(seconds=seconds)
    assert (await channel_to(govuk).send(text(sent_at=late))).reason == "govuk_sign_in"
    assert (await channel_to(govuk).send(text())).kind == "sent"


async def test_a_rate_limit_is_waited_out_by_everybody_and_not_hammered() -> None:
    async with govuk_notify(per_minute=2) as govuk:
        channel = channel_to(govuk)
        outcomes = [await channel.send(text()) for _ in range(5)]
        assert [one.kind for one in outcomes] == ["sent", "sent", "retry", "retry", "retry"]
        assert [one.reason for one in outcomes[2:]] == ["rate_limit"] * 3
        assert all(one.elsewhere and (one.after or 0) > 9 for one in outcomes[2:])
        assert len(govuk.asked) == 3
        later = text(sent_at=datetime.now(UTC) + timedelta(seconds=11))
        assert (await channel.send(later)).reason == "rate_limit"
        assert len(govuk.asked) == 4


async def test_a_daily_limit_is_another_thing_and_waits_longer() -> None:
    async with govuk_notify(per_day=0) as govuk:
        outcome = await channel_to(govuk).send(text())
        assert (outcome.kind, outcome.reason, outcome.after) == ("retry", "daily_limit", 600.0)


async def test_a_first_try_does_not_ask_and_a_repeat_asks_before_it_sends(govuk: GovukNotify) -> None:
    await channel_to(govuk).send(text())
    await channel_to(govuk).send(text(notice_id=SERVICE, tries=2))
    assert [method for method, _ in govuk.asked] == ["POST", "GET", "POST"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("created", "sent"),
        ("sending", "sent"),
        ("pending", "sent"),
        ("delivered", "delivered"),
        ("permanent-failure", "refused"),
        ("temporary-failure", "refused"),
    ],
)
async def test_a_text_it_already_has_is_not_sent_again(govuk: GovukNotify, status: str, kind: str) -> None:
    govuk.script = [0]
    channel = channel_to(govuk)
    assert (await channel.send(text())).reason == "unreachable"
    (taken,) = govuk.taken
    taken.status = status
    outcome = await channel.send(text(tries=2))
    assert (outcome.kind, outcome.provider_id) == (kind, taken.id)
    assert len(govuk.taken) == 1


async def test_one_that_never_left_it_is_sent_again(govuk: GovukNotify) -> None:
    channel = channel_to(govuk)
    await channel.send(text())
    govuk.taken[0].status = "technical-failure"
    assert (await channel.send(text(tries=2))).kind == "sent"
    assert len(govuk.taken) == 2


async def test_a_colleagues_text_of_the_same_notice_is_not_taken_for_ours(govuk: GovukNotify) -> None:
    channel = channel_to(govuk)
    await channel.send(text("+447700900043"))
    assert (await channel.send(text(tries=2))).kind == "sent"
    assert [one.to for one in govuk.taken] == ["+447700900043", PEGGY]


async def test_nobody_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    account = Account.of(f"http://127.0.0.1:{port}", API_KEY)
    outcome = await GovukNotifyChannel(account, Form("sms", SMS_TEMPLATE), Wording()).send(text())
    assert outcome == Outcome("retry", "unreachable")


async def test_a_page_instead_of_an_answer_is_no_answer() -> None:

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>Sorry</html>", status=502, content_type="text/html")

    async with receiving(page, page) as proxy:
        account = Account.of(f"http://127.0.0.1:{proxy.port}", API_KEY)
        channel = GovukNotifyChannel(account, Form("sms", SMS_TEMPLATE), Wording())
        assert await channel.send(text()) == Outcome("retry", "http_502")
        assert await channel.send(text(tries=2)) == Outcome("retry", "http_502")


def test_a_key_shows_no_secret_and_a_wrong_one_is_said_so() -> None:
    assert "3d844edf" not in repr(Account.of("https://api.example", API_KEY))
    with pytest.raises(ValueError, match="UUID"):
        Account.of("https://api.example", "not-a-key")

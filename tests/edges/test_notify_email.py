"""E-mail through a real SMTP conversation: what is written, and what each of the server's answers means."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.notify.channels.email import CONNECTIONS, EmailChannel
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import Outcome
from tests.edges.notify_house import NOTICE, message


@dataclass
class PostOffice:
    """An SMTP server's behaviour: answers by its script, then takes everything."""

    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    mail: list[EmailMessage] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.data.pop(0) if self.data else "250 taken"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mail.append(message_from_bytes(envelope.content, EmailMessage, policy=default))
            self.peers.add(session.peer)
        return answer


@dataclass
class Running:
    """A post office at its address."""

    office: PostOffice
    url: str


@pytest.fixture
def post() -> Iterator[Running]:
    office, port = PostOffice(), free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    yield Running(office, f"smtp://127.0.0.1:{port}")
    controller.stop(no_assert=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def channel_to(url: str) -> EmailChannel:
    return EmailChannel(url, "tasks.example", Wording())


async def test_an_email_is_neutral_and_says_reference_deadline_and_link(post: Running) -> None:
    channel = channel_to(post.url)
    assert await channel.send(message("peggy@herts.example")) == Outcome("sent")
    (mail,) = post.office.mail
    assert (mail["To"], mail["From"]) == ("peggy@herts.example", "tasks@tasks.example")
    assert mail["Subject"] == "You have a new task. Sign in."
    assert mail["Message-ID"] == f"<{NOTICE}@tasks.example>"
    assert mail.get_content().splitlines() == [
        "You have a new task. Sign in.",
        "",
        "Reference: K7QM-4T9P",
        "Answer by: Saturday 6 June 2026, 14:05 BST",
        "",
        "https://tasks.example/referrals/K7QM-4T9P",
    ]
    written = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"}
    shape = {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert {name for name in mail if not name.startswith("X-")} == written | shape
    await channel.close()


async def test_a_second_attempt_carries_the_same_message_id(post: Running) -> None:
    channel = channel_to(post.url)
    post.office.data = ["451 try again later"]
    assert await channel.send(message("peggy@herts.example")) == Outcome("retry", "smtp_451")
    assert await channel.send(message("peggy@herts.example")) == Outcome("sent")
    assert [mail["Message-ID"] for mail in post.office.mail] == [f"<{NOTICE}@tasks.example>"]
    await channel.close()


@pytest.mark.parametrize(
    ("rcpt", "data", "outcome"),
    [
        (["550 no such mailbox"], [], Outcome("refused", "smtp_550")),
        (["450 mailbox busy"], [], Outcome("retry", "smtp_450")),
        ([], ["554 refused"], Outcome("refused", "smtp_554")),
        ([], ["421 shutting down"], Outcome("retry", "smtp_421")),
    ],
)
async def test_what_each_answer_means(post: Running, rcpt: list[str], data: list[str], outcome: Outcome) -> None:
    post.office.rcpt, post.office.data = rcpt, data
    channel = channel_to(post.url)
    assert await channel.send(message("peggy@herts.example")) == outcome
    await channel.close()


async def test_many_at_once_share_a_few_connections(post: Running) -> None:
    channel = channel_to(post.url)
    sent = await asyncio.gather(*(channel.send(message(f"officer{n}@herts.example")) for n in range(40)))
    assert set(sent) == {Outcome("sent")}
    assert len(post.office.mail) == 40
    assert len(post.office.peers) <= CONNECTIONS
    await channel.close()


async def test_a_connection_the_server_has_dropped_is_replaced(post: Running) -> None:
    channel = channel_to(post.url)
    await channel.send(message("peggy@herts.example"))
    for kept in channel._idle:
        kept.close()
    assert await channel.send(message("peggy@herts.example")) == Outcome("sent")
    await channel.close()


@pytest.mark.parametrize("address", ["", "not an address", "peggy@herts.example\r\nBcc: everybody@example.org"])
async def test_what_is_no_address_is_refused_before_any_conversation(post: Running, address: str) -> None:
    channel = channel_to(post.url)
    assert await channel.send(message(address)) == Outcome("refused", "bad_address")
    assert post.office.mail == []


async def test_a_server_that_is_away_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert await channel_to(f"smtp://127.0.0.1:{port}").send(message("peggy@herts.example")) == Outcome(
        "retry", "unreachable"
    )


async def test_a_server_that_says_nothing_is_let_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        channel = channel_to(f"smtp://127.0.0.1:{mute.getsockname()[1]}")
        assert await channel.send(message("peggy@herts.example")) == Outcome("retry", "timeout")


async def test_it_signs_in_with_the_name_and_password_of_the_url_and_a_wrong_one_is_worth_another_try() -> None:
    def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"open sesame", handled=False)

    office, port = PostOffice(), free_port()
    controller = Controller(
        office, hostname="127.0.0.1", port=port, authenticator=knows, auth_required=True, auth_require_tls=False
    )
    controller.start()
    try:
        right = channel_to(f"smtp://notify:open%20sesame@127.0.0.1:{port}?from=duty@herts.example")
        wrong = channel_to(f"smtp://notify:mellon@127.0.0.1:{port}")
        assert await right.send(message("peggy@herts.example")) == Outcome("sent")
        assert office.mail[0]["From"] == "duty@herts.example"
        assert await wrong.send(message("peggy@herts.example")) == Outcome("retry", "smtp_sign_in")
        await right.close()
    finally:
        controller.stop(no_assert=True)

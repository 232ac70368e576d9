"""Those at the other end of each means, who write down what reaches them and may be the death of whoever sends it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.contracts.deliveries import Means
from tests.edges.govuk_stand_in import API_KEY, EMAIL_TEMPLATE, SMS_TEMPLATE, GovukNotify, govuk_notify
from tests.edges.notify_house import SECRET
from tests.edges.push_stand_in import PushService, push_service
from tests.edges.webhook_receiver import Receiver, receiving
from tests.fleet import free_port

KINDS = ("webhook", "push", "smtp", "govuk-sms", "govuk-email")
Strike = Callable[[], None]


@dataclass
class Other:
    """One other end: the means it stands for, an address there, and the settings by which notify finds it.

    `heard` gives the id of every message it got, oldest first, as that protocol carries it, and `words` what each said
    to whoever looks, headers and all. `fatal` names whom it
    strikes dead when the next message has come, before it answers.
    """

    means: Means
    address: str
    settings: Mapping[str, Any]
    heard: Callable[[], list[str]]
    words: Callable[[], list[str]]
    fatal: Callable[[Strike], None]
    repeats: bool = True
    """Whether it is told again after a crash in between: it has no look-up to ask first."""
    govuk: GovukNotify | None = None
    final: str = "sent"
    """What a notice is once it has been taken there, as far as anybody can know."""
    named: bool = True
    """Whether its ids are the notice's own; a push says which message it replaces, and nothing of ours."""


@dataclass
class PostOffice:
    """A mail server that keeps what it took."""

    letters: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a message, whatever becomes of whoever brought it."""
        content = bytes(envelope.content or b"").decode()
        (line,) = [line for line in content.splitlines() if line.lower().startswith("message-id:")]
        self.letters.append(content)
        self.ids.append(line.partition("<")[2].partition("@")[0])
        while self.strikes:
            self.strikes.pop()()
        return "250 taken"


@asynccontextmanager
async def other_end(kind: str) -> AsyncIterator[Other]:
    """A real other end of this kind, one of `KINDS`."""
    async with AsyncExitStack() as stack:
        if kind == "webhook":
            yield _webhook(await stack.enter_async_context(receiving()))
        elif kind == "push":
            yield _push(await stack.enter_async_context(push_service()))
        elif kind == "smtp":
            office, port = PostOffice(), free_port()
            controller = Controller(office, hostname="127.0.0.1", port=port)
            controller.start()
            stack.callback(controller.stop, no_assert=True)
            settings = {"smtp_url": f"smtp://127.0.0.1:{port}"}
            heard: list[Callable[[], list[str]]] = [lambda: list(office.ids), lambda: list(office.letters)]
            yield Other("email", "peggy@herts.example", settings, *heard, office.strikes.append)
        else:
            yield _govuk(await stack.enter_async_context(govuk_notify()), kind)


def _webhook(receiver: Receiver) -> Other:
    def fatal(strike: Strike) -> None:
        async def answer(_request: web.Request) -> web.Response:
            strike()
            return web.Response(status=204)

        receiver.script.append(answer)

    def heard() -> list[str]:
        return [one.headers["webhook-id"] for one in receiver.heard]

    def words() -> list[str]:
        return [f"{one.headers} {one.body.decode()}" for one in receiver.heard]

    return Other("webhook", receiver.url, {"webhook_secrets": SECRET}, heard, words, fatal, final="delivered")


def _push(service: PushService) -> Other:
    def fatal(strike: Strike) -> None:
        def once() -> None:
            service.taking = None
            strike()

        service.taking = once

    def heard() -> list[str]:
        return [one.headers["Topic"] for one in service.shown]

    def words() -> list[str]:
        return [f"{one.headers} {one.payload}" for one in service.shown]

    return Other("push", service.browser("peggy").address, {}, heard, words, fatal, named=False)


def _govuk(govuk: GovukNotify, kind: str) -> Other:
    def fatal(strike: Strike) -> None:
        def once() -> None:
            govuk.taking = None
            strike()

        govuk.taking = once

    settings = {
        "govuk_notify_url": govuk.url,
        "govuk_notify_api_key": API_KEY,
        "govuk_notify_sms_template": SMS_TEMPLATE,
        "govuk_notify_email_template": EMAIL_TEMPLATE,
    }
    ends: tuple[Means, str] = ("phone", "+447700900042") if kind == "govuk-sms" else ("email", "peggy@herts.example")

    def heard() -> list[str]:
        return [str(one.reference) for one in govuk.taken]

    def words() -> list[str]:
        return [one.words for one in govuk.taken]

    return Other(*ends, settings, heard, words, fatal, repeats=False, govuk=govuk)

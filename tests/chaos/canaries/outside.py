"""Everybody outside who is sent something: webhooks, a post office, GOV.UK Notify. All of it is kept as evidence."""

import asyncio
import csv
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random

import orjson
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.simulation.notebook import Notice, read_notice
from tests.chaos.canaries.words import Evidence
from tests.edges.govuk_stand_in import API_KEY, SMS_TEMPLATE, TOKEN, GovukNotify, Taken
from tests.fleet import free_port

_REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
OFFER = "You have a new task"
ROOMS = "/control-rooms/"
Told = Callable[[Notice], None]


class Listening(GovukNotify):
    """The stand-in of GOV.UK Notify, with every request kept, and what it took passed on."""

    heard: list[Evidence]
    texted: Callable[[Taken], None]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """As it answers; `Authorization` is its own token and no evidence."""
        kept = {name: value for name, value in request.headers.items() if name != "Authorization"}
        self.heard.append(Evidence("GOV.UK Notify url", request.path_qs.encode()))
        self.heard.append(Evidence("GOV.UK Notify headers", str(kept).encode()))
        self.heard.append(Evidence("GOV.UK Notify body", await request.read()))
        before = len(self.taken)
        answer = await super().answer(request)
        for taken in self.taken[before:]:
            self.texted(taken)
        return answer


@dataclass
class Outside:
    """What came to anybody. `whose`: officer or role by telephone number or e-mail address."""

    heard: list[Evidence] = field(default_factory=list)
    whose: dict[str, str] = field(default_factory=dict)
    told: Told = lambda _notice: None
    govuk: Listening = field(default_factory=Listening)
    webhooks: str = ""
    post: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def settings(self) -> dict[str, str]:
        """What a fleet must be told, so that all of it comes here."""
        return {
            "LIAISON_SMTP_URL": self.post,
            "LIAISON_GOVUK_NOTIFY_URL": self.govuk.url,
            "LIAISON_GOVUK_NOTIFY_API_KEY": API_KEY,
            "LIAISON_GOVUK_NOTIFY_SMS_TEMPLATE": SMS_TEMPLATE,
            "LIAISON_GOVUK_NOTIFY_CALLBACK_TOKEN": TOKEN,
            "LIAISON_BREAK_GLASS_WEBHOOK": f"{self.webhooks}/break-glass",
        }

    async def ring(self, request: web.Request) -> web.Response:
        """A webhook, for whomever."""
        body = await request.read()
        self._count("control rooms' webhooks" if request.path.startswith(ROOMS) else "webhooks")
        whose = "control room's webhook" if request.path.startswith(ROOMS) else "webhook"
        self.heard.append(Evidence(f"{whose} url", request.path_qs.encode()))
        self.heard.append(Evidence(f"{whose} headers", str(dict(request.headers)).encode()))
        self.heard.append(Evidence(f"{whose} body", body))
        who = request.path.split("/")[2:]
        notice = read_notice(":".join(reversed(who)), orjson.loads(body)) if who and whose == "webhook" else None
        if notice is not None:
            self.told(notice)
        return web.Response(status=204)

    def mailed(self, sender: str | None, receivers: list[str], content: bytes) -> None:
        """An e-mail, as the post office took it."""
        mail = message_from_bytes(content, EmailMessage, policy=default)
        self._count("e-mails")
        body = mail.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        self.heard.append(Evidence("e-mail subject", str(mail["Subject"]).encode()))
        self.heard.append(Evidence("e-mail sender", f"{sender} {mail['From']} {mail['Reply-To']}".encode()))
        self.heard.append(Evidence("e-mail as sent", content))
        self.heard.append(Evidence("e-mail body", text.encode()))
        for receiver in receivers:
            self._read(receiver, text)

    def texted(self, taken: Taken) -> None:
        """A text message."""
        self._count("text messages")
        self.heard.append(Evidence("SMS", taken.words.encode()))
        self._read(taken.to, taken.words)

    def _read(self, address: str, text: str) -> None:
        reference, to = _REFERENCE.search(text), self.whose.get(address)
        if reference is None or to is None:
            return
        kind = "role.alert" if ":" in to else "task.offered" if OFFER in text else "task.other"
        self.told(Notice(f"{address} {text}", to, kind, reference[0]))

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


class _PostOffice:
    """Takes every e-mail. It works in a thread of its own."""

    def __init__(self, outside: Outside) -> None:
        self._outside, self._loop = outside, asyncio.get_running_loop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Hand it over to where everybody else is."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        receivers = list(envelope.rcpt_tos)
        self._loop.call_soon_threadsafe(self._outside.mailed, envelope.mail_from, receivers, content)
        return "250 taken"


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Everybody at their address for the length of the block."""
    found = Outside()
    found.govuk.heard, found.govuk.texted = found.heard, found.texted
    async with AsyncExitStack() as stack:
        found.govuk.port = await _serve(stack, found.govuk.answer)
        found.webhooks = f"http://127.0.0.1:{await _serve(stack, found.ring)}"
        port = free_port()
        controller = Controller(_PostOffice(found), hostname="127.0.0.1", port=port)
        controller.start()
        stack.callback(controller.stop)
        found.post = f"smtp://127.0.0.1:{port}"
        yield found


async def _serve(stack: AsyncExitStack, answer: Callable[[web.Request], object]) -> int:
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", answer)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return port


def spread_over_means(folder: Path, found: Outside, draw: Random) -> list[str]:
    """Leave each officer and role of a roster one means, webhooks to half; gives the roster's own postcodes."""
    postcodes = []
    _add_control_rooms(folder / "roles.csv", found)
    for name in ("officers.csv", "roles.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            kept = draw.choice(("webhook", "webhook", "phone", "email"))
            row |= {means: "" for means in ("webhook", "phone", "email") if means != kept and row[kept]}
            found.whose |= {row[means]: _named(row) for means in ("phone", "email") if row[means]}
            postcodes.append(row.get("base_postcode") or "")
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return postcodes


def _add_control_rooms(roles: Path, found: Outside) -> None:
    """Each force's control room has a webhook, and so is sent all of its `outbound`."""
    with roles.open("a", encoding="utf-8", newline="") as file:
        for force in ("herts", "beds", "cambs"):
            webhook = f"{found.webhooks}{ROOMS}{force}"
            csv.writer(file).writerow((force, "control_room", "Control room", "", "", webhook, "", ""))


def _named(row: dict[str, str]) -> str:
    return row["id"] if "id" in row else "ops" if row["role"] == "ops" else f"{row['role']}:{row['force']}"

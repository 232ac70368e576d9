"""E-mail over SMTP, by a small pool of connections. A server's 250 says that it took the message: sent, not told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from services.notify.channels.channel import Message
from services.notify.channels.wording import Wording
from services.notify.rules.attempts import Outcome

CONNECTIONS = 4
"""One connection sends one message after another (about 300/s to a near server); a few are enough."""

TIMEOUT = 5.0
"""Seconds for the whole conversation."""


class EmailChannel:
    """Sends neutral e-mails through one SMTP server.

    `url` is `smtp://` (STARTTLS where the server has it) or `smtps://`, with user and password where needed, and
    `?from=` for the sender, else `tasks@` and `domain`. Message-IDs end in `domain` too.
    """

    def __init__(self, url: str, domain: str, wording: Wording) -> None:
        parts = urlsplit(url)
        self._new_connection = partial(
            aiosmtplib.SMTP,
            hostname=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 25),
            use_tls=parts.scheme == "smtps",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            timeout=TIMEOUT,
        )
        self._sender = parse_qs(parts.query).get("from", [f"tasks@{domain}"])[0]
        self._domain = domain
        self._wording = wording
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(CONNECTIONS)

    def lane(self, address: str) -> str:
        """One server, one lane."""
        return "smtp"

    async def send(self, message: Message) -> Outcome:
        """Send once: 250 is sent, a 4xx answer or no answer retries, a 5xx about sender, address or text is refused."""
        try:
            mail = self._mail(message)
        except (ValueError, IndexError, MessageError):
            # The standard library's parser answers an empty local part with an IndexError.
            return Outcome("refused", "bad_address")
        try:
            async with asyncio.timeout(TIMEOUT), self._connection() as connection:
                await connection.send_message(mail)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _of_error(error)
        return Outcome("sent")

    def _mail(self, message: Message) -> EmailMessage:
        """The message; raises where the address cannot stand in a header."""
        text = self._wording.email(message)
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = Address(addr_spec=self._sender)
        mail["To"] = Address(addr_spec=message.address)
        mail["Subject"] = text.subject
        mail["Date"] = format_datetime(message.sent_at)
        # The same on every attempt, so that a mailbox which got it twice shows it once.
        mail["Message-ID"] = f"<{message.notice_id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text.body)
        return mail

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that is kept when all went well and dropped when anything did not."""
        async with self._slots:
            connection = await self._connect()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)

    async def _connect(self) -> aiosmtplib.SMTP:
        while self._idle:
            kept = self._idle.pop()
            if kept.is_connected:
                return kept
        connection = self._new_connection()
        await connection.connect()
        return connection

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        while self._idle:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._idle.pop().quit()


def _of_error(error: Exception) -> Outcome:
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _refusal(error.recipients[0].code)
        case aiosmtplib.SMTPAuthenticationError():
            # Our own password is wrong, not the officer's address: worth trying until somebody mends it.
            return Outcome("retry", "smtp_sign_in")
        case aiosmtplib.SMTPResponseException():
            return _refusal(error.code)
        case TimeoutError():
            return Outcome("retry", "timeout")
        case _:
            return Outcome("retry", "unreachable")


def _refusal(code: int) -> Outcome:
    """Only a 5xx is a server's last word; what is no code at all is no word of a mail server."""
    if not 200 <= code < 600:
        return Outcome("retry", "no_smtp")
    return Outcome("refused" if code >= 500 else "retry", f"smtp_{code}")

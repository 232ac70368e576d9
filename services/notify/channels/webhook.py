"""Officers' webhooks: signed by Standard Webhooks, one notice each, and nothing said but what the contract names."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import aiohttp
import orjson
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from services.notify.channels.channel import Message
from services.notify.channels.guard import AddressRefused, Guard, GuardedResolver
from services.notify.rules.attempts import Outcome
from shared.addresses import Network
from shared.signing import signed_headers, signing_keys

TIMEOUT = aiohttp.ClientTimeout(total=5)
"""Seconds for everything, name look-up included."""

NOTICE_TYPE = "application/json"

_READ_AT_MOST = 4096
_RETRIED = frozenset({408, 429})


class WebhookChannel:
    """Posts notices over pooled connections; follows no redirect, reaches no private address unless allowed.

    `secrets` are `whsec_…`, newest first: each signs, so that receivers may change theirs over in their own time.
    Plain http is for allowed networks alone.
    """

    def __init__(self, secrets: Sequence[str], allowed: Sequence[Network]) -> None:
        self._keys = signing_keys(secrets)
        self._guards = {"https": Guard(allowed, public=True), "http": Guard(allowed, public=False)}
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    def lane(self, address: str) -> str:
        """The receiver's origin, hashed."""
        try:
            origin = str(URL(address).origin())
        except ValueError:
            origin = "none"
        return hashlib.blake2s(origin.encode(), digest_size=8).hexdigest()

    async def send(self, message: Message) -> Outcome:
        """Post a notice once; see `post`."""
        return await self.post(message.address, str(message.notice_id), message.sent_at, body_of(message))

    async def post(
        self, address: str, identity: str, at: datetime, body: bytes, content_type: str = NOTICE_TYPE
    ) -> Outcome:
        """Post once: 2xx delivered; 5xx, 429, time-outs and unreachable hosts retry; anything else is refused.

        `identity` is the `webhook-id`, the same on every repeat; `at` is real time.
        """
        try:
            url = URL(address)
        except ValueError:
            return Outcome("refused", "bad_address")
        guard = self._guards.get(url.scheme)
        if guard is None or not url.host:
            return Outcome("refused", "bad_address")
        if _is_ip(url.host) and not guard.permits(url.host):
            return Outcome("refused", "private_address")
        headers = signed_headers(identity, at, body, self._keys) | {"Content-Type": content_type}
        try:
            status, asked = await self._post(url, body, headers)
        except TimeoutError:
            return Outcome("retry", "timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _of_error(error)
        return _of_status(status, retry_after(asked, at))

    async def _post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> tuple[int, str | None]:
        session = self._session(url.scheme)
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            # Reading a short answer to its end gives the connection back; a long one costs the connection.
            with suppress(TimeoutError, aiohttp.ClientError):
                await response.content.read(_READ_AT_MOST)
            return response.status, response.headers.get("Retry-After")

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        if scheme not in self._sessions:
            connector = aiohttp.TCPConnector(
                limit=0,  # the dispatcher's lanes bound what is under way
                resolver=GuardedResolver(ThreadedResolver(), self._guards[scheme]),
                ttl_dns_cache=30,
                keepalive_timeout=30,
            )
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                timeout=TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "notify"},
            )
        return self._sessions[scheme]

    async def close(self) -> None:
        """Close every pooled connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


def body_of(message: Message) -> bytes:
    """The six fields of contract §5 and nothing else."""
    return orjson.dumps(
        {
            "id": str(message.notice_id),
            "type": message.type,
            "reference": message.reference,
            "class": message.response_class,
            "respond_by": message.respond_by.isoformat() if message.respond_by else None,
            "url": message.url,
        }
    )


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date; None for none or nonsense."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header) if len(header) < 10 else None
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max((until - now).total_seconds(), 0.0) if until.tzinfo else None


def _of_status(status: int, after: float | None) -> Outcome:
    if 200 <= status < 300:
        return Outcome("delivered")
    if status >= 500 or status in _RETRIED:
        return Outcome("retry", f"http_{status}", after)
    return Outcome("refused", "redirect" if 300 <= status < 400 else f"http_{status}")


def _of_error(error: Exception) -> Outcome:
    cause: Any = getattr(error, "os_error", error)
    if isinstance(cause, AddressRefused):
        return Outcome("refused", "private_address")
    if isinstance(error, aiohttp.InvalidURL):
        return Outcome("refused", "bad_address")
    if isinstance(error, aiohttp.ClientSSLError):
        return Outcome("retry", "tls")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Outcome("retry", "no_such_host")
    return Outcome("retry", "unreachable")


@lru_cache(maxsize=1024)
def _is_ip(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True

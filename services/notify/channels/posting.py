"""Posts to addresses that others chose: no redirect is followed, no private address reached unless it is allowed."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from services.notify.channels.guard import AddressRefused, Guard, GuardedResolver
from services.notify.rules.attempts import Outcome
from shared.addresses import Network

TIMEOUT = aiohttp.ClientTimeout(total=5)
"""Seconds for everything, name look-up included."""

_READ_AT_MOST = 4096
BAD_ADDRESS = Outcome("refused", "bad_address")
PRIVATE_ADDRESS = Outcome("refused", "private_address")


@dataclass(frozen=True)
class Answered:
    """What the other side said: its status, and its Retry-After header."""

    status: int
    retry_after: str | None


class Posting:
    """Pooled connections. Plain http is for the `allowed` networks alone."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._guards = {"https": Guard(allowed, public=True), "http": Guard(allowed, public=False)}
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answered | Outcome:
        """What the other side answered, or what came of it where it gave no answer at all."""
        url = url_of(address)
        guard = self._guards.get(url.scheme) if url is not None else None
        if url is None or guard is None or not url.host:
            return BAD_ADDRESS
        if _is_ip(url.host) and not guard.permits(url.host):
            return PRIVATE_ADDRESS
        try:
            return await self._post(url, body, headers)
        except TimeoutError:
            return Outcome("retry", "timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _of_error(error)

    async def _post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> Answered:
        session = self._session(url.scheme)
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            # Reading a short answer to its end gives the connection back; a long one costs the connection.
            with suppress(TimeoutError, aiohttp.ClientError):
                await response.content.read(_READ_AT_MOST)
            return Answered(response.status, response.headers.get("Retry-After"))

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


def url_of(address: str) -> URL | None:
    """The address as a URL; None for what is none."""
    try:
        return URL(address)
    except ValueError:
        return None


def origin_of(address: str) -> str:
    """Scheme, host and port; "none" for what has none."""
    try:
        return str(URL(address).origin())
    except ValueError:
        return "none"


def lane_of(address: str) -> str:
    """The receiver's origin, hashed."""
    return hashlib.blake2s(origin_of(address).encode(), digest_size=8).hexdigest()


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


def _of_error(error: Exception) -> Outcome:
    cause: Any = getattr(error, "os_error", error)
    if isinstance(cause, AddressRefused):
        return PRIVATE_ADDRESS
    if isinstance(error, aiohttp.InvalidURL):
        return BAD_ADDRESS
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

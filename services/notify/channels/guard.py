"""Which addresses a webhook may reach: the public internet, and the private networks that settings allow.

The check stands where a connection takes its address from, so that no name can resolve to one thing when it
is looked at and to another when it is used.
"""

import socket
from collections.abc import Sequence
from functools import lru_cache, partial

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.addresses import Network, may_be_reached


class AddressRefused(OSError):
    """A name resolves to nothing that may be reached. Names no address."""


class Guard:
    """Says which addresses may be reached; `public` False leaves only the allowed networks."""

    def __init__(self, allowed: Sequence[Network], *, public: bool) -> None:
        self._allowed = tuple(allowed)
        self._public = public
        # The same few receivers are asked about at every notice.
        self._permits = lru_cache(maxsize=1024)(partial(may_be_reached, allowed=self._allowed, public=public))

    def permits(self, host: str) -> bool:
        """Whether this IP address may be reached; False for what is no IP address."""
        return self._permits(host)


class GuardedResolver(AbstractResolver):
    """Resolves names and leaves out every address the guard does not permit."""

    def __init__(self, inner: AbstractResolver, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of `host` that may be reached; AddressRefused when none may."""
        found = await self._inner.resolve(host, port, family)
        permitted = [result for result in found if self._guard.permits(result["host"])]
        if not permitted:
            raise AddressRefused("this name resolves to no address that may be reached")
        return permitted

    async def close(self) -> None:
        """Close the resolver underneath."""
        await self._inner.close()

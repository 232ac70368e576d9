"""Which addresses a webhook may reach: the public internet, and the private networks that settings allow.

The check stands where a connection takes its address from, so that no name can resolve to one thing when it
is looked at and to another when it is used.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.addresses import Network

# These carry an IPv4 address inside, which a gateway would reach in our name.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))


class AddressRefused(OSError):
    """A name resolves to nothing that may be reached. Names no address."""


class Guard:
    """Says which addresses may be reached; `public` False leaves only the allowed networks."""

    def __init__(self, allowed: Sequence[Network], *, public: bool) -> None:
        self._allowed = tuple(allowed)
        self._public = public

    def permits(self, host: str) -> bool:
        """Whether this IP address may be reached; False for what is no IP address."""
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._allowed):
            return True
        return self._public and _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in _TRANSLATED)
    )


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

"""Addresses as people write them in settings, and what this project reads out of them."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

Network = IPv4Network | IPv6Network

# These carry an IPv4 address inside, which a gateway would reach in our name.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))
_HERE = ("127.0.0.1", "::1")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # urlsplit's own words may quote the URL, and so a password.
        raise ValueError("is not a URL") from None
    return parts


def must_be_url(*schemes: str) -> Callable[[str], None]:
    """A check that a text is a URL with one of `schemes` and a host; ValueError where it is not."""

    def check(url: str) -> None:
        parts = _split(url)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"must be a URL beginning with {' or '.join(f'{scheme}://' for scheme in schemes)}")

    return check


def postgres_url(url: str) -> str:
    """`url` for asyncpg, whichever of PostgreSQL's usual spellings it came in; ValueError for others."""
    parts = _split(url)
    if parts.scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError("must begin with postgresql://; no other database will do")
    if parts.path in {"", "/"}:
        raise ValueError("names no database, as in postgresql://host/liaison")
    # libpq says sslmode, asyncpg says ssl, and the values are the same.
    query = [("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(scheme="postgresql+asyncpg", query=urlencode(query)))


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks from `10.1.0.0/16,192.168.7.9`, by commas. ValueError says which entry is wrong."""
    networks: list[Network] = []
    for number, entry in enumerate(filter(None, map(str.strip, text.split(","))), start=1):
        try:
            networks.append(ip_network(entry))
        except ValueError:
            raise ValueError(f"entry {number} is not a network such as 10.1.0.0/16") from None
    return tuple(networks)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def may_be_reached(host: str, allowed: Iterable[Network], *, public: bool) -> bool:
    """Whether a webhook may reach this IP address: in an allowed network or, if `public`, on the internet.

    False for what is no IP address.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in allowed) or (public and _is_public(address))


def webhook_refusal(url: str, allowed: Iterable[Network]) -> str | None:
    """Why a webhook could never be reached, as far as its address itself shows; None for nothing known against it.

    Only IP addresses and the names of this machine can be judged before they are used: what any other name stands for
    is looked at by notify whenever it sends. Plain http is for allowed networks alone.
    """
    parts = _split(url)
    host, networks = (parts.hostname or "").rstrip("."), tuple(allowed)
    if host == "localhost" or host.endswith(".localhost"):
        here = any(may_be_reached(address, networks, public=False) for address in _HERE)
        return None if here else "private_address"
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if not may_be_reached(host, networks, public=True):
        return "private_address"
    return None if may_be_reached(host, networks, public=parts.scheme == "https") else "needs_https"


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in _TRANSLATED)
    )

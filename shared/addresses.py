"""Addresses as people write them in settings, and what this project reads out of them."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

Network = IPv4Network | IPv6Network


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

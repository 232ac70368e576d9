"""Loopback ports: finding free ones, and asking whether somebody listens."""

import socket
from collections.abc import Sequence


def free_ports(wanted: Sequence[int]) -> list[int]:
    """A free loopback port for each entry, all different: the wanted one where it is free, any for 0."""
    held: list[socket.socket] = []
    try:
        for port in wanted:
            held.append(_bound(port) or _bound(0) or socket.socket())
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def is_open(port: int) -> bool:
    """Whether somebody accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _bound(port: int) -> socket.socket | None:
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        return None
    return probe

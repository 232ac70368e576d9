"""Addresses of officers and roles, sealed as soon as they are read and opened by notify alone."""

import base64
from collections.abc import Iterable
from typing import Any

from services.routing.rules.roster.rows import Means
from shared.sealing import MasterKeys

ORDER = ("webhook", "phone", "email")
"""In which means are tried: a device answers at once, an e-mail is read last."""


def seal_means(keys: MasterKeys, recipient: str, means: Iterable[Means]) -> list[dict[str, Any]]:
    """The means of an officer (`H1042`) or a role (`fim:herts`), each bound to whose it is and of what kind."""
    return [
        {"kind": one.kind, "verified": True, "sealed": _seal(keys, recipient, one)}
        for one in sorted(means, key=lambda one: ORDER.index(one.kind))
    ]


def _seal(keys: MasterKeys, recipient: str, one: Means) -> str:
    sealed = keys.seal(one.address.encode(), f"officers|{recipient}|{one.kind}")
    return base64.b64encode(sealed).decode()

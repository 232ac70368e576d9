"""What simulated people were told, and whether they were told anything twice, late, or in the clear. Pure."""

import base64
import binascii
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

FIELDS = frozenset({"id", "type", "reference", "class", "respond_by", "url"})
"""All that a webhook may say (contract §5)."""
REMEMBERED = 1_000_000
"""Entries of each kind; a stream without end must not fill the memory."""
OVER = frozenset({"task.taken", "task.closed"})


@dataclass(frozen=True)
class Notice:
    """One notice as its receiver sees it. `to` is an officer's id or a role's (`fim:herts`)."""

    id: str
    to: str
    type: str
    reference: str | None
    respond_by: str | None = None


@dataclass
class Notebook:
    """Every notice seen. `counts`: new, again (the same id once more), doubled, late, chatty, forged.

    `doubled`: a second offer of one referral to one officer under another id. `late`: an offer after the news that
    the referral was taken or closed. `chatty`: a body with more in it than the contract names.
    """

    counts: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    doubled: list[Notice] = field(default_factory=list)
    _seen: dict[tuple[str, str], None] = field(default_factory=dict)
    _offers: dict[tuple[str, str], str] = field(default_factory=dict)
    _over: dict[tuple[str, str], None] = field(default_factory=dict)

    def note(self, notice: Notice) -> bool:
        """Write a notice down; whether it is new to its receiver."""
        if (notice.to, notice.id) in self._seen:
            self.counts["again"] += 1
            return False
        _keep(self._seen, (notice.to, notice.id), None)
        self.counts["new"] += 1
        self.types[notice.type] += 1
        if notice.reference is not None:
            self._judge(notice, notice.reference)
        return True

    def _judge(self, notice: Notice, reference: str) -> None:
        if notice.type in OVER:
            _keep(self._over, (notice.to, reference), None)
        elif notice.type == "task.offered":
            self.counts["late"] += (notice.to, reference) in self._over
            first = _keep(self._offers, (notice.to, reference), notice.id)
            if first != notice.id:
                self.counts["doubled"] += 1
                self.doubled.append(notice)


def _keep(kept: dict[tuple[str, str], T], place: tuple[str, str], value: T) -> T:
    """What is kept at `place`, which is `value` where nothing was; the oldest make room."""
    if len(kept) >= REMEMBERED:
        del kept[next(iter(kept))]
    return kept.setdefault(place, value)


def read_notice(to: str, body: Mapping[str, Any]) -> Notice | None:
    """The notice in a webhook's body; None where it is none."""
    identity, kind = body.get("id"), body.get("type")
    if not isinstance(identity, str) or not isinstance(kind, str):
        return None
    reference, due = body.get("reference"), body.get("respond_by")
    return Notice(
        identity,
        to,
        kind,
        reference if isinstance(reference, str) else None,
        due if isinstance(due, str) else None,
    )


def signed(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of `secrets` (`whsec_…`) signed a webhook, by Standard Webhooks.

    How old it is, is not asked: where the clock runs faster than the day, a timestamp does too.
    """
    identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [entry.partition(",")[2] for entry in headers.get("webhook-signature", "").split() if entry[:3] == "v1,"]
    content = b".".join((identity.encode(), at.encode(), body))
    for secret in secrets:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"))
        except binascii.Error:
            continue
        wanted = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
        if any(hmac.compare_digest(wanted, one) for one in given):
            return True
    return False

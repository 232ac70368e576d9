"""What the simulation sends, and what it expects to hear back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Way = Literal["http", "topic"]
Outcome = Literal["accepted", "rejected"]
Headers = tuple[tuple[str, bytes | None], ...]

SUBMITTED = "liaison.report.submitted.v1"


@dataclass(frozen=True)
class Expected:
    """The answer an item must get.

    `statuses` is for HTTP. `codes` are the rejection codes looked for on the topic: another one is a surprise, not
    a fault. `of`: the answer must be that of an earlier item, with the same reference.
    """

    outcome: Outcome
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    of: int | None = None


ACCEPTED = Expected("accepted", frozenset({202}))


@dataclass(frozen=True)
class Item:
    """One thing to send.

    `principal` is the name to sign in as, empty for a token that is none. `body` is the report without `contact`;
    `contact` are details to send with it over HTTP, or to leave in the vault beforehand for a topic. `wire` stands
    instead of the body where the body is no report at all; `empty` is a record without a value. `event_id` becomes
    `ce_id`; `headers` replace or (with None as the whole value) remove headers of the record or request.
    `handle_of`: the item whose handle this one carries.
    """

    number: int
    kind: str
    way: Way
    force: str
    principal: str
    at: datetime
    key: str
    event_id: str
    expected: Expected
    body: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] | None = None
    wire: bytes | None = None
    empty: bool = False
    headers: Mapping[str, bytes | None] = field(default_factory=dict)
    handle_of: int | None = None

    @property
    def hostile(self) -> bool:
        """Whether it must be refused."""
        return self.expected.outcome == "rejected"

    @property
    def idempotency_key(self) -> str | None:
        """The sender's key, where the item has a body."""
        key = self.body.get("idempotency_key")
        return str(key) if key is not None else None

    @property
    def after(self) -> int | None:
        """The item that must have been sent before this one."""
        return self.expected.of if self.expected.of is not None else self.handle_of

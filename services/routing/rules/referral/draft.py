"""One transition in the making: the referral as it becomes, what is said about it, and why."""

import hashlib
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.routing.rules.matching.decision import Decision
from services.routing.rules.referral.clocks import next_due
from services.routing.rules.referral.state import Referral
from shared.contracts.lifecycle import ReferralEvent


class Transition(NamedTuple):
    """What a transition gives: the referral after it, its events in order, and the rankings behind them."""

    referral: Referral
    events: tuple[ReferralEvent, ...] = ()
    decisions: tuple[Decision, ...] = ()


class Draft:
    """Collects what changes and what is said at `now`; `done` stamps the events with how it all ended."""

    def __init__(self, referral: Referral, now: datetime) -> None:
        self.referral = referral
        self.now = max(now, referral.changed_at)
        self._said: list[tuple[type[ReferralEvent], dict[str, Any]]] = []
        self.decisions: list[Decision] = []

    def put(self, **changes: Any) -> None:
        """Change fields of the referral."""
        self.referral = self.referral.model_copy(update=changes)

    def ladder(self, **changes: Any) -> None:
        """Change fields of its ladder."""
        self.put(ladder=self.referral.ladder.model_copy(update=changes))

    def clocks(self, **changes: Any) -> None:
        """Change fields of its clocks."""
        self.put(clocks=self.referral.clocks.model_copy(update=changes))

    def say(self, event: type[ReferralEvent], **words: Any) -> None:
        """Something happened; what every event carries is filled in by `done`."""
        self._said.append((event, words))

    def offer_id(self) -> UUID:
        """An id for the offer made now: version 7, its random part drawn from the referral and its sequence."""
        seed = f"{self.referral.id}:{self.referral.sequence + len(self._said)}".encode()
        random = int.from_bytes(hashlib.sha256(seed).digest()[:10])
        millis = int(self.now.timestamp() * 1000)
        value = (millis << 80) | (0x7 << 76) | ((random >> 68 & 0xFFF) << 64) | (0b10 << 62) | (random & (1 << 62) - 1)
        return UUID(int=value)

    def done(self) -> Transition:
        """The transition: due computed anew, events numbered without a gap and stamped with the final state."""
        if not self.referral.held:
            self.put(handover=None, helpers=(), duty=None)
        self.put(due=next_due(self.referral, self.now), changed_at=self.now)
        first = self.referral.sequence + 1
        self.put(sequence=self.referral.sequence + len(self._said))
        common = self._common()
        events = tuple(
            event(sequence=number, **common, **words) for number, (event, words) in enumerate(self._said, first)
        )
        return Transition(self.referral, events, tuple(self.decisions))

    def _common(self) -> dict[str, Any]:
        referral = self.referral
        return {
            "referral_id": referral.id,
            "reference": referral.reference,
            "at": self.now,
            "force": referral.force,
            "state": referral.state,
            "holder": referral.holder,
            "next_due": referral.due,
            "exercise": referral.exercise,
            "pool": referral.pool,
            "response_class": referral.picture.response_class,
        }

"""How many messages one person gets: the first few by themselves, a storm of them as one.

Phone networks block a number that gets twenty identical texts in an hour, or a hundred of any kind (GOV.UK Notify's
documentation of its limits); a person stops reading long before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

WINDOW = timedelta(seconds=120)
"""Real time: after it a person's messages are counted anew. It keeps a number at 90 an hour."""

SINGLES = 3
"""Messages that go by themselves within a window."""

URGENT = timedelta(minutes=15)
"""Domain time: what must be answered so soon waits for no window, though it may go together with others."""


@dataclass(frozen=True)
class Pace:
    """How many messages went to one address since a window began (real time)."""

    since: datetime
    sent: int


@dataclass(frozen=True)
class Bundling:
    """What is done with messages that are due: sent singly, sent as one, or left until `pace` has a new window."""

    kind: Literal["singly", "together", "later"]
    pace: Pace

    @property
    def until(self) -> datetime:
        """When those left for later are due again."""
        return self.pace.since + WINDOW


@dataclass(frozen=True)
class Storm:
    """Messages to one address that are due now: `fresh` ones, `urgent` ones among them, and `repeats`.

    Repeats have reached nobody yet: they do not wait and are not counted again.
    """

    fresh: int
    urgent: int = 0
    repeats: int = 0


def bundle(pace: Pace, storm: Storm, now: datetime) -> Bundling:
    """What becomes of the messages to one address that are due now."""
    current = pace if now < pace.since + WINDOW else Pace(now, 0)
    crowded = current.sent + storm.fresh > SINGLES
    pressing = storm.urgent > 0 or storm.repeats > SINGLES or current.sent < SINGLES
    if crowded and not pressing:
        return Bundling("later", current)
    if crowded or storm.repeats > SINGLES:
        return Bundling("together", Pace(current.since, SINGLES))
    return Bundling("singly", Pace(current.since, current.sent + storm.fresh))

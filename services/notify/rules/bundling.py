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
"""Domain time: what must be answered so soon waits for no window, and goes by itself but in a storm of its own."""

Kind = Literal["singly", "together", "later"]


@dataclass(frozen=True)
class Pace:
    """How many messages went to one address since a window began (real time)."""

    since: datetime
    sent: int


@dataclass(frozen=True)
class Storm:
    """Messages to one address that are due now for the first time, and `urgent` ones among them.

    Repeats have reached nobody yet: they do not wait, are not counted again, and go as they went before.
    """

    fresh: int
    urgent: int = 0


@dataclass(frozen=True)
class Bundling:
    """What is done with messages that are due: sent singly, sent as one, or left until `pace` has a new window."""

    urgent: Kind
    others: Kind
    pace: Pace

    @property
    def until(self) -> datetime:
        """When those left for later are due again."""
        return self.pace.since + WINDOW


def bundle(pace: Pace, storm: Storm, now: datetime) -> Bundling:
    """What becomes of the messages to one address that are due now."""
    current = pace if now < pace.since + WINDOW else Pace(now, 0)
    if current.sent + storm.fresh <= SINGLES:
        return Bundling("singly", "singly", Pace(current.since, current.sent + storm.fresh))
    urgent: Kind = "together" if storm.urgent > SINGLES else "singly"
    others: Kind = "together" if current.sent < SINGLES else "later"
    return Bundling(urgent, others, Pace(current.since, SINGLES))

"""Who does something to a referral that is held: its holder, or a supervisor in their place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.rules.referral.answers import Refused
from services.routing.rules.referral.state import Referral
from shared.contracts.model import Holder


class Misgiven(Exception):
    """Something given cannot stand: `field` and a short stable `reason`, never the value."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody signed in, as `sergeant:herts` or `officer:H1042`; `officer` is the id of one who is an officer."""

    name: str
    officer: str | None = None

    @property
    def addressee(self) -> str:
        """How events name them: an officer by id alone."""
        return self.officer or self.name


def held_by(referral: Referral, doer: Doer) -> Holder:
    """The holder for whom `doer` may act. Raises Refused: an officer acts on their own alone."""
    if not referral.is_open:
        raise Refused("not_open")
    if referral.holder is None:
        raise Refused("not_held" if doer.officer is None else "not_yours")
    if doer.officer not in (None, referral.holder.id):
        raise Refused("not_yours", referral.holder)
    return referral.holder


JUST_NOW = timedelta(minutes=5)
"""A phone's clock and ours need not agree."""


def must_come(field: str, at: datetime | None, now: datetime, most_minutes: int | None = None) -> None:
    """A time that is promised lies ahead, and at most so many minutes: further off, nobody would look before.

    Raises Misgiven.
    """
    if at is not None and at <= now:
        raise Misgiven(field, "in_the_past")
    if at is not None and most_minutes is not None and at > now + timedelta(minutes=most_minutes):
        raise Misgiven(field, "too_far_ahead")


def must_have_been(field: str, at: datetime, now: datetime) -> None:
    """A time that is told of has come. Raises Misgiven."""
    if at > now + JUST_NOW:
        raise Misgiven(field, "in_the_future")

"""What a text message needs beside its words: a number that has not said STOP, and a code to answer an offer by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import randbelow
from typing import Protocol

from services.notify.addressing import Addressed
from services.notify.channels.channel import Message, NoChannel
from services.notify.numbers import Marks
from services.notify.rules.replies import free_code
from services.notify.settling import Flight
from services.notify.store.codes import Wanted, codes_of, give_code, meet
from shared.database import Unit

STOPPED = NoChannel("stopped")
ANSWERED = frozenset({"task.offered", "task.reminder"})
"""Notices that a text message may answer."""

_DRAWS = 5


class Departing(Protocol):
    """A message about to leave, and the attempts it stands for."""

    flights: list[Flight]
    addressed: Addressed


@dataclass(frozen=True)
class Texting:
    """`answered`: replies find their way back here, so that asking for one is honest."""

    marks: Marks
    answered: bool

    async def prepare(self, unit: Unit, departures: Sequence[Departing], now: datetime) -> None:
        """Refuse texts to numbers that said STOP, and give offers by text their codes; others stay as they are."""
        texts = [one for one in departures if _is_text(one.addressed.message)]
        if not texts:
            return
        marks = {address: tuple(self.marks.marks(address)) for address in map(_number, texts)}
        stopped = await meet(unit, marks.values(), now)
        for one in texts:
            mine = marks[_number(one)]
            if stopped.intersection(mine):
                one.addressed = one.addressed._replace(channel=STOPPED)
            elif self.answered and len(one.flights) == 1 and _may_answer(one.flights[0], one.addressed.message):
                code = await self._code(unit, one.flights[0], mine, now)
                one.addressed = one.addressed._replace(message=replace(one.addressed.message, code=code))

    async def _code(self, unit: Unit, flight: Flight, marks: tuple[bytes, ...], now: datetime) -> str | None:
        """The code of this offer and number: the one it has, or a new one; None where none is to be had."""
        subject = flight.subject
        assert subject.referral_id is not None
        wanted = Wanted(marks, subject.to, subject.referral_id, subject.notice_id)
        for _ in range(_DRAWS):
            given = await codes_of(unit, marks)
            if wanted.key in given:
                return given[wanted.key]
            code = free_code(frozenset(given.values()), randbelow(10_000))
            if code is not None and await give_code(unit, wanted, code, now):
                return code
        return None


def _is_text(message: Message) -> bool:
    return message.means == "phone" and bool(message.address)


def _number(departing: Departing) -> str:
    return departing.addressed.message.address


def _may_answer(flight: Flight, message: Message) -> bool:
    return message.type in ANSWERED and flight.subject.referral_id is not None and ":" not in flight.subject.to

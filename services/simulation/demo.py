"""`liaison demo`: one referral, from a call to the first conversation, told in the terminal in under a minute.

The system is started by whoever calls this, in the demo's sign-in, with the made-up roster of `roster.py` without
webhooks, and with a clock that runs faster than the day. Everything told here has happened in it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from rich.console import Console

from services.simulation.access import Addresses, Client, SimulationFailed, client
from services.simulation.items import ACCEPTED, Item
from services.simulation.ledger import Ledger
from services.simulation.listening import listening
from services.simulation.officers import spoke
from services.simulation.phones import messages
from services.simulation.roster import titles
from services.simulation.sending import Sender, producing
from services.simulation.story import CALLER, Heardbook, report
from services.simulation.telling import Teller
from shared.identifiers import uuid7
from shared.local_time import clock_time

T = TypeVar("T")

_LOOK_EVERY = 0.1
_DESK = "control_room:herts"
_LONGEST_SILENCE = 16
"""Minutes, on the system's clock, that the story's first officer is waited for: the policy's fifteen, and one."""
_FOR_A_TEXT = 2.0
"""Seconds that a text is waited for where there is an e-mail already."""
_PATIENCE = 15.0
"""Seconds that anything else may take."""


@dataclass(frozen=True)
class DemoOptions:
    """Where the system is, and how fast its clock runs. `pace`: seconds a reader is given for a line."""

    base_url: str
    bootstrap: str
    clock_speed: float = 60.0
    pace: float = 1.2
    roster_seed: int = 1


async def demo(options: DemoOptions, console: Console | None = None) -> None:
    """Tell the story on `console` (stdout). SimulationFailed, in one line, where it does not go as it should."""
    teller = Teller(console or Console(highlight=False), options.pace)
    key = f"demo-{uuid7().hex[-8:]}"
    book = Heardbook(key)
    async with AsyncExitStack() as stack:
        person = await stack.enter_async_context(client(Addresses.one(options.base_url)))
        await stack.enter_async_context(listening(options.bootstrap, ["outbound.herts", "referrals"], book.hear, {}))
        producer = await stack.enter_async_context(producing(options.bootstrap, {}))
        await _Stage(person, producer, book, teller, options).play()


class _Stage:
    """The scenes, and what they need."""

    def __init__(
        self,
        person: Client,
        producer: AIOKafkaProducer | None,
        book: Heardbook,
        teller: Teller,
        options: DemoOptions,
    ) -> None:
        self.person, self.producer, self.book, self.tell = person, producer, book, teller
        self.speed = options.clock_speed
        self.titles = titles(options.roster_seed)
        self.shown = 0

    async def play(self) -> None:
        """The whole story."""
        await self.call()
        first = await self.offer()
        second = await self.silence(first)
        await self.accept(first, second)
        await self.conversation(second)
        await self.end()

    async def call(self) -> None:
        """Somebody rings 101."""
        await self.tell.scene("A call on 101")
        await self.tell.say(
            "Somebody in Watford has been followed home, again. They are safe now and shaken, and would like to speak "
            "to a liaison officer. The call-taker grades the call, as always, and asks how it is safe to ring back."
        )
        now = datetime.now(UTC)
        item = Item(
            number=1,
            kind="report",
            way="topic",
            force="herts",
            principal=_DESK,
            at=now,
            key=self.book.key,
            event_id=str(uuid7()),
            expected=ACCEPTED,
            body=report(now, self.book.key),
            contact=CALLER,
        )
        await Sender(self.person, self.producer, Ledger()).send(item)
        await self._until(lambda: self.book.heard("report.accepted"), "the report was not accepted")
        await self._log()
        await self.tell.say(
            f"That line stands in the control room's own log. Liaison has it, durably, as {self.book.reference}. Name "
            "and number are sealed in the vault; nothing of them travels."
        )

    async def offer(self) -> str:
        """The best officer on duty is asked."""
        officer = await self._asked(1, "nobody was asked")
        await self._until(lambda: self.book.heard("referral.offered"), "the control room was not told")
        await self.tell.scene(f"{self._name(officer)} is asked first")
        await self.tell.say("Of everybody trained and on duty, the best placed. This is all that the phone shows:")
        await self._phone(officer, "task.offered")
        await self._log()
        return officer

    async def silence(self, first: str) -> str:
        """The first does not answer; the next is asked."""
        await self.tell.scene("Silence")
        await self.tell.say(
            f"{self._name(first)} is in an interview, the phone face down. Nobody has to notice: the clock does. "
            f"(It runs {self.speed:g} times as fast here.)"
        )
        seconds = _LONGEST_SILENCE * 60 / self.speed + _PATIENCE
        with self.tell.waiting("Fifteen minutes pass"):
            second = await self._asked(2, "nobody else was asked", seconds)
            await self._until(lambda: self.book.heard("referral.offered", 2), "the control room was not told")
        await self._log()
        await self.tell.scene(f"{self._name(second)} is asked next")
        await self._phone(second, "task.offered")
        return second

    async def accept(self, first: str, second: str) -> None:
        """The second accepts, and the first is told."""
        answer = await self.person.post(f"/v1/referrals/{self.book.reference}/accept", f"officer:{second}", {})
        if not answer.good:
            raise SimulationFailed(f"the officer could not accept: {answer.status}")
        accepted = await self._until(lambda: self.book.heard("referral.accepted"), "the control room was not told")
        due = accepted.body.get("next_due")
        by = f" The person hears from them by {clock_time(datetime.fromisoformat(due))}." if due else ""
        await self.tell.scene("Accepted")
        await self.tell.say(f"{self._name(second)} taps Accept. From here on one named person owns it.{by}")
        await self._log()
        await self._phone(first, "task.taken")

    async def conversation(self, officer: str) -> None:
        """The officer reads how it is safe to ring, rings, and says what comes next."""
        path = f"/v1/referrals/{self.book.reference}/contact-attempts"
        answer = await self.person.post(path, f"officer:{officer}", spoke(datetime.now(UTC), Random(1)))
        if not answer.good:
            return
        await self._until(lambda: self.book.heard("referral.contact_made"), "the control room was not told")
        await self.tell.scene("The first conversation")
        await self.tell.say(
            "The officer reads the rules before the number: no voicemail, no text, and a phrase to begin with. Then "
            "they ring. They have spoken, and have agreed when to speak again."
        )
        await self._log()

    async def end(self) -> None:
        """What is left of it."""
        await self.tell.scene("All of it, in the control room's log")
        for line in self.book.lines():
            await self.tell.log(line, lines=0.2)
        await self.tell.say(
            "No name, no number and no reason in any of it. Nothing was lost while nobody looked, and nobody had to "
            "chase it."
        )

    async def _log(self) -> None:
        """The lines that have come to the control room's log since the last time."""
        for line in self.book.lines()[self.shown :]:
            self.shown += 1
            await self.tell.log(line)

    async def _phone(self, officer: str, kind: str) -> None:
        """A message on an officer's phone, once it is there; a text rather than an e-mail, if it comes soon."""
        seen: dict[str, str] = {}
        for look in range(int(_PATIENCE / _LOOK_EVERY)):
            for message in await messages(self.person, officer):
                if message.get("type") == kind and message.get("reference") == self.book.reference:
                    seen[str(message.get("means"))] = str(message.get("text", ""))
            if "phone" in seen or (seen and look * _LOOK_EVERY > _FOR_A_TEXT):
                await self.tell.phone(self._name(officer), seen.get("phone") or next(iter(seen.values())))
                return
            await asyncio.sleep(_LOOK_EVERY)
        raise SimulationFailed("a phone stayed dark: is the demo's roster loaded, without webhooks?")

    def _name(self, officer: str) -> str:
        return self.titles.get(officer, officer)

    async def _asked(self, times: int, otherwise: str, seconds: float = _PATIENCE) -> str:
        """The first officer of the offer that is the `times`th."""

        def look() -> str | None:
            offers = self.book.offers()
            return offers[times - 1][0] if len(offers) >= times else None

        return await self._until(look, otherwise, seconds)

    async def _until(self, look: Callable[[], T | None], otherwise: str, seconds: float = _PATIENCE) -> T:
        """What `look` finds, as soon as it finds something; SimulationFailed with `otherwise` after `seconds`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            found = look()
            if found is not None:
                return found
            if loop.time() > deadline:
                raise SimulationFailed(otherwise)
            await asyncio.sleep(_LOOK_EVERY)

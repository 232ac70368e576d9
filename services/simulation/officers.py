"""Simulated officers and supervisors: they answer, at once or late, decline, or stay silent; then they ring.

They act over HTTP as anybody would. What an officer does with a referral depends on the seed, their id and the
reference alone.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

from services.simulation.access import Answer, Client, SimulationFailed
from services.simulation.notebook import OVER, Notice

Behaviour = Literal["prompt", "slow", "decline", "silent"]
Span = tuple[float, float]

DECLINES = ("busy", "busy", "too_far", "unfit", "conflict")
AT_ONCE = 32
"""Requests of all people together."""
_LAST_WORDS = 5.0
"""Seconds that requests under way are given at the end."""
_ACKNOWLEDGING = frozenset({"coordinator", "sergeant", "inspector", "fim", "psd"})
_UNKNOWN_PATH = frozenset({404, 405})
_AFTERWARDS = frozenset({"contact-attempts", "close"})


@dataclass(frozen=True)
class Manners:
    """How people behave. Shares of officers' answers (the rest stay silent), and how long things take, in seconds.

    `finishes`: whether an owner goes on to ring the person and, later, to close. `spare`: ids that a real person
    in front of the demo plays.
    """

    prompt: float = 0.55
    slow: float = 0.2
    decline: float = 0.15
    promptly: Span = (0.2, 3.0)
    slowly: Span = (3.0, 8.0)
    acknowledging: Span = (0.1, 1.0)
    ringing: Span = (0.2, 1.0)
    closing: Span = (0.5, 2.0)
    finishes: bool = True
    spare: frozenset[str] = frozenset()


BRISK = Manners()
"""For a run that is measured."""
HUMAN = Manners(
    promptly=(8, 40),
    slowly=(45, 150),
    acknowledging=(15, 60),
    ringing=(20, 90),
    closing=(120, 600),
    spare=frozenset({"H1042"}),
)
"""For a run that is watched."""


@dataclass
class Crew:
    """Everybody who acts on notices. `did` counts what they did and how it was answered."""

    client: Client
    manners: Manners = BRISK
    seed: int = 1
    did: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _pondering: dict[tuple[str, str], asyncio.Event] = field(default_factory=dict)
    _under_way: set[asyncio.Task[Answer]] = field(default_factory=set)
    _absent: set[str] = field(default_factory=set)
    _hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def told(self, notice: Notice) -> None:
        """Let the receiver of a notice act on it in their own time."""
        if notice.reference is None or notice.to in self.manners.spare:
            return
        draw = Random(f"{self.seed}:{notice.to}:{notice.reference}:{notice.type}")
        if notice.type in {"task.offered", "task.reminder"}:
            self._pondering.setdefault((notice.to, notice.reference), asyncio.Event())
            self._begin(self._answer(notice.to, notice.reference, behaviour(self.manners, notice.type, draw), draw))
        elif notice.type in OVER and (event := self._pondering.get((notice.to, notice.reference))):
            event.set()
        elif notice.type == "role.alert" and notice.to.partition(":")[0] in _ACKNOWLEDGING:
            self._begin(self._acknowledge(notice.to, notice.reference, draw))

    async def finish(self) -> None:
        """Wait until everybody has done what they had in mind."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Let everybody go home: what they had not done yet stays undone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LAST_WORDS)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._carefully(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carefully(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SimulationFailed:
            self.did["not signed in"] += 1

    async def _ponder(self, officer: str, reference: str, seconds: float) -> bool:
        """Take one's time over an offer; False where the news that it is over comes first."""
        event = self._pondering.setdefault((officer, reference), asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return True
        finally:
            self._pondering.pop((officer, reference), None)
        self.did["let go"] += 1
        return False

    async def _answer(self, officer: str, reference: str, how: Behaviour, draw: Random) -> None:
        if how == "silent":
            self.did["silent"] += 1
            self._pondering.pop((officer, reference), None)
            return
        seconds = draw.uniform(*(self.manners.slowly if how == "slow" else self.manners.promptly))
        if not await self._ponder(officer, reference, seconds):
            return
        if how == "decline":
            await self._act(officer, reference, "decline", {"code": draw.choice(DECLINES)})
            return
        accepted = await self._act(officer, reference, "accept", {})
        if accepted.good and self.manners.finishes:
            await self._see_through(officer, reference, draw)
            if "close" in self._absent:
                await self._let_go(reference, accepted)

    async def _see_through(self, officer: str, reference: str, draw: Random) -> None:
        """Ring the person, and after a while close."""
        await asyncio.sleep(draw.uniform(*self.manners.ringing))
        await self._act(officer, reference, "contact-attempts", spoke(datetime.now(UTC), draw))
        await asyncio.sleep(draw.uniform(*self.manners.closing))
        await self._act(officer, reference, "close", {"outcome": draw.choice(("supported", "advised", "signposted"))})

    async def _let_go(self, reference: str, accepted: Answer) -> None:
        """Where officers cannot close, the control room withdraws: else everybody's hands would soon be full."""
        force = (accepted.body.get("holder") or {}).get("force")
        path, who = f"/v1/reports/{reference}/withdrawal", f"control_room:{force}"
        self._count("withdraw", await self._ask(path, who, {"reason": "no_longer_wanted"}))

    async def _acknowledge(self, role: str, reference: str, draw: Random) -> None:
        await asyncio.sleep(draw.uniform(*self.manners.acknowledging))
        body = {"role": role.partition(":")[0], "outcome": "taken_on"}
        self._count("acknowledge", await self._ask(f"/v1/referrals/{reference}/acknowledge", role, body))

    async def _act(self, officer: str, reference: str, action: str, body: dict[str, Any]) -> Answer:
        if action in self._absent:
            return Answer(404)
        answer = await self._ask(f"/v1/referrals/{reference}/{action}", f"officer:{officer}", body)
        if answer.status in _UNKNOWN_PATH and action in _AFTERWARDS:
            # Their own referral is there, so it is the action that is not: no use in asking again.
            self._absent.add(action)
        self._count(action, answer)
        return answer

    async def _ask(self, path: str, who: str, body: dict[str, Any]) -> Answer:
        """Ask for something, to the end: a request that has begun is not dropped when its person goes home."""
        async with self._hands:
            task = asyncio.create_task(self.client.post(path, who, body))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            return await asyncio.shield(task)

    def _count(self, action: str, answer: Answer) -> None:
        outcome = "done" if answer.good else str(answer.status or "no answer")
        self.did[f"{action}: {outcome}"] += 1


def behaviour(manners: Manners, kind: str, draw: Random) -> Behaviour:
    """What somebody does about an offer; a reminder wakes half of the silent."""
    roll = draw.random() * (0.5 if kind == "task.reminder" else 1.0)
    if roll < manners.prompt:
        return "prompt"
    if roll < manners.prompt + manners.slow:
        return "slow"
    return "decline" if roll < manners.prompt + manners.slow + manners.decline else "silent"


def spoke(now: datetime, draw: Random) -> dict[str, Any]:
    """The body of a contact attempt in which the person was reached and an update promised."""
    return {
        "means": draw.choice(("call", "call", "email")),
        "at": now.isoformat(),
        "outcome": "spoke",
        "next_step": "update",
        "next_update_by": (now + timedelta(days=5)).isoformat(),
    }


@asynccontextmanager
async def crew(client: Client, manners: Manners, seed: int) -> AsyncIterator[Crew]:
    """People at work for the length of the block."""
    people = Crew(client, manners, seed)
    try:
        yield people
    finally:
        await people.stop()

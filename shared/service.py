"""What a service is made of, and what the platform gives it. Each service's `app.py` builds one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from shared.database import Database
from shared.fallback import Sheet
from shared.inbox import BATCH, Consumer
from shared.sealing import MasterKeys
from shared.settings import Settings

Loop = Callable[[], Awaitable[None]]
Check = Callable[[], Awaitable[bool]]


class Wake:
    """A named bell: a loop sleeps on it, a commit rings it, in this process and by NOTIFY in the others."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the sleeper, or let its next sleep end at once."""
        self._event.set()

    async def sleep(self, seconds: float) -> bool:
        """Sleep at most `seconds` (real time); True when rung before that."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._event.wait()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._event.clear()


@dataclass
class Platform:
    """What a service gets to build itself from."""

    settings: Settings
    database: Database
    keys: MasterKeys
    instance: str
    """Names this process in heartbeats and metrics; new at every start."""
    drills: bool = False
    """Whether this process sends exercise referrals by itself (`liaison run` adds no traffic of its own)."""
    bells: dict[str, Wake] = field(default_factory=dict)
    broker_reachable: Callable[[], bool] = lambda: True
    """Whether the relay's last send went through (or nothing has been sent for want of anything to send)."""
    caught_up: Callable[[str], bool] = lambda _topic: True
    """Whether this process has read a topic to the end it had when the service started."""

    def bell(self, name: str) -> Wake:
        """The bell of that name, the same for everybody who asks."""
        return self.bells.setdefault(name, Wake())


@dataclass(frozen=True)
class Subscription:
    """One consumer group on one set of topics. `door`: faults reach `apply` to be answered, not dead letters.

    `most` is how many events one transaction takes in.
    """

    name: str
    topics: tuple[str, ...]
    consumer: Consumer[Any]
    door: bool = False
    most: int = BATCH


@dataclass
class Service:
    """One service, ready to run: routes, subscriptions, loops (restarted with back-off), readiness, start-up steps."""

    name: str
    router: APIRouter
    subscriptions: list[Subscription] = field(default_factory=list)
    tasks: dict[str, Loop] = field(default_factory=dict)
    readiness: dict[str, Check] = field(default_factory=dict)
    on_start: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    on_stop: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    sheet: Sheet | None = None
    """Its section of the fallback sheet."""

"""Looks ahead on the roster: training that ends, roles nobody will staff. Each is told once, to the coordinator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.policies import Policies
from services.routing.roster_change import TOPIC
from services.routing.rotas import turns
from services.routing.rules.calendar import local_day
from services.routing.rules.roster.rota import Turn
from services.routing.rules.roster.warnings import (
    Warned,
    may_be_told,
    roles_unstaffed,
    staffed_roles,
    told,
    training_ends,
)
from services.routing.store import roster as store
from services.routing.store import roster_warnings as warnings
from services.routing.store.roster_warnings import Given
from shared.contracts.officers import RosterWarned
from shared.contracts.policy import PolicyDocument
from shared.database import Database, Unit, is_transient
from shared.journal import Outgoing
from shared.metrics import metrics
from shared.service import Wake
from shared.telemetry import get_logger

log = get_logger("roster_watch")

PAUSE = 5.0
"""Real seconds between looks at whether there is anything new."""
LOOK_AGAIN = timedelta(minutes=1)
"""Domain time after which even an unchanged roster is looked at again."""
KINDS = ("training", "role_unstaffed")

Rotas = Mapping[tuple[str, str], Sequence[Turn]]


@dataclass(frozen=True)
class Ahead:
    """What will be missing, and who staffs the roles meanwhile."""

    found: tuple[Warned, ...]
    rotas: Rotas


async def look_ahead(unit: Unit, policy: PolicyDocument, now: datetime) -> Ahead:
    """What will be missing on the roster as it stands at `now`. A roster that was never loaded misses nothing."""
    if await store.version(unit.connection) == 0:
        return Ahead((), {})
    today = local_day(now, policy.calendar.timezone)
    trained = await warnings.ending_soon(unit.connection, policy.matching.course, today)
    there = await turns(unit)
    rotas = {role: there.get(role, ()) for role in staffed_roles(policy)}
    found = (*training_ends(trained, policy.calendar, now), *roles_unstaffed(rotas, now))
    return Ahead(found, rotas)


@dataclass
class RosterWatch:
    """A loop in every replica; one of them has the turn."""

    database: Database
    policies: Policies
    bell: Wake
    _seen: tuple[int, datetime] | None = None

    async def run(self) -> None:
        """Look whenever the roster changes, and every minute of domain time, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database_away", service=self.database.name, reason=type(error).__name__)
            await self.bell.sleep(PAUSE)

    async def look(self) -> None:
        """Bring the warnings up to date, if it is our turn and there may be something new."""
        async with self.database.unit() as unit:
            version, now = await store.version(unit.connection), await unit.now()
            if self._seen is not None and self._seen[0] == version and now < self._seen[1] + LOOK_AGAIN:
                return
            if await warnings.elected(unit.connection):
                await self.policies.refresh(unit.connection)
                await self._bring_up_to_date(unit, now)
            self._count(await warnings.holding(unit.connection, KINDS))
        self._seen = (version, now)

    async def _bring_up_to_date(self, unit: Unit, now: datetime) -> None:
        policy = self.policies.at(now)
        ahead = await look_ahead(unit, policy, now)
        before = await warnings.holding(unit.connection, KINDS)
        due = {one: _given(one, before, now) for one in ahead.found}
        ready = [given for one, given in due.items() if given in before or may_be_told(one, policy.calendar, now)]
        over = [given for given in before if given not in due.values()]
        await warnings.end(unit.connection, over, now)
        new = await warnings.give(unit.connection, ready, now)
        holding = {(given.kind, given.subject) for given in ready}
        gone = dict.fromkeys(_key(given) for given in over if (given.kind, given.subject) not in holding)
        said = [Outgoing(TOPIC, key, None, now) for key in gone]
        said += [Outgoing(TOPIC, _key(given), _event(given, ahead.rotas, now), now) for given in new]
        await unit.append(said)

    def _count(self, holding: Sequence[Given]) -> None:
        for kind in KINDS:
            number = sum(given.kind == kind for given in holding)
            metrics().roster_warnings.labels(self.database.name, kind).set(number)


def _given(warned: Warned, before: Sequence[Given], now: datetime) -> Given:
    """The warning as it is kept. A gap that goes on is the same gap, whatever became of the lines before it."""
    going_on = (
        one.due for one in before if (one.kind, one.subject) == warned.key and one.due <= now and _missing(warned, now)
    )
    due = next(going_on, warned.due or now)
    return Given(warned.kind, warned.subject, due, warned.force)


def _missing(warned: Warned, now: datetime) -> bool:
    return warned.due is None or warned.due <= now


def _key(given: Given) -> str:
    return f"warning:{given.kind}:{given.subject}"


def _event(given: Given, rotas: Rotas, now: datetime) -> RosterWarned:
    role = told(given.force, rotas, now)
    return RosterWarned(role=role, kind=given.kind, subject=given.subject, due=given.due, at=now)

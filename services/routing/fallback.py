"""Routing's part of the fallback sheet: who is on duty and their numbers, which roles are staffed, what is open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.routing import views
from services.routing.officers import Officers
from services.routing.policies import Policies
from services.routing.reaching import turn
from services.routing.rules.matching.model import Candidate
from services.routing.rules.referral.state import OPEN, Referral
from services.routing.rules.roster.rota import in_force
from services.routing.rules.roster.rows import CONTROL_ROOM
from services.routing.store import referrals as store
from services.routing.store import roster
from services.routing.store.referrals import Page
from services.routing.store.tables import OfficerRow, RoleRow
from services.routing.wording import ROLES, class_words
from shared.addressees import open_address
from shared.database import Database, Unit
from shared.fallback import Section, Table
from shared.local_time import day_and_time
from shared.sealing import MasterKeys, SealBroken

_PEOPLE = "force = :force and role <> :webhook"

MOST = 200
"""Open referrals on one sheet: the longest open first, which is four pages."""


@dataclass(frozen=True)
class Sheet:
    """Writes the section of one force. It opens the numbers of those on duty, for this sheet alone."""

    database: Database
    policies: Policies
    keys: MasterKeys
    officers: Officers = field(default_factory=Officers)

    async def section(self, force: str) -> Section:
        """Who is on duty, who staffs which role, what is open."""
        async with self.database.unit() as unit:
            now = await unit.now()
            await self.policies.refresh(unit.connection)
            names = views.places(self.policies.at(now))
            on_duty = await self._on_duty(unit, force, now)
            means = {
                row.id: row.means
                for row in await roster.current(unit.connection, OfficerRow, "force = :force", force=force)
            }
            staffed = await roster.current(unit.connection, RoleRow, _PEOPLE, force=force, webhook=CONTROL_ROOM)
            found = await store.page(unit.connection, Page(force=force, states=tuple(sorted(OPEN)), limit=MOST))
        tables = (
            self._duty_table(on_duty, means, names, now),
            self._role_table(staffed, now),
            _open_table(found, now),
        )
        return Section("Officers, roles and referrals", now, tables)

    async def _on_duty(self, unit: Unit, force: str, now: datetime) -> list[Candidate]:
        policy = self.policies.at(now)
        pool = policy.pool_of(force)
        if pool is None:
            return []
        muster = await self.officers.muster(unit.connection, pool, policy, now)
        return [one for one in muster.standing.present if one.officer.force == force]

    def _duty_table(
        self, on_duty: Sequence[Candidate], means: Mapping[str, str], names: views.Places, now: datetime
    ) -> Table:
        rows = tuple(
            (
                f"{one.officer.title} {one.officer.id}".strip(),
                ", ".join(sorted(names.get(code, code) for code in one.officer.districts)),
                day_and_time(datetime.fromtimestamp(one.ends, now.tzinfo), now),
                self._numbers(one.officer.id, means.get(one.officer.id, "[]")),
            )
            for one in on_duty
        )
        columns = ("Officer", "Districts", "On duty until", "Ring")
        return Table("On duty or on call", columns, rows, "Nobody is on duty. Ring the roles below.")

    def _role_table(self, staffed: Sequence[Any], now: datetime) -> Table:
        present = list(_at_work(staffed, now))
        rows = tuple(
            (
                ROLES.get(row.role, row.role).removeprefix("the ").capitalize(),
                row.name,
                day_and_time(row.ends, now) if row.ends else "",
                self._numbers(f"{row.role}:{row.force}", row.means),
            )
            for row in sorted(present, key=lambda row: (row.role, row.name))
        )
        return Table("Roles now", ("Role", "Name", "Until", "Ring"), rows, "No role is staffed at this moment.")

    def _numbers(self, recipient: str, sealed: str) -> str:
        return ", ".join(self._opened(recipient, roster.json_of(sealed))) or "No number known"

    def _opened(self, recipient: str, means: Sequence[Mapping[str, str]]) -> Iterator[str]:
        for one in means:
            if one["kind"] not in {"phone", "email"}:
                continue
            try:
                yield open_address(self.keys, recipient, one["kind"], one["sealed"])
            except SealBroken:
                yield "a number that cannot be opened"


def _at_work(staffed: Sequence[Any], now: datetime) -> Iterator[Any]:
    """The rows of those who staff a role at this moment; what a supervisor set beats the file."""
    given = {row.id: row for row in staffed}
    for role in {row.role for row in staffed}:
        turns = in_force(turn(row) for row in staffed if row.role == role)
        yield from (given[one.row] for one in turns if one.starts <= now < one.ends)


def _open_table(found: Sequence[Referral], now: datetime) -> Table:
    rows = tuple(
        (
            referral.reference + (" EXERCISE" if referral.exercise else ""),
            class_words(referral.picture.response_class),
            views.owner(referral),
            views.state(referral),
            "" if referral.due is None else day_and_time(referral.due, now),
        )
        for referral in found
    )
    return Table(
        "Open referrals, oldest first", ("Reference", "Class", "Owner", "Where it stands", "Due"), rows, "None."
    )

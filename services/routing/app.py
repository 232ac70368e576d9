"""Routing, put together: the one place that knows all its parts."""

import asyncio

import sqlalchemy as sa
from fastapi import APIRouter

from services.routing.api.acting import Acting
from services.routing.api.reading import Reading
from services.routing.api.stream import Stream
from services.routing.api.team import Team
from services.routing.consumers.deliveries import Deliveries
from services.routing.consumers.duty import DutyFeed
from services.routing.consumers.reports import Reports
from services.routing.driver import Driver
from services.routing.officers import Officers
from services.routing.pages.desk import Pages
from services.routing.policies import Policies
from services.routing.roster import load_roster, read_folder
from services.routing.rules.roster.rows import RosterRefused
from services.routing.store.tables import SCHEMA
from services.routing.watching import Watch
from shared.database import Database
from shared.policy_file import load_policy
from shared.service import Platform, Service, Subscription
from shared.settings import SettingsError


def build(platform: Platform) -> Service:
    """The service on a platform."""
    policy = load_policy(platform.settings)
    policies, officers = Policies(platform.database), Officers()
    driver = Driver(platform.database, policies, platform.bell("driver"), officers)

    async def publish_policy() -> None:
        await policies.publish(policy)

    async def roster_is_published() -> bool:
        return await _published(platform.database)

    async def load_the_roster() -> None:
        await load_configured_roster(platform, policies)

    return Service(
        name="routing",
        router=_router(platform, policies, officers),
        subscriptions=[
            Subscription("reports", ("reports",), Reports(policies)),
            Subscription("deliveries", ("deliveries",), Deliveries(policies, officers)),
            Subscription("duty", tuple(f"duty.{force}" for force in policy.forces), DutyFeed(platform.keys), door=True),
        ],
        tasks={"driver": driver.run, "watch": Watch(platform.database).run},
        readiness={"roster_published": roster_is_published},
        on_start=[publish_policy, load_the_roster],
    )


def _router(platform: Platform, policies: Policies, officers: Officers) -> APIRouter:
    database = platform.database
    router = APIRouter()
    router.include_router(Reading(database).router())
    acting = Acting(database, policies, officers)
    router.include_router(acting.router())
    router.include_router(Team(database, policies, officers).router())
    router.include_router(Stream(database, platform.bell("board")).router())
    router.include_router(Pages(database, policies, acting, platform.settings).router())
    return router


async def load_configured_roster(platform: Platform, policies: Policies) -> None:
    """Load the folder of `ROSTER`, if one is set; SettingsError with the first bad line of a wrong one."""
    folder = platform.settings.roster
    if folder is None:
        return
    async with platform.database.unit() as unit:
        now = await unit.now()
    try:
        rows = await asyncio.to_thread(read_folder, folder, policies.at(now))
    except RosterRefused as refused:
        bad = refused.bad[0]
        raise SettingsError("ROSTER", f"{bad.file} line {bad.line} {bad.column}: {bad.reason}") from None
    await load_roster(platform.database, platform.keys, rows)


async def _published(database: Database) -> bool:
    """Whether every officer and policy written so far has reached its topic."""
    async with database.unit() as unit:
        found = await unit.connection.execute(
            sa.text(
                f"select not exists (select 1 from {SCHEMA}.journal "
                "where published_at is null and topic in ('officers', 'policy'))"
            )
        )
        return bool(found.scalar_one())

"""Routing, put together: the one place that knows all its parts."""

import asyncio

import sqlalchemy as sa
from fastapi import APIRouter

from services.routing.api.acting import Acting
from services.routing.api.coverage import CoverageApi
from services.routing.api.decisions import Decisions
from services.routing.api.deeds import Deeds
from services.routing.api.devices import Devices
from services.routing.api.placing import Placing
from services.routing.api.policies import PoliciesApi
from services.routing.api.reached import Reached
from services.routing.api.reading import Reading
from services.routing.api.stream import Stream
from services.routing.api.team import Team
from services.routing.api.working import Working
from services.routing.consumers.deliveries import Deliveries
from services.routing.consumers.duty import DutyFeed
from services.routing.consumers.reports import Reports
from services.routing.cover_notes import CoverNotes
from services.routing.coverage import Coverages
from services.routing.driver import Driver
from services.routing.fallback import Sheet
from services.routing.forgetting import Forgetting
from services.routing.hearing import Hearing
from services.routing.officers import Officers
from services.routing.pages.coverage import CoveragePage
from services.routing.pages.decisions import DecisionPages
from services.routing.pages.desk import Pages
from services.routing.pages.means import MeansPages
from services.routing.pages.placing import PlacingPages
from services.routing.pages.policy import PolicyPages
from services.routing.pages.referral import ReferralPages
from services.routing.pages.roster import RosterPages
from services.routing.policies import Policies, Proposals
from services.routing.roster import load_roster, read_folder
from services.routing.roster_watch import RosterWatch
from services.routing.rules.roster.rows import RosterRefused
from services.routing.store.tables import SCHEMA
from services.routing.watching import Watch
from shared.database import Database
from shared.policy_file import forces, load_policy
from shared.service import Platform, Service, Subscription
from shared.settings import SettingsError


def build(platform: Platform) -> Service:
    """The service on a platform."""
    policy = load_policy(platform.settings)
    policies, officers = Policies(platform.database), Officers()
    driver = Driver(platform.database, policies, platform.bell("driver"), officers)
    nights = Coverages(platform.database, policies)

    async def publish_policy() -> None:
        await policies.seed(policy)

    async def follow_policies() -> None:
        await policies.follow(platform.bell("policies"))

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
        tasks={
            "driver": driver.run,
            "watch": Watch(platform.database).run,
            "hearing": Hearing(platform).run,
            "pseudonyms": Forgetting(platform.database, policies).run,
            "policies": follow_policies,
            "roster_watch": RosterWatch(platform.database, policies, platform.bell("roster")).run,
            "cover_notes": CoverNotes(platform.database, policies, nights, platform.bell("cover_notes")).run,
        },
        readiness={"roster_published": roster_is_published},
        on_start=[publish_policy, load_the_roster],
        sheet=Sheet(platform.database, policies, platform.keys).section,
    )


def _router(platform: Platform, policies: Policies, officers: Officers) -> APIRouter:
    database = platform.database
    router = APIRouter()
    router.include_router(Reading(database).router())
    router.include_router(Decisions(database).router())
    acting = Acting(database, policies, officers)
    router.include_router(acting.router())
    placing = Placing(acting)
    router.include_router(placing.router())
    placing_pages = PlacingPages(placing)
    router.include_router(placing_pages.router())
    deeds = Deeds(acting)
    router.include_router(Working(deeds).router())
    router.include_router(Team(database, policies, officers, platform.keys).router())
    reached = Reached(database, platform.keys, platform.settings.webhook_networks())
    router.include_router(reached.router())
    push_key = platform.settings.push_key(platform.keys)
    router.include_router(Devices(database, platform.keys, push_key).router())
    router.include_router(Stream(database, platform.bell("board")).router())
    desk = Pages(database, policies, acting, platform.settings)
    # Before the tasks' own: theirs would take `means` for a reference.
    router.include_router(MeansPages(reached, desk).router())
    router.include_router(desk.router())
    router.include_router(ReferralPages(deeds, platform.settings, placing_pages).router())
    router.include_router(DecisionPages(database, platform.settings).router())
    router.include_router(RosterPages(database, policies, platform.keys, platform.settings).router())
    proposals = Proposals(policies, frozenset(forces(platform.settings)))
    router.include_router(PoliciesApi(database, proposals).router())
    router.include_router(PolicyPages(database, proposals, platform.settings).router())
    coverages = Coverages(database, policies)
    router.include_router(CoverageApi(coverages).router())
    router.include_router(CoveragePage(coverages, platform.settings).router())
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

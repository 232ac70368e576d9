"""Intake, put together: the one place that knows all its parts."""

import asyncio

from fastapi import APIRouter

from services.intake.alarms import BreakGlass
from services.intake.api import ReportsIn
from services.intake.consumers import Door, Inside
from services.intake.drills import Drills
from services.intake.fallback import Sheet
from services.intake.forgetting import Forgetting
from services.intake.marking import Marking
from services.intake.pages import Pages
from services.intake.policies import Policies
from services.intake.reading import ReportsOut
from services.intake.reception import Reception
from services.intake.submissions import Counter
from services.intake.vault import Vault
from services.intake.watching import Watch
from shared.gazetteer import Gazetteer
from shared.policy_file import forces, load_policy
from shared.service import Loop, Platform, Service, Subscription


def build(platform: Platform) -> Service:
    """The service on a platform."""
    gazetteer = Gazetteer()
    policies = Policies(platform.database, load_policy(platform.settings), platform.bell("policies"))
    reception = Reception(policies, gazetteer, Vault(platform.keys), Marking(platform.keys))
    counter = Counter(platform.database, reception)
    watch = Watch(platform, policies)
    router = APIRouter()
    router.include_router(ReportsIn(platform, reception, counter).router())
    router.include_router(ReportsOut(platform, policies).router())
    router.include_router(Pages(platform, policies).router())

    async def open_gazetteer() -> None:
        await asyncio.to_thread(gazetteer.open)

    inbound = tuple(f"inbound.{force}" for force in forces(platform.settings))
    return Service(
        name="intake",
        router=router,
        subscriptions=[
            Subscription("door", inbound, Door(reception), door=True),
            Subscription("inside", ("referrals", "access", "policy"), Inside(policies)),
        ],
        tasks=_tasks(platform, watch, Drills(platform, policies, reception, counter))
        | {"policies": policies.follow}
        | {"pseudonyms": Forgetting(platform.database, policies).run},
        on_start=[open_gazetteer, policies.reload],
        sheet=Sheet(platform.database).section,
    )


def _tasks(platform: Platform, watch: Watch, drills: Drills) -> dict[str, Loop]:
    tasks: dict[str, Loop] = {
        "holds": watch.holds,
        "heartbeats": watch.heartbeats,
        "alarms": BreakGlass(platform).run,
    }
    return tasks | ({"drills": drills.run} if platform.drills else {})

"""One more process of routing on the same database: connections, memory and queue of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
from fastapi import FastAPI

from services.routing.app import build
from services.routing.driver import Driver
from services.routing.officers import Officers
from services.routing.policies import Policies
from shared.database import Database, engine_for
from shared.runtime import readers_of
from shared.service import Platform, Wake
from shared.settings import load_settings
from shared.web import install
from tests.stories.routing_house import House


@asynccontextmanager
async def another_replica(house: House, url: str) -> AsyncIterator[House]:
    """The same house seen through another process; its clock is the first one's."""
    database = Database("routing", engine_for(url), house.clock)  # type: ignore[arg-type]
    platform = Platform(load_settings(env_file=None, host="127.0.0.1"), database, house.keys, instance="two")
    service = build(platform)
    app = FastAPI()
    app.state.keys = house.keys
    install(app)
    app.include_router(service.router)
    consuming = {topic: reader.consuming for reader in readers_of(service, platform) for topic in reader.topics}
    driver = Driver(database, Policies(database), Wake(), Officers())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://two.test") as people:
        yield replace(house, database=database, service=service, driver=driver, people=people, consuming=consuming)
    await database.close()

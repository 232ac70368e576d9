"""The HTTP side of a process: every service's routes on one port, and what all of them have in common."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from shared.demo import demo_routes
from shared.described import described
from shared.errors import NotFound
from shared.metrics import exposition
from shared.runtime import Running
from shared.settings import Settings
from shared.web import install

ASSETS = Path(__file__).resolve().parent.parent / "assets"
STATIC = Path(__file__).resolve().parent / "static"
VERSION = "0.1.0"


class Files(StaticFiles):
    """Files that hold nothing about anybody: a browser keeps them, and asks after a while whether they changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, with how long it may be kept."""
        response = super().file_response(*args, **kwargs)
        response.headers.setdefault("cache-control", "public, max-age=600")
        return response


def create_app(started: Sequence[Running], settings: Settings) -> FastAPI:
    """The app of this process: the routes of the services in `started`, health, metrics, documents, demo sign-in."""
    app = FastAPI(title="Liaison", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.keys = settings.keys()
    install(app)
    for one in started:
        app.include_router(one.service.router)
    for fallback in {id(one.fallback): one.fallback for one in started if one.fallback is not None}.values():
        app.include_router(fallback.router())
    if settings.auth == "demo":
        app.include_router(demo_routes(settings))
    _health(app, started)
    _documents(app, started)
    app.mount("/static", Files(directory=STATIC), name="static")
    if ASSETS.is_dir():
        app.mount("/assets", Files(directory=ASSETS), name="assets")
    return app


def _health(app: FastAPI, started: Sequence[Running]) -> None:
    async def live() -> Response:
        alive = all(one.live() for one in started)
        return JSONResponse({"live": alive}, 200 if alive else 503)

    async def ready() -> Response:
        checks: dict[str, dict[str, bool]] = {}
        for one in started:
            try:
                checks[one.service.name] = await one.ready()
            except Exception:
                checks[one.service.name] = {"database": False}
        good = all(all(found.values()) for found in checks.values())
        return JSONResponse({"ready": good, "checks": checks}, 200 if good else 503)

    async def figures() -> Response:
        body, kind = exposition()
        return Response(body, media_type=kind)

    app.add_api_route("/health/live", live, include_in_schema=False)
    app.add_api_route("/health/ready", ready, include_in_schema=False)
    app.add_api_route("/metrics", figures, include_in_schema=False)


def openapi_of(service: str, router: APIRouter) -> dict[str, Any]:
    """One service's OpenAPI document."""
    title = f"Liaison {service}"
    document = get_openapi(title=title, version=VERSION, routes=router.routes, openapi_version="3.1.0")
    return described(document, router.routes)


_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Documents</title>
<link rel="stylesheet" href="/assets/swagger-ui/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/assets/swagger-ui/swagger-ui-bundle.js"></script><script src="/static/docs.js"></script></body></html>
"""


def _documents(app: FastAPI, started: Sequence[Running]) -> None:
    documents = {one.service.name: openapi_of(one.service.name, one.service.router) for one in started}

    async def page(service: str) -> Response:
        if service not in documents:
            raise NotFound
        return HTMLResponse(_DOCS)

    async def document(service: str) -> Response:
        if service not in documents:
            raise NotFound
        return JSONResponse(documents[service])

    app.add_api_route("/docs/{service}", page, include_in_schema=False)
    app.add_api_route("/docs/{service}/openapi.json", document, include_in_schema=False)


@asynccontextmanager
async def serving(app: FastAPI, host: str, port: int) -> AsyncIterator[int]:
    """The app served on `host:port` for the length of the block; gives the port (0 asks for a free one)."""
    listener = socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512
    )
    config = uvicorn.Config(
        app, log_config=None, access_log=False, http="httptools", lifespan="off", timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    # The process decides when everything stops, and in which order: uvicorn's own signal handling stays out of it.
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()

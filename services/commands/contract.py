"""`liaison contract`: the documents that other programs are written against."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from fastapi import APIRouter

from services.commands.assembly import build_of
from services.commands.rehearse import rehearse
from shared.clock import Clock
from shared.contracts import documents
from shared.contracts.policy_schema import policy_schema
from shared.database import Database, engine_for
from shared.server import openapi_of
from shared.service import Platform
from shared.settings import SERVICES, load_settings

app = typer.Typer(help="The contract as documents: events, HTTP, schemas; and rehearsed.", no_args_is_help=True)
app.command("rehearse")(rehearse)


@app.command("asyncapi")
def asyncapi() -> None:
    """Print the AsyncAPI 3.0 document of every topic."""
    _print(documents.asyncapi())


@app.command("schemas")
def schemas() -> None:
    """Print the JSON Schema of every event, by its CloudEvents type, and that of a policy document."""
    _print({**documents.schemas(), "policy/document": policy_schema()})


@app.command("openapi")
def openapi(
    service: Annotated[str, typer.Argument(help="intake, routing or notify; all of them when left out.")] = "",
) -> None:
    """Print the OpenAPI 3.1 document of one service, or of all three."""
    if service:
        _print(openapi_of(service, router_of(service)))
    else:
        _print({name: openapi_of(name, router_of(name)) for name in SERVICES})


def router_of(service: str) -> APIRouter:
    """A service's routes, built without connecting to anything."""
    settings = load_settings()
    engine = engine_for("postgresql+asyncpg://nobody@localhost/nothing", pool=1)
    database = Database(service, engine, Clock(datetime(1970, 1, 1, tzinfo=UTC)))
    return build_of(service)(Platform(settings, database, settings.keys(), "documents")).router


def _print(document: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())

"""Pages: Jinja templates of the service that owns the page, on one shared layout."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared import local_time

_ROOT = Path(__file__).resolve().parent.parent


@cache
def _environment() -> Environment:
    folders = [_ROOT / "shared" / "templates", *sorted(_ROOT.glob("services/*/templates"))]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (local_time.clock_time, local_time.day_and_time, local_time.written_out, local_time.to_go):
        environment.filters[function.__name__] = function
    return environment


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """A page's text. A value the template needs and does not get is an error, not an empty place."""
    return _environment().get_template(template).render(values)


def render(template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A page as an answer."""
    return HTMLResponse(rendered(template, values), status)

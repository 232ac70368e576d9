"""The sheet to work from when Liaison does not: who is on duty, what is open, numbers to ring (design §4).

Each service gives its own section for each force. They are read every five minutes, kept in memory, so that
`/fallback` answers with PostgreSQL and Kafka away, and written to `DATA_DIR/fallback/<force>.html` for a printer.
The sheet holds officers' numbers and nothing about the people they help.
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Response

from shared.errors import Forbidden, Unavailable
from shared.identity import allow
from shared.page_route import PageRoute
from shared.pages import render, rendered
from shared.telemetry import get_logger
from shared.web import SignedIn

log = get_logger("fallback")

EVERY_SECONDS = 300.0
SOON_SECONDS = 20.0
"""After a failure, and until every service has given its first section."""
STYLE = Path(__file__).resolve().parent / "static" / "fallback.css"


@dataclass(frozen=True)
class Table:
    """Rows under a heading; `nothing` is what stands there when there are none."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nothing: str


@dataclass(frozen=True)
class Section:
    """What one service knows, as of a moment (domain time). `stale`: it could not be read since."""

    title: str
    as_of: datetime
    tables: tuple[Table, ...]
    stale: bool = False


Sheet = Callable[[str], Awaitable[Section]]
"""A service's section for a force, by its code."""


@dataclass
class Fallback:
    """The sheets of this process: a section from each of its services, for each force."""

    sheets: Mapping[str, Sheet]
    forces: Mapping[str, str]
    """Names of the forces, by code."""
    folder: Path
    _sections: dict[tuple[str, str], Section] = field(default_factory=dict)

    async def run(self) -> None:
        """Read and write until cancelled."""
        while True:
            good = await self.renew()
            await asyncio.sleep(EVERY_SECONDS if good else SOON_SECONDS)

    async def renew(self) -> bool:
        """Read every section once and write the sheets; False where a section could not be read."""
        good = True
        for force in self.forces:
            for service, sheet in self.sheets.items():
                good = await self._read(force, service, sheet) and good
            await asyncio.to_thread(self._write, force)
        return good

    async def _read(self, force: str, service: str, sheet: Sheet) -> bool:
        try:
            self._sections[force, service] = await sheet(force)
        except Exception as error:
            # An old sheet that says so is worth more than none, whatever stands in the way of a new one.
            log.warning("sheet_not_renewed", service=service, force=force, reason=type(error).__name__)
            if (known := self._sections.get((force, service))) is not None:
                self._sections[force, service] = replace(known, stale=True)
            return False
        return True

    def sections(self, force: str) -> Sequence[Section]:
        """What is known of a force, in the order of the services; empty where nothing was ever read."""
        return [found for service in self.sheets if (found := self._sections.get((force, service))) is not None]

    def _write(self, force: str) -> None:
        sections = self.sections(force)
        if not sections:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._replace("fallback.css", STYLE.read_text(encoding="utf-8"))
        self._replace(f"{force}.html", rendered("fallback.html", self._values(force, sections, "fallback.css")))

    def _replace(self, name: str, text: str) -> None:
        """Write a file that only its owner reads, so that nobody ever prints half of it."""
        descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(self.folder / name)

    def _values(self, force: str, sections: Sequence[Section], style: str) -> dict[str, object]:
        return {"force_name": self.forces.get(force, force), "sections": sections, "style": style}

    def router(self) -> APIRouter:
        """`/fallback`: the sheet of one's own force, from memory."""
        router = APIRouter(route_class=PageRoute, include_in_schema=False)
        router.add_api_route("/fallback", self.page, methods=["GET"])
        return router

    async def page(self, principal: SignedIn) -> Response:
        """The sheet of the reader's force; 503 until the first one was read."""
        allow(principal, "fallback.read")
        force = principal.force or ""
        if force not in self.forces:
            raise Forbidden
        sections = self.sections(force)
        if not sections:
            raise Unavailable
        return render("fallback.html", self._values(force, sections, "/static/fallback.css"))

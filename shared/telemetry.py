"""What a running service says about itself: log lines, and the trace an event belongs to.

A log line must never tell who a person is or why they need somebody, and lines come from code we did not
write, too. So nothing is filtered by what it looks like; things are let through by what they are:

* **Fields** are an allow-list (`FIELDS`). Any other is dropped and counted, so that a field added in haste
  shows as `liaison_log_fields_dropped_total`, not as a leak. Our own `event` texts are constants (a test
  reads the source for that).
* **Exceptions** give their class, the classes they came from, an SQL state and the places in our code. Their
  message is never written: drivers and validators quote data in it.
* **Other people's lines** (aiokafka, faststream, uvicorn, sqlalchemy, alembic, asyncio …) give the template
  that stands literally in their source, with numbers filled in, exceptions as their class and every other
  argument as `…`. A template that cannot be found there was formatted beforehand and may hold anything: it is
  withheld, and the line says only which source line it was.
* The same line over and over (a broker away makes thousands a minute) is written three times a minute; the
  first of the next minute says how many were left out.
"""

import linecache
import logging
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import Any, TextIO
from uuid import UUID

import structlog

from shared.metrics import metrics

__all__ = [
    "ForeignLines",
    "child_traceparent",
    "configure_logging",
    "current_traceparent",
    "facts_of",
    "foreign_text",
    "get_logger",
    "metrics",
    "new_traceparent",
    "tracing",
]

_FIELDS = """
    timestamp level module event service instance task repeated trace_id
    topic partition offset group subscription ce_type event_id journal_id sequence schema revision
    reference referral_id offer_id notice_id force pool state step response_class means role
    count rows seconds lag attempt batch size limit port pid brokers partitions version speed
    code reason fields status method route error caused_by sqlstate where signal mode address kafka database
"""
FIELDS = frozenset(_FIELDS.split())
"""Names of our own parts, public or random ids, figures, codes and class names; never sentences or people."""

_LENGTH = 200
_ROOT = Path(__file__).parents[1]
_OWN_FOLDERS = frozenset({"services", "shared", "tests"})
_PLACE = re.compile(r"%(?:\((?P<name>\w+)\))?[-#0 +]*(?:\d+|\*)?(?:\.\d+)?(?P<kind>[a-zA-Z%])")
_SPLIT_TEXT = re.compile(r"""["']\s*\n\s*[rRuU]?["']""")


# ── log lines ────────────────────────────────────────────────────────────────────────────────────────────


def configure_logging(service: str, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every line of this process to `stream` (stderr): JSON, or columns where a person is watching.

    Other people's loggers pass from WARNING up. Safe to call again; the last call counts.
    """
    out = stream or sys.stderr
    renderer = structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            _add(service),
            _exception_as_facts,
            _let_through,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Standard error as it is when the line is written: whoever replaced it may have closed what was there before.
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.root.handlers[:] = [ForeignLines()]
    logging.root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream", "faststream.access.kafka"):
        foreign = logging.getLogger(name)
        foreign.handlers.clear()
        foreign.propagate = name != "uvicorn.access"


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module: `log.info("what happened", topic=…, count=…)`, the text a constant."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


Line = MutableMapping[str, Any]


def _add(service: str) -> Callable[[Any, str, Line], Line]:
    def add(_logger: Any, _method: str, line: Line) -> Line:
        line.setdefault("service", service)
        if trace := current_traceparent():
            line["trace_id"] = trace[3:35]
        return line

    return add


def _exception_as_facts(_logger: Any, _method: str, line: Line) -> Line:
    given = line.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if isinstance(given, tuple):
        error = given[1]
    if error is not None:
        line.update(facts_of(error))
    return line


def facts_of(error: BaseException) -> dict[str, Any]:
    """What may be written of an exception: class, classes behind it, SQL state, places in our own code."""
    chain = list(_causes(error))
    sqlstate = next((state for link in chain if (state := getattr(link, "sqlstate", None))), None)
    facts = {
        "error": type(error).__name__,
        "caused_by": [type(link).__name__ for link in chain[1:]],
        "sqlstate": sqlstate,
        "where": [place for link in reversed(chain) for place in _places(link)][-6:],
    }
    return {name: fact for name, fact in facts.items() if fact}


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        link = queue.pop(0)
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            yield link
            queue += [getattr(link, "orig", None), link.__cause__, link.__context__]
            queue += link.exceptions if isinstance(link, BaseExceptionGroup) else ()


def _places(error: BaseException) -> Iterator[str]:
    for frame in extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _OWN_FOLDERS:
            yield f"{path.relative_to(_ROOT)}:{frame.lineno} {frame.name}"


def _let_through(_logger: Any, _method: str, line: Line) -> Line:
    kept: Line = {}
    for name, value in line.items():
        plain = _plain(value) if name in FIELDS else None
        if plain is not None:
            kept[name] = plain
        elif value is not None:
            metrics().log_fields_dropped.inc()
    return kept


def _plain(value: Any) -> Any:
    """`value` as it may stand in a line; None for what has no plain form."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)[:_LENGTH]
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in list(value)[:20]]
    return None


class ForeignLines(logging.Handler):
    """Passes on what other libraries log, reduced to what is certain to hold no data."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._repeats = Repeats(clock)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, unless it has been written often enough."""
        left_out = self._repeats.left_out((record.name, record.pathname, record.lineno, record.levelno))
        if left_out is None:
            return
        facts: dict[str, Any] = {"repeated": left_out} if left_out else {}
        if record.exc_info and record.exc_info[1] is not None:
            facts["exc_info"] = record.exc_info[1]
        get_logger(record.name).log(record.levelno, foreign_text(record), **facts)


def foreign_text(record: logging.LogRecord) -> str:
    """The text of another library's line: its literal template with numbers filled in, or where it was."""
    template = str(record.msg)
    if not _stands_in_source(record.pathname, record.lineno, template):
        return f"withheld: {record.module}.{record.funcName}:{record.lineno}"
    return _fill(template, record.args or ())


@lru_cache(maxsize=1024)
def _stands_in_source(path: str, line: int, text: str) -> bool:
    source = _SPLIT_TEXT.sub("", "".join(linecache.getlines(path)[line - 1 : line + 15]))
    return bool(text) and (text in source or text.encode("unicode_escape").decode() in source)


def _fill(template: str, arguments: tuple[Any, ...] | Mapping[str, Any]) -> str:
    named = arguments if isinstance(arguments, Mapping) else {}
    rest = iter(() if isinstance(arguments, Mapping) else arguments)

    def show(place: re.Match[str]) -> str:
        if place["kind"] == "%":
            return "%"
        value = named.get(place["name"]) if place["name"] else next(rest, None)
        if isinstance(value, int | float):
            return str(value)
        return type(value).__name__ if isinstance(value, BaseException) else "…"

    return _PLACE.sub(show, template)


class Repeats:
    """Counts identical lines: three in `window` seconds pass, the rest are counted and left out."""

    def __init__(self, clock: Callable[[], float], *, limit: int = 3, window: float = 60) -> None:
        self._clock, self._limit, self._window = clock, limit, window
        self._seen: dict[object, tuple[float, int]] = {}

    def left_out(self, key: object) -> int | None:
        """None: leave this one out. Else: write it; the number says how many were left out before it."""
        now = self._clock()
        since, count = self._seen.get(key, (now, 0))
        before = 0
        if now - since >= self._window:
            since, count, before = now, 0, max(0, count - self._limit)
        self._seen[key] = (since, count + 1)
        return before if count < self._limit else None


# ── traces (W3C trace context) ───────────────────────────────────────────────────────────────────────────

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def new_traceparent() -> str:
    """A `traceparent` that begins a trace: random, so it says nothing about whom or what it is for."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_traceparent(parent: str | None) -> str:
    """The next step of `parent`'s trace; a new trace where there is none or it is not a traceparent."""
    match = _TRACEPARENT.fullmatch(parent or "")
    return f"00-{match[1]}-{secrets.token_hex(8)}-01" if match else new_traceparent()


def current_traceparent() -> str | None:
    """The step this task is in; None outside any."""
    return _current.get()


@contextmanager
def tracing(parent: str | None = None) -> Iterator[str]:
    """Run a block as the next step of `parent`'s trace (None: a new one); gives its traceparent."""
    step = child_traceparent(parent)
    token = _current.set(step)
    try:
        yield step
    finally:
        _current.reset(token)

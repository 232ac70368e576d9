"""Nothing tells, beside messages: titles of pages and refusals, addresses, log lines and figures, in the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import Refusal
from shared.metrics import metrics
from shared.settings import SERVICES
from shared.telemetry import FIELDS
from tests.offsets import built
from tests.telling import WHY, telling

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("services", "shared") for path in (ROOT / top).rglob("*.py"))
PAGES = sorted(path for top in ("services", "shared") for path in (ROOT / top).rglob("templates/*.html"))
_TITLE = re.compile(r"{% block title %}(.*?){% endblock %}|<title>(.*?)</title>", re.DOTALL)
_NAMED = re.compile(r"{{\s*(.*?)\s*}}")
IN_TITLES = {"reference", "row.name", "title"}
"""All that a title may fill in: a reference, a policy's version, a refusal's own title."""
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def titles(page: Path) -> list[str]:
    return [own or whole for own, whole in _TITLE.findall(page.read_text())]


def test_every_page_has_a_title() -> None:
    drawn = [page for page in PAGES if "{% extends" in page.read_text() or "<title>" in page.read_text()]
    assert len(drawn) > 10
    assert [page.name for page in drawn if not titles(page)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_no_title_of_a_page_tells_nor_fills_in_what_might(page: Path) -> None:
    for title in titles(page):
        assert set(_NAMED.findall(title)) <= IN_TITLES
        assert not list(telling(_NAMED.sub("", title), WHY)), title


@pytest.mark.parametrize("service", SERVICES)
def test_no_address_of_a_service_tells(service: str) -> None:
    paths = [str(getattr(route, "path", "")) for route in built(service).router.routes]
    assert paths
    for path in paths:
        assert not list(telling(path.replace("/", " "), WHY)), path


def refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield kind
    for below in kind.__subclasses__():
        yield from refusals(below)


def test_no_title_nor_code_of_a_refusal_tells() -> None:
    built("intake"), built("routing"), built("notify")
    for kind in refusals():
        assert not list(telling(f"{kind.default_title} {kind.default_code}", WHY)), kind
    for title in constants("title"):
        assert not list(telling(title, WHY)), title


def test_no_log_line_tells_nor_says_more_than_a_constant() -> None:
    events = list(logged())
    assert len(events) > 30
    for where, event in events:
        assert event is not None, f"{where}: the text of a log line is a constant"
        assert not list(telling(event, WHY)), (where, event)
    assert not list(telling(" ".join(FIELDS), WHY))


def test_no_name_nor_label_of_a_figure_tells() -> None:
    figures = list(vars(metrics()).values())
    assert len(figures) > 20
    for figure in figures:
        names = (figure._name, *figure._labelnames, figure._documentation)
        assert not list(telling(" ".join(names), WHY)), names


def trees() -> Iterator[tuple[Path, ast.AST]]:
    for path in SOURCES:
        if not {"simulation", "rehearsal"} & set(path.parts):
            yield path, ast.parse(path.read_text())


def logged() -> Iterator[tuple[str, str | None]]:
    """Every log line of ours: where it is written, and its text where that is a constant."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS:
                if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "log"):
                    continue
                said = node.args[0]
                for one in (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,):
                    text = one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else None
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def constants(keyword: str) -> Iterator[str]:
    """Every constant text given under a keyword."""
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == keyword and isinstance(node.value, ast.Constant):
                yield str(node.value.value)

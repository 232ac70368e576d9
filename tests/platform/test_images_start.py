"""Each image holds shared/ and one service: the command line must start with the packages of that one alone."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported_at_start(path: Path) -> set[str]:
    """Modules a file imports when it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def extras() -> set[str]:
    """Packages that only some images have, by the names they are imported by."""
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {line.split(">")[0].split("=")[0].strip().replace("-", "_") for lines in written.values() for line in lines}
    return names


LATE = frozenset({"coverage_report.py", "roster.py"})
"""Modules of commands that are themselves imported late, where routing is at hand."""


def test_the_command_line_imports_nothing_that_some_image_lacks() -> None:
    files = [path for path in (ROOT / "services" / "commands").glob("*.py") if path.name not in LATE]
    for path in (*files, ROOT / "services" / "__main__.py"):
        for module in imported_at_start(path):
            head, _, rest = module.partition(".")
            assert head not in extras(), f"{path.name} imports {module}"
            if head == "services":
                assert rest.partition(".")[0] == "commands", f"{path.name} imports {module}"


def test_what_the_services_share_needs_no_services_extra() -> None:
    for path in (ROOT / "shared").rglob("*.py"):
        assert not {module.partition(".")[0] for module in imported_at_start(path)} & extras(), path.name

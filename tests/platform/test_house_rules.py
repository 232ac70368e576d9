"""The house rules of CONTRIBUTING.md, read from the source itself."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("services", "shared", "tests", "deploy")
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}
MAY_IN_RULES = {"pydantic", "shared.contracts", "shared.identifiers"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    long = {short(path): lines for path in sources(*OURS) if (lines := len(path.read_text().splitlines())) > 300}
    assert long == {}


def test_no_function_is_longer_than_forty_lines_or_takes_more_than_five_arguments() -> None:
    offenders = [
        f"{short(path)}:{function.lineno} {function.name}"
        for path in sources("services", "shared", "deploy")
        for function in functions(path)
        if _lines(function) > 40 or _parameters(function) > 5
    ]
    assert offenders == []


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _parameters(function: Function) -> int:
    """Parameters a caller minds: not self or cls, nor those the framework reads off a route or command."""
    if any(_is_declared(argument) for argument in [*function.args.args, *function.args.kwonlyargs]):
        return 0
    names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    return len([name for name in names if name not in {"self", "cls"}])


def _is_declared(argument: ast.arg) -> bool:
    return argument.annotation is not None and "Annotated" in ast.unparse(argument.annotation)


def test_no_module_is_a_junk_drawer() -> None:
    assert [short(path) for path in sources(*OURS) if path.stem in JUNK_DRAWERS] == []


def test_rules_import_the_standard_library_pydantic_and_contracts_alone() -> None:
    offenders = [
        f"{short(path)}: {name}"
        for path in sources("services")
        if "rules" in path.parts
        for name in _imports(path)
        if not _may_be_imported(name, path)
    ]
    assert offenders == []


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _may_be_imported(name: str, importer: Path) -> bool:
    own = ".".join(importer.relative_to(ROOT).parts[:3])
    allowed = MAY_IN_RULES | {own}
    return name.partition(".")[0] in sys.stdlib_module_names or any(
        name == prefix or name.startswith(f"{prefix}.") for prefix in allowed
    )


def test_rules_ask_no_clock_and_throw_no_dice() -> None:
    asked = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic)|uuid[47]\(|random\.)")
    offenders = [
        f"{short(path)}:{number}"
        for path in sources("services")
        if "rules" in path.parts
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if asked.search(line)
    ]
    assert offenders == []


def test_only_the_kernel_speaks_to_kafka() -> None:
    """A handler that publishes writes twice; a bare subscriber loses messages by the library's defaults."""
    offenders = [
        f"{short(path)}: {name}"
        for path in sources("services/intake", "services/routing", "services/notify")
        for name in _imports(path)
        if name.partition(".")[0] in {"aiokafka", "faststream", "confluent_kafka"}
    ]
    assert offenders == []


def test_nothing_is_built_when_a_module_is_imported() -> None:
    """Three services share a process, and tests need none of the environment."""
    builders = {"Settings", "load_settings", "create_async_engine", "engine_for", "KafkaBroker", "FastAPI"}
    offenders = [
        f"{short(path)}:{node.lineno}"
        for path in sources("services", "shared")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Name) and node.value.func.id in builders
    ]
    assert offenders == []


@pytest.mark.parametrize("forbidden", [r"/(root|home|Users)/[a-z]", r"/tmp/[a-z]+/", r"/work/"])
def test_nothing_names_the_machine_it_was_written_on(forbidden: str) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    offenders = [
        name
        for name in listed.stdout.splitlines()
        if name.endswith((".py", ".toml", ".yml", ".yaml", ".md", ".cfg", ".sh", "Makefile", "Dockerfile", "run"))
        and (ROOT / name).is_file()
        and name != short(Path(__file__))
        and re.search(forbidden, (ROOT / name).read_text(errors="replace"))
    ]
    assert offenders == []


def test_the_imports_are_as_agreed() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

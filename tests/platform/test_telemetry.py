"""Log lines hold nothing about anybody, whoever wrote them."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from shared.metrics import exposition, metrics
from shared.telemetry import (
    ForeignLines,
    child_traceparent,
    configure_logging,
    current_traceparent,
    get_logger,
    new_traceparent,
    tracing,
)

ROOT = Path(__file__).parents[2]
WHO = "Mrs Premise of Acacia Road"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a process writes, from here on."""
    before, level = list(logging.root.handlers), logging.root.level
    out = io.StringIO()
    configure_logging("intake", stream=out)
    yield out
    logging.root.handlers[:] = before
    logging.root.setLevel(level)
    structlog.reset_defaults()


def last(lines: io.StringIO) -> dict[str, object]:
    found: dict[str, object] = json.loads(lines.getvalue().splitlines()[-1])
    return found


def test_a_field_that_is_not_on_the_list_is_dropped_and_counted(lines: io.StringIO) -> None:
    before = metrics().log_fields_dropped._value.get()
    get_logger("parlour").info("budgie deceased", topic="reports", who=WHO, phone="07700 900123")
    assert last(lines)["topic"] == "reports"
    assert WHO not in lines.getvalue()
    assert "07700" not in lines.getvalue()
    assert metrics().log_fields_dropped._value.get() == before + 2


def test_a_value_with_no_plain_form_is_dropped_even_under_a_good_name(lines: io.StringIO) -> None:
    get_logger("parlour").info("budgie deceased", reason={"who": WHO})
    assert WHO not in lines.getvalue()


def test_an_exception_tells_its_class_and_place_and_never_its_message(lines: io.StringIO) -> None:
    try:
        try:
            raise ValueError(WHO)
        except ValueError as error:
            raise KeyError(WHO) from error
    except KeyError:
        get_logger("parlour").exception("it fell off its perch")
    line = last(lines)
    assert WHO not in lines.getvalue()
    assert line["error"] == "KeyError"
    assert line["caused_by"] == ["ValueError"]
    assert "tests/platform/test_telemetry.py" in str(line["where"])


def test_an_sql_state_is_kept(lines: io.StringIO) -> None:
    class NotNullViolation(Exception):
        sqlstate = "23502"

    get_logger("parlour").warning("not written", exc_info=NotNullViolation(f"Failing row contains ({WHO})"))
    assert last(lines)["sqlstate"] == "23502"
    assert WHO not in lines.getvalue()


def test_another_librarys_line_is_its_template_with_numbers_and_classes_alone(lines: io.StringIO) -> None:
    library = logging.getLogger("aiokafka.consumer")
    library.warning("Fetch of %s from node %d failed after %.1f s: %s", WHO, 3, 1.5, OSError(WHO))
    assert last(lines)["event"] == "Fetch of … from node 3 failed after 1.5 s: OSError"
    library.warning("Heartbeat of %(member)s late by %(seconds)d %%", {"member": WHO, "seconds": 2})
    assert last(lines)["event"] == "Heartbeat of … late by 2 %"
    assert WHO not in lines.getvalue()


def test_another_librarys_line_formatted_beforehand_is_withheld(lines: io.StringIO) -> None:
    logging.getLogger("sqlalchemy.pool").error(f"statement of {WHO} failed")
    assert str(last(lines)["event"]).startswith("withheld: test_telemetry.")
    logging.getLogger("sqlalchemy.pool").error(
        "a text in its source "  # and this would break a check of single lines
        "over two lines"
    )
    assert WHO not in lines.getvalue()


def test_a_plain_line_of_another_library_stays_readable(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("Waiting for connections to close.")
    assert last(lines)["event"] == "Waiting for connections to close."
    assert last(lines)["module"] == "uvicorn.error"


def test_the_same_line_over_and_over_is_written_three_times_a_minute_and_counted(lines: io.StringIO) -> None:
    clock = [0.0]
    library = logging.getLogger("aiokafka.flapping")
    library.handlers[:], library.propagate = [ForeignLines(lambda: clock[0])], False
    for second in range(50):
        clock[0] = second
        complain(library)
    assert len(lines.getvalue().splitlines()) == 3
    clock[0] = 61
    complain(library)
    assert last(lines)["repeated"] == 47
    assert len(lines.getvalue().splitlines()) == 4


def complain(library: logging.Logger) -> None:
    library.error("Unable to connect to node %s", "the castle")


def test_a_line_carries_the_trace_of_the_event_it_is_about(lines: io.StringIO) -> None:
    parent = new_traceparent()
    with tracing(parent) as step:
        get_logger("parlour").info("budgie deceased")
        assert current_traceparent() == step
    assert last(lines)["trace_id"] == parent[3:35]
    assert step != parent
    assert current_traceparent() is None


@pytest.mark.parametrize(
    "broken", [None, "", "00-0-0-01", f"00-{'0' * 32}-{'1' * 16}-01", f"01-{'a' * 32}-{'b' * 16}-00"]
)
def test_a_traceparent_that_is_none_begins_a_new_trace(broken: str | None) -> None:
    child = child_traceparent(broken)
    assert child_traceparent(child)[:35] == child[:35]


def test_figures_can_be_read() -> None:
    body, kind = exposition()
    assert b"liaison_open_without_deadline" in body
    assert kind.startswith("text/plain")


def test_our_own_lines_are_constants() -> None:
    """A text put together at run time could hold anything; `FIELDS` is where values belong."""
    offenders = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for folder in ("shared", "services")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _is_log_call(call) and not _has_constant_text(call)
    ]
    assert offenders == []


def _is_log_call(call: ast.Call) -> bool:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in levels:
        return False
    return isinstance(function.value, ast.Name) and function.value.id in {"log", "logger", "_log", "_logger"}


def _has_constant_text(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)

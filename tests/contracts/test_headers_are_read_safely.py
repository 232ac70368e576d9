"""CloudEvents headers, both ways: whatever bytes come, an envelope or a clear error."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.cloudevents import Envelope, EnvelopeError, read, to_headers

ENVELOPE = Envelope(
    id="storm-000417",
    source="/herts/storm",
    type="liaison.report.submitted.v1",
    time=datetime(2026, 11, 22, 21, 4, 5, 250000, tzinfo=UTC),
    subject="HC-0417",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def without(*names: str) -> list[tuple[str, bytes | None]]:
    return [(name, value) for name, value in to_headers(ENVELOPE) if name not in names]


def fault(headers: list[tuple[str, bytes | None]] | None) -> tuple[str, str]:
    with pytest.raises(EnvelopeError) as refused:
        read(headers)
    return refused.value.field, refused.value.reason


def test_what_we_write_we_read() -> None:
    assert read(to_headers(ENVELOPE)) == ENVELOPE


def test_the_names_are_those_of_the_contract() -> None:
    assert {name for name, _ in to_headers(ENVELOPE)} == {
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_specversion",
        "ce_time",
        "ce_subject",
        "content-type",
        "traceparent",
    }


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "required"),
        (b"", "too_short"),
        (b"\xff\xfe", "not_utf8"),
        (b"x" * 513, "too_long"),
        (b"a\x00b", "control_character"),
    ],
)
def test_a_header_that_cannot_be_read_is_named(name: str, value: bytes | None, reason: str) -> None:
    assert fault(without(name)) == (name, "required")
    assert fault([*without(name), (name, value)]) == (name, reason)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ce_specversion", b"0.3", "not_allowed_value"),
        ("ce_time", b"yesterday", "not_a_time"),
        ("ce_time", b"2026-11-22T21:04:05", "no_offset"),
        ("ce_time", b"0001-01-01T00:00:00+14:00", "out_of_range"),
        ("content-type", b"application/cloudevents+json", "not_allowed_value"),
    ],
)
def test_a_header_that_says_something_else_is_named(name: str, value: bytes, reason: str) -> None:
    assert fault([*without(name), (name, value)]) == (name, reason)


def test_no_headers_at_all_is_a_fault_like_any_other() -> None:
    assert fault(None) == ("ce_specversion", "required")


def test_two_ids_are_not_one() -> None:
    assert fault([*without(), ("ce_id", b"another")]) == ("ce_id", "repeated")


def test_subject_trace_and_content_type_may_be_absent_and_others_are_nobodys_business() -> None:
    bare = [*without("ce_subject", "traceparent", "content-type"), ("reply_to", b"\xff"), ("x", None)]

    envelope = read(bare)

    assert (envelope.subject, envelope.traceparent) == (None, None)


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"00-nonsense"])
def test_a_trace_that_is_none_is_dropped(value: bytes | None) -> None:
    assert read([*without("traceparent"), ("traceparent", value)]).traceparent is None


NAMES = ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time", "ce_subject", "content-type", "x"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.none() | st.binary(max_size=40))))
def test_whatever_comes_it_is_an_envelope_or_a_clear_error(headers: list[tuple[str, bytes | None]]) -> None:
    outcome = attempt(headers)

    assert isinstance(outcome, Envelope) or (outcome.field in NAMES and outcome.reason.isidentifier())


def attempt(headers: list[tuple[str, bytes | None]]) -> Envelope | EnvelopeError:
    try:
        return read(headers)
    except EnvelopeError as error:
        return error

"""Bad input at a door: a field, a short reason, and never a value of the sender's."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared.contracts.contact import ContactDetails
from shared.contracts.duty import DutyRecorded
from shared.contracts.examples import SAMPLES
from shared.contracts.faults import MOST, faults
from shared.contracts.inbound import AmendmentBody, ReportAmended, ReportBody, ReportSubmitted, ReportWithdrawn

SECRET = "Marigold Fotheringay"
REPORT = json.loads(Path(SAMPLES, "liaison.report.submitted.v1", "inbound.json").read_bytes())


def put(at: str, value: Any) -> dict[str, Any]:
    """The sample report with one value replaced, by its dotted path."""
    report = json.loads(json.dumps(REPORT))
    *way, last = at.split(".")
    place: Any = report
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return report


def found(model: type[BaseModel], body: Any) -> set[tuple[str, str]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ValidationError) as refused:
        model.model_validate_json(raw)
    answer = faults(refused.value)
    assert SECRET not in repr(answer)
    return {(fault.field, fault.reason) for fault in answer}


@pytest.mark.parametrize(
    ("at", "value", "field", "reason"),
    [
        ("channel", SECRET, "channel", "not_allowed_value"),
        ("incident_kind", SECRET, "incident_kind", "not_a_code"),
        ("incident_kind", "x" * 41, "incident_kind", "not_a_code"),
        ("incident_kind", "crime\n", "incident_kind", "not_a_code"),
        ("grade.value", "Priority", "grade.value", "not_a_code"),
        ("grade", SECRET, "grade", "wrong_type"),
        ("strands.1.perceived_by", "neighbour", "strands.1.perceived_by", "not_allowed_value"),
        ("strands", None, "strands", "wrong_type"),
        ("received_at", "2026-11-22T21:02:40", "received_at", "no_offset"),
        ("received_at", 1_795_381_360, "received_at", "not_a_time"),
        ("received_at", "1795381360", "received_at", "not_a_time"),
        ("received_at", "2026-02-30T10:00:00Z", "received_at", "not_a_time"),
        ("received_at", "0001-01-01T00:00:00+14:00", "received_at", "out_of_range"),
        ("source.incident_date", "22/11/2026", "source.incident_date", "not_a_date"),
        ("source.incident_date", "2026-02-30", "source.incident_date", "not_a_date"),
        ("source.system", "", "source.system", "too_short"),
        ("source.operator", "x" * 121, "source.operator", "too_long"),
        ("source.operator", "one\ntwo", "source.operator", "control_character"),
        ("source.operator", "a\x00b", "source.operator", "nul_or_surrogate"),
        ("under_18", "yes", "under_18", "wrong_type"),
        ("under_18", 1, "under_18", "wrong_type"),
        ("risks", ["repeat"] * 33, "risks", "too_long"),
        ("connected_officers", [SECRET], "connected_officers.0", "not_an_id"),
        ("locations.0.postcode", "", "locations.0.postcode", "too_short"),
        ("locations.0.postcode", "x" * 21, "locations.0.postcode", "too_long"),
        ("locations.0.postcode", "SG8\t5BP", "locations.0.postcode", "control_character"),
        ("locations.1.postcode", "SG8 6AA", "locations.1.postcode", "details_in_clear"),
        ("contact", {"details": {"name": SECRET}}, "contact.details", "details_in_clear"),
        ("contact", {"handle": "ct_1", "details": None}, "contact.details", "details_in_clear"),
        ("contact", {"handle": "ct_1", "phone": SECRET}, "contact.phone", "details_in_clear"),
        ("contact", {}, "contact.handle", "required"),
        ("nickname", SECRET, "nickname", "unknown_field"),
        (SECRET, 1, "?", "unknown_field"),
        ("preferences.star sign", 1, "preferences.?", "unknown_field"),
        ("a\x00b", 1, "?", "unknown_field"),
    ],
)
def test_each_mistake_is_named_by_field_and_reason(at: str, value: Any, field: str, reason: str) -> None:
    assert found(ReportSubmitted, put(at, value)) == {(field, reason)}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (b'"report"', "not_an_object"),
        (b"[" * 5_000, "too_deep"),
        (b'{"channel": "\\ud800 and some more"}', "nul_or_surrogate"),
        (b'{"\\udc00 and some more": 1}', "nul_or_surrogate"),
    ],
)
def test_what_is_no_report_at_all_is_a_fault_of_the_body(raw: bytes, reason: str) -> None:
    assert found(ReportSubmitted, raw) == {("body", reason)}


def test_a_lone_surrogate_in_a_python_string_is_refused_too() -> None:
    with pytest.raises(ValidationError) as refused:
        ReportSubmitted.model_validate(put("source.operator", "\ud800"))
    assert [(fault.field, fault.reason) for fault in faults(refused.value)] == [("source.operator", "nul_or_surrogate")]


def test_an_error_as_text_holds_no_value() -> None:
    with pytest.raises(ValidationError) as refused:
        ReportSubmitted.model_validate(put("channel", SECRET))
    assert SECRET not in str(refused.value)


def test_a_thousand_unknown_fields_are_not_a_thousand_errors() -> None:
    with pytest.raises(ValidationError) as refused:
        ReportSubmitted.model_validate(REPORT | {f"field_{number}": 1 for number in range(1_000)})
    assert len(faults(refused.value)) == MOST


words = st.text("ab0_ :-\x00\ud800\udc00é\u2028🦆", max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*ReportSubmitted.model_fields, "x"]), json_values))
def test_any_json_object_is_read_or_refused_with_reasons_and_nothing_else(body: dict[str, Any]) -> None:
    try:
        ReportSubmitted.model_validate_json(json.dumps(body))
    except ValidationError as refused:
        answer = faults(refused)
        assert answer
        assert all(fault.field and fault.reason.isidentifier() for fault in answer)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_calmly(raw: bytes) -> None:
    assert found(ReportSubmitted, b"\x01" + raw)


def test_a_report_without_contact_or_strands_is_enough() -> None:
    least = Path(SAMPLES, "liaison.report.submitted.v1", "inbound+least.json")
    report = ReportSubmitted.model_validate_json(least.read_bytes())

    assert report.contact is None
    assert report.strands == ()
    assert report.preferences.cross_force


def test_over_https_details_are_welcome_and_a_home_postcode_belongs_there() -> None:
    given = {"name": SECRET, "home": {"postcode": "sg86aa"}, "windows": ["18:00-20:30"]}
    report = ReportBody.model_validate(put("contact", {"details": given}))

    assert report.contact is not None
    details = report.contact.details
    assert details is not None
    assert details.home is not None
    assert details.voicemail_ok is False
    assert details.windows[0].end == "20:30"
    assert SECRET not in repr(report)
    assert found(ReportBody, put("locations.1.postcode", "SG8 6AA")) == {("locations.1.postcode", "details_in_clear")}


def test_a_handle_and_details_together_are_refused() -> None:
    both = put("contact", {"handle": "ct_1", "details": {"name": SECRET}})

    assert found(ReportBody, both) == {("contact.handle", "one_of_these")}


def test_contact_details_keep_their_values_out_of_a_traceback() -> None:
    details = ContactDetails(name=SECRET, phone="01632 960 001", narrative="It was the geese.")

    assert repr(details) == "ContactDetails()"
    assert str(details) == ""


def test_an_amendment_needs_an_address_and_a_change() -> None:
    assert found(ReportAmended, {"risks": ["weapon"]}) == {("reference", "required")}
    assert found(ReportAmended, {"idempotency_key": "k"}) == {("body", "nothing_to_change")}
    assert found(AmendmentBody, {}) == {("body", "nothing_to_change")}
    assert found(ReportWithdrawn, {"reason": "duplicate"}) == {("reference", "required")}
    assert found(ReportWithdrawn, {"reference": "AAAA-AAAA", "reason": "duplicate"}) == {
        ("reference", "not_a_reference")
    }


def test_an_amendment_says_what_it_changes() -> None:
    amended = ReportAmended.model_validate({"idempotency_key": "k", "risks": [], "contact": {"handle": "ct"}})

    assert amended.changed() == ("risks", "contact")


def test_a_reference_is_understood_however_it_is_typed() -> None:
    typed = ReportWithdrawn.model_validate({"reference": " k7qm 4t9v", "reason": "duplicate"})

    assert typed.reference == "K7QM-4T9V"


def test_duty_that_ends_before_it_starts_is_refused() -> None:
    entry = {"officer": "H1042", "entry": "e1", "kind": "duty", "from": "2026-11-22T14:00:00Z"}

    assert found(DutyRecorded, entry | {"until": "2026-11-22T13:00:00Z"}) == {("until", "ends_before_it_starts")}


@pytest.mark.parametrize(
    "text", ["SG8", "SG86AA", " al1  3je ", "SG8-5BP", "SG8 5BP.", "SG8 ?", "not known", "by the old mill", "?", "ŜG8"]
)
def test_no_postcode_is_refused_for_how_it_is_written(text: str) -> None:
    report = ReportSubmitted.model_validate(put("locations.0.postcode", text))
    details = ContactDetails.model_validate({"home": {"postcode": text}})

    assert (report.locations[0].postcode, details.home and details.home.postcode) == (text, text)

"""The stream of reports: repeatable, plausible, and hostile where it says so."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from pydantic import ValidationError

from services.simulation import hostile
from services.simulation.counties import FORCES
from services.simulation.items import Item
from services.simulation.places import shipped
from services.simulation.roster import officer_ids
from services.simulation.traffic import Mix, arrivals, busyness, evenly, stream
from shared.contracts.inbound import ReportBody, ReportSubmitted
from shared.contracts.policy import PolicyDocument, parse_policy
from shared.policy_file import SHIPPED

SATURDAY = datetime(2026, 7, 4, 21, 0, tzinfo=UTC)
MIX = Mix("otter", seed=7, officers={force: officer_ids(force) for force in FORCES})


@cache
def items(count: int = 4_000, mix: Mix | None = None) -> tuple[Item, ...]:
    return tuple(stream(mix or MIX, shipped(), evenly(SATURDAY, count, 50)))


def good() -> list[Item]:
    return [item for item in items() if not item.hostile]


def fresh() -> list[Item]:
    return [item for item in items() if item.kind == "report"]


def share(found: Iterable[object], whole: Iterable[object]) -> float:
    return len(list(found)) / len(list(whole))


@cache
def policy() -> PolicyDocument:
    return parse_policy(SHIPPED.read_text(encoding="utf-8"))


def as_sent(item: Item) -> bytes | None:
    if item.empty:
        return None
    return item.wire if item.wire is not None else json.dumps(item.body).encode()


def test_the_same_seed_gives_the_same_stream_to_the_byte() -> None:
    again = tuple(stream(MIX, shipped(), evenly(SATURDAY, 500, 50)))
    assert [json.dumps(item.body) for item in again] == [json.dumps(item.body) for item in items()[:500]]
    assert again == items()[:500]


def test_another_seed_gives_another_stream() -> None:
    other = tuple(stream(Mix("otter", seed=8), shipped(), evenly(SATURDAY, 50, 50)))
    assert other != items()[:50]


def test_two_runs_with_one_seed_share_no_key_and_no_id() -> None:
    other = tuple(stream(Mix("heron", seed=7), shipped(), evenly(SATURDAY, 500, 50)))
    assert not {item.key for item in other} & {item.key for item in items()}
    assert not {item.event_id for item in other} & {item.event_id for item in items()}


def test_every_good_report_is_one_by_the_contract_whichever_way_it_goes() -> None:
    for item in good():
        ReportSubmitted.model_validate_json(json.dumps(item.body))
        contact = {"contact": {"details": item.contact}} if item.contact is not None else {}
        ReportBody.model_validate_json(json.dumps({**item.body, **contact}))


def test_every_code_is_one_the_shipped_policy_knows() -> None:
    codes = policy().codes
    for item in good():
        force = item.body["source"]["force"]
        assert item.body["incident_kind"] in codes.incident_kinds
        assert {strand["strand"] for strand in item.body["strands"]} <= set(codes.strands)
        assert set(item.body["risks"]) <= set(codes.risks)
        assert "grade" not in item.body or policy().grade_of(force, item.body["grade"]["value"])


@pytest.mark.parametrize(
    ("channel", "wanted"), [("101", 0.45), ("online", 0.25), ("999", 0.18), ("third_party", 0.06), ("officer", 0.06)]
)
def test_channels_come_in_about_the_shares_of_the_domain_brief(channel: str, wanted: float) -> None:
    assert share((i for i in fresh() if i.body["channel"] == channel), fresh()) == pytest.approx(wanted, abs=0.08)


@pytest.mark.parametrize(
    ("what", "is_so", "wanted", "give"),
    [
        ("hostile", lambda item: item.hostile, 0.05, 0.015),
        ("duplicates", lambda item: item.kind == "duplicate", 0.08, 0.02),
        ("resent", lambda item: item.kind in {"resend", "redelivery"}, 0.03, 0.015),
        ("over HTTP", lambda item: item.way == "http", 0.5, 0.05),
        ("of several strands", lambda item: len(item.body.get("strands", ())) > 1, 0.05, 0.02),
        ("under 18", lambda item: item.body.get("under_18", False), 0.05, 0.03),
        ("on the railway", lambda item: any(p["kind"] == "rail" for p in item.body.get("locations", ())), 0.02, 0.015),
        ("without any contact", lambda item: item.contact is None, 0.3, 0.1),
    ],
)
def test_shares_are_about_right(what: str, is_so: Callable[[Item], bool], wanted: float, give: float) -> None:
    assert share((item for item in items() if is_so(item)), items()) == pytest.approx(wanted, abs=give), what


def test_a_fifth_to_a_quarter_are_from_somebody_known() -> None:
    known = [item for item in fresh() if item.body.get("person_hint", f"p-{item.number:06d}") != f"p-{item.number:06d}"]
    assert 0.2 <= share(known, fresh()) <= 0.25


def test_some_third_parties_want_nobody_to_reach_the_person() -> None:
    unreachable = [item for item in good() if item.contact and item.contact.get("do_not_contact")]
    assert unreachable
    assert all(item.body["requester"]["consents_to_contact"] is False for item in unreachable)
    assert all(item.contact and "phone" not in item.contact and item.contact["referrer"] for item in unreachable)


def test_places_straddle_lie_outside_and_are_typed_as_people_type() -> None:
    places = shipped()
    given = {place["postcode"] for item in good() for place in item.body["locations"] if "postcode" in place}
    assert given & set(places.straddling)
    assert given & set(places.outside)
    assert any(code != code.upper() for code in given)
    assert any(" " not in code and len(code) > 4 for code in given)


def test_no_home_and_no_name_ever_stands_in_a_body() -> None:
    for item in good():
        assert not [place for place in item.body["locations"] if place["kind"] == "home" and "postcode" in place]
        if item.contact and "name" in item.contact:
            assert item.contact["name"] not in json.dumps(item.body)


def test_a_resend_is_the_same_message_and_a_redelivery_the_same_record() -> None:
    by_number = {item.number: item for item in items()}
    for item in items():
        if item.kind not in {"resend", "redelivery"}:
            continue
        first = by_number[item.expected.of or 0]
        assert (item.body, item.contact, item.key, item.force, item.way) == (
            first.body,
            first.contact,
            first.key,
            first.force,
            first.way,
        )
        assert (item.event_id == first.event_id) == (item.kind == "redelivery")


def test_a_duplicate_is_the_same_event_under_a_key_of_its_own() -> None:
    keys = Counter(item.idempotency_key for item in items() if item.kind in {"report", "duplicate"})
    assert set(keys.values()) == {1}
    events = Counter(json.dumps([item.body.get("occurred_from"), item.body["locations"]]) for item in good())
    assert max(events.values()) > 1


def test_an_exercise_says_so_in_every_report() -> None:
    drill = stream(Mix("drill", exercise=True, hostile_share=0), shipped(), evenly(SATURDAY, 50, 10))
    assert all(item.body["exercise"] is True for item in drill)


@pytest.mark.parametrize("way", ["http", "topic"])
def test_a_stream_meets_every_kind_of_hostile_input(way: str) -> None:
    kinds = {**(hostile.HTTP if way == "http" else hostile.TOPIC)}
    wanted = {*kinds, "reused_key", *(["reused_id"] if way == "topic" else [])}
    assert {item.kind for item in items() if item.hostile and item.way == way} == wanted


BY_PAYLOAD = sorted(
    {*hostile.TOPIC}
    - {
        "unknown_code",
        "wrong_force",
        "unknown_handle",
        "too_large",
        "missing_header",
        "unreadable_header",
        "bad_time",
        "wrong_version",
        "unknown_event",
    }
)
"""Kinds that the contract's model alone refuses; the others need the policy, the headers or a memory."""


@pytest.mark.parametrize("kind", BY_PAYLOAD)
def test_what_is_spoilt_in_its_payload_is_refused_by_the_contract(kind: str) -> None:
    spoilt = [item for item in items() if item.kind == kind and item.way == "topic"]
    assert spoilt
    for item in spoilt:
        sent = as_sent(item)
        assert sent is None or _refused(sent)


def _refused(sent: bytes) -> bool:
    try:
        ReportSubmitted.model_validate_json(sent)
    except ValidationError:
        return True
    return False


def test_what_is_too_large_is_over_the_limit_and_under_a_brokers() -> None:
    sizes = [len(as_sent(item) or b"") for item in items() if item.kind == "too_large"]
    assert all(256 * 1024 < size < 900 * 1024 for size in sizes)


def test_what_is_hostile_never_carries_details_and_says_which_answer_it_must_get() -> None:
    for item in items():
        if item.hostile:
            assert item.contact is None
            assert item.expected.statuses if item.way == "http" else item.expected.codes


def test_what_reuses_a_key_or_an_id_comes_from_the_same_sender_with_another_body() -> None:
    by_number = {item.number: item for item in items()}
    for item in items():
        if item.kind in {"reused_key", "reused_id"}:
            first = by_number[item.expected.of or 0]
            assert (item.key, item.force, item.principal) == (first.key, first.force, first.principal)
            assert item.body != first.body
            reused = item.idempotency_key if item.kind == "reused_key" else item.event_id
            assert reused == (first.idempotency_key if item.kind == "reused_key" else first.event_id)


def test_a_stream_on_an_ordinary_week_is_about_six_a_day() -> None:
    times = list(arrivals(3, SATURDAY, 2_000))
    days = (times[-1] - times[0]) / timedelta(days=1)
    assert 5 < len(times) / days < 7.5
    assert times == sorted(times)


def test_a_pride_weekend_brings_ten_times_as_many() -> None:
    noon = datetime(2026, 7, 4, 11, 0, tzinfo=UTC)
    assert busyness(noon, pride=date(2026, 7, 4)) == pytest.approx(10 * busyness(noon))
    assert busyness(noon - timedelta(days=2), pride=date(2026, 7, 4)) == busyness(noon - timedelta(days=2))
    weekend = [at for at in arrivals(3, noon - timedelta(days=7), 400, pride=date(2026, 7, 4)) if at >= noon]
    assert sum(at < noon + timedelta(days=2) for at in weekend) > 60


def test_friday_night_is_busier_than_tuesday_night_and_day_than_small_hours() -> None:
    friday, tuesday = datetime(2026, 6, 5, 21, 0, tzinfo=UTC), datetime(2026, 6, 2, 21, 0, tzinfo=UTC)
    assert busyness(friday) > 1.5 * busyness(tuesday)
    assert busyness(tuesday) > 5 * busyness(datetime(2026, 6, 2, 3, 0, tzinfo=UTC))

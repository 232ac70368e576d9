"""The table of topics: every name findable, every event in its place, and nothing that tells."""

import re

import pytest
from pydantic import BaseModel

from shared.contracts import inbound, outbound, referrals, reports
from shared.contracts.examples import SAMPLES
from shared.contracts.model import Door, DoorPart
from shared.contracts.topics import PARTITIONS, TOPICS, family, force_of, model_for, topic_names

TELLING = re.compile(r"lgbt|lesbian|\bgay|bisexual|trans(?!fer)|queer|hate|crime|gender|orient|strand|homo|bi_?phob")

FORCES = ("herts", "beds", "cambs")

HAPPENS_TO_A_REFERRAL = [
    "offered",
    "accepted",
    "declined",
    "waiting",
    "escalated",
    "role_alerted",
    "role_acknowledged",
    "risk_acknowledged",
    "contact_attempted",
    "contact_made",
    "unable_to_contact",
    "update_given",
    "handed_over",
    "kept",
    "helper_joined",
    "helper_left",
    "released",
    "assigned_by_override",
    "linked",
    "transferred",
    "handed_off",
    "breached",
    "plan_recorded",
    "paused",
    "resumed",
    "amended",
    "withdrawn",
    "closed",
    "reopened",
    "erased",
]

OUTBOUND = [
    "report.accepted",
    "report.rejected",
    "report.received_online",
    "report.unrouted",
    *(f"referral.{what}" for what in HAPPENS_TO_A_REFERRAL),
    "service.heartbeat",
    "service.degraded",
    "service.restored",
]

LISTED = {
    "inbound": ["report.submitted", "report.amended", "report.withdrawn"],
    "outbound": OUTBOUND,
    "reports": ["report.received", "report.amended", "report.withdrawn", "report.erased"],
    "referrals": [
        "referral.opened",
        "referral.viewed",
        "referral.duty_ending",
        "referral.repeat_confirmed",
        *(f"referral.{what}" for what in HAPPENS_TO_A_REFERRAL),
        "service.degraded",
        "service.restored",
    ],
    "deliveries": ["notice.delivered", "notice.failed", "notice.replied", "notify.heartbeat"],
    "officers": ["officer.published", "officer.test_asked", "roster.warned"],
    "policy": ["policy.published"],
    "access": ["access.recorded"],
    "dead-letters": ["dead_letter.recorded"],
    "duty": ["duty.recorded", "duty.cancelled"],
}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.stem)
def test_a_topic_carries_exactly_what_the_contract_lists(topic) -> None:
    assert sorted(event.name for event in topic.events) == sorted(LISTED[topic.stem])


def test_a_fourth_force_is_three_more_topics_and_no_code() -> None:
    added = set(topic_names((*FORCES, "essex"))) - set(topic_names(FORCES))

    assert added == {"inbound.essex", "duty.essex", "outbound.essex"}
    assert PARTITIONS == 12


@pytest.mark.parametrize("name", topic_names(FORCES))
def test_a_topic_is_found_by_its_name(name: str) -> None:
    found = family(name)

    assert found is not None
    assert name in found.names(FORCES)
    assert force_of(name) == (name.partition(".")[2] or None)


@pytest.mark.parametrize("name", ["", "inbound", "inbound.", "reports.herts", "inbox", "dead-letters.x", "."])
def test_a_name_that_is_none_of_ours_has_no_family(name: str) -> None:
    assert family(name) is None
    assert force_of(name) is None
    assert model_for(name, "liaison.report.received.v1") is None


def test_one_type_means_what_its_topic_says() -> None:
    kind = "liaison.report.amended.v1"

    assert model_for("inbound.herts", kind) is inbound.ReportAmended
    assert model_for("reports", kind) is reports.ReportAmended
    assert model_for("referrals", kind) is None
    assert model_for("referrals", "liaison.referral.offered.v1") is referrals.ReferralOffered
    assert model_for("outbound.beds", "liaison.referral.offered.v1") is outbound.ReferralOffered


def test_no_topic_key_or_type_tells_why() -> None:
    words = [*topic_names(FORCES), *(topic.key for topic in TOPICS)]
    words += [event.ce_type() for topic in TOPICS for event in topic.events]
    words += [path.name for path in SAMPLES.iterdir()]

    assert [word for word in words if TELLING.search(word)] == []


def test_what_a_control_room_reads_has_no_field_that_tells() -> None:
    fields = {field for event in family("outbound.herts").events for field in event.model_fields}

    assert [field for field in fields if TELLING.search(field) and field != "crime_ref"] == []


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.stem)
def test_every_part_of_an_event_is_frozen_and_keeps_values_out_of_errors(topic) -> None:
    for event in topic.events:
        for model in _parts(event):
            assert model.model_config["frozen"], model
            assert model.model_config["hide_input_in_errors"], model
            strict = issubclass(model, Door | DoorPart)
            assert strict == topic.door, model
            assert model.model_config["extra"] == ("forbid" if strict else "ignore"), model


def _parts(model: type[BaseModel]) -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [part for field in one.model_fields.values() for part in _models(field.annotation)]
    return found


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]

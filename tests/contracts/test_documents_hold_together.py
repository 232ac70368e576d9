"""The AsyncAPI document and the schemas: every reference leads somewhere, every channel has its messages."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.documents import asyncapi, schemas
from shared.contracts.topics import PARTITIONS, TOPICS

DOCUMENT = asyncapi()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/")
    for step in reference[2:].split("/"):
        document = document[step]
    return document


def test_it_is_asyncapi_3_and_plain_json() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))

    assert found
    assert all(resolve(DOCUMENT, reference) for reference in found)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.stem)
def test_a_channel_has_its_address_messages_and_partitions(topic) -> None:
    channel = DOCUMENT["channels"][topic.stem]

    assert channel["address"] == topic.pattern.replace("<force>", "{force}")
    assert ("parameters" in channel) == topic.per_force
    assert set(channel["messages"]) == {event.name for event in topic.events}
    assert channel["bindings"]["kafka"]["partitions"] == PARTITIONS


def test_operations_are_those_of_our_three_services() -> None:
    operations = DOCUMENT["operations"]

    assert operations["intake.receive.inbound"]["action"] == "receive"
    assert operations["intake.send.outbound"]["action"] == "send"
    assert [key for key in operations if key.endswith("send.outbound")] == ["intake.send.outbound"]
    for key, operation in operations.items():
        channel = resolve(DOCUMENT, operation["channel"]["$ref"])
        offered = [resolve(DOCUMENT, message["$ref"]) for message in operation["messages"]]
        assert offered == list(channel["messages"].values()), key


def test_every_message_has_headers_a_payload_and_an_example_with_its_required_fields() -> None:
    for key, message in DOCUMENT["components"]["messages"].items():
        assert message["name"].startswith("liaison."), key
        assert message["payload"]["type"] == "object", key
        assert message["examples"], key
        for example in message["examples"]:
            assert set(message["payload"].get("required", [])) <= example["payload"].keys(), key


def test_there_is_a_schema_for_each_event_on_each_topic_that_stands_alone() -> None:
    found = schemas()

    assert len(found) == sum(len(topic.events) for topic in TOPICS)
    for key, schema in found.items():
        assert all(resolve(schema, reference) for reference in references(schema)), key


def test_doors_close_their_schemas_and_others_leave_them_open() -> None:
    found = schemas()

    assert found["inbound/liaison.report.submitted.v1"]["additionalProperties"] is False
    assert "additionalProperties" not in found["reports/liaison.report.received.v1"]


def test_a_class_is_called_class_on_the_wire() -> None:
    properties = schemas()["reports/liaison.report.received.v1"]["properties"]

    assert "class" in properties
    assert "response_class" not in properties

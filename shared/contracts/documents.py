"""The contract as documents for other programs: AsyncAPI 3.0, and one JSON Schema for each event."""

import json
from collections.abc import Mapping
from typing import Any

from shared.contracts.cloudevents import CONTENT_TYPE, SPEC_VERSION
from shared.contracts.examples import samples_of
from shared.contracts.model import Event
from shared.contracts.topics import PARTITIONS, TOPICS, Topic

Json = dict[str, Any]

VERSION = "1.0.0"
OURS = ("intake", "routing", "notify")
KAFKA_BINDING = "0.5.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_WHAT = (
    "Takes a report, finds a liaison officer, and does not let go until one owns it. Events are CloudEvents 1.0 in "
    "Kafka's binary mode: the headers carry the envelope, the value is JSON. Delivery is at least once: an event is "
    "known again by ce_source and ce_id. `liaison contract rehearse` plays all of this with your own client."
)
_HOW: Mapping[str, tuple[str, ...]] = {
    "inbound": (
        "`source.force` is the force in the topic's name.",
        "Every record is answered on outbound: `in_reply_to` is its ce_id, and the record's key is the answer's.",
        "Where no answer comes, send the same payload again, under the same key: one `idempotency_key`, one report.",
        "Another payload needs another ce_id.",
        "A rejected record was not taken in: put right what `errors` names, and send it under a new ce_id.",
        "Amend and withdraw under the key of the report, so that the broker keeps them in order; address them by our "
        "`reference` or by the report's `idempotency_key`.",
        "Unknown fields and personal details are rejected: details go to POST /v1/contacts, here only their handle.",
    ),
    "outbound": (
        "Ignore fields and events that you do not know.",
        "`sequence` counts the events of one `reference` on your topic from 1: drop what you have had, wait for "
        "what is missing.",
        "`log_line` is for your incident's log, once for each event.",
        "`state` closed, withdrawn or handed_off is the end of it: nothing more is expected of you.",
        "`exercise` reports say EXERCISE first.",
        "The same events come by signed webhook, in structured JSON, to the control_room that a force's roster names.",
    ),
}
_ANSWERS = ("report.accepted", "report.rejected", "referral.amended", "referral.withdrawn")
_EXAMPLE_HEADERS: Mapping[str, str] = {
    "ce_specversion": SPEC_VERSION,
    "ce_id": "0199a1c4-5f00-7c3e-9d2a-6b1f0e4c8a57",
    "ce_source": "urn:example:herts:control-room",
    "ce_time": "2026-11-22T21:02:41+00:00",
    "content-type": CONTENT_TYPE,
}


def schemas() -> dict[str, Json]:
    """A JSON Schema for each event on each topic, by `<topic's stem>/<ce_type>`."""
    return {
        f"{topic.stem}/{event.ce_type()}": {
            "$schema": DIALECT,
            "$id": f"urn:liaison:{topic.stem}:{event.ce_type()}",
            **event.model_json_schema(),
        }
        for topic in TOPICS
        for event in topic.events
    }


def asyncapi() -> Json:
    """The AsyncAPI 3.0 document of every topic: channels, our operations, messages with headers and examples."""
    shared: Json = {}
    messages = {
        _message_key(topic, event): _message(topic, event, shared) for topic in TOPICS for event in topic.events
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Liaison",
            "version": VERSION,
            "description": _WHAT,
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.stem: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {"messages": messages, "schemas": {"headers": _headers(), **shared}},
    }


def _message_key(topic: Topic, event: type[Event]) -> str:
    return f"{topic.stem}.{event.name}"


def _channel(topic: Topic) -> Json:
    channel: Json = {
        "address": topic.pattern.replace("<force>", "{force}"),
        "description": " ".join([f"Key: {topic.key}.", *_HOW.get(topic.stem, ())]),
        "messages": {
            event.name: {"$ref": f"#/components/messages/{_message_key(topic, event)}"} for event in topic.events
        },
        "bindings": {"kafka": _kafka(topic)},
    }
    if topic.per_force:
        channel["parameters"] = {"force": {"description": "A force of the policy in force: `herts`."}}
    return channel


def _kafka(topic: Topic) -> Json:
    milliseconds = int(topic.retention.total_seconds() * 1000)
    kept = (
        {"cleanup.policy": ["compact"], "max.compaction.lag.ms": milliseconds}
        if topic.compacted
        else {"cleanup.policy": ["delete"], "retention.ms": milliseconds}
    )
    return {"partitions": PARTITIONS, "topicConfiguration": kept, "bindingVersion": KAFKA_BINDING}


def _operations() -> Json:
    said = [(service, "send", topic) for topic in TOPICS for service in topic.producers if service in OURS]
    heard = [(service, "receive", topic) for topic in TOPICS for service in topic.consumers if service in OURS]
    operations: Json = {
        f"{service}.{action}.{topic.stem}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.stem}"},
            "messages": [_on(topic.stem, event.name) for event in topic.events],
        }
        for service, action, topic in (*said, *heard)
    }
    operations["intake.receive.inbound"]["reply"] = {
        "channel": {"$ref": "#/channels/outbound"},
        "messages": [_on("outbound", name) for name in _ANSWERS],
    }
    return operations


def _on(stem: str, name: str) -> Json:
    return {"$ref": f"#/channels/{stem}/messages/{name}"}


def _message(topic: Topic, event: type[Event], shared: Json) -> Json:
    return {
        "name": event.ce_type(),
        "title": event.name,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": _payload(topic, event, shared),
        "correlationId": {"location": "$message.header#/ce_id"},
        "examples": [
            {
                "name": path.stem,
                "headers": {**_EXAMPLE_HEADERS, "ce_type": event.ce_type()},
                "payload": json.loads(path.read_text("utf-8")),
            }
            for path in samples_of(topic, event)
        ],
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": KAFKA_BINDING}},
    }


def _payload(topic: Topic, event: type[Event], shared: Json) -> Json:
    """The event's schema; the parts it refers to move to the document's components under the topic's stem."""
    schema = event.model_json_schema(ref_template=f"#/components/schemas/{topic.stem}.{{model}}")
    for name, part in schema.pop("$defs", {}).items():
        shared[f"{topic.stem}.{name}"] = part
    return schema


def _headers() -> Json:
    required: Mapping[str, Json] = {
        "ce_specversion": {"const": SPEC_VERSION},
        "ce_id": {"type": "string", "description": "Unique for one source; the same id is the same event."},
        "ce_source": {"type": "string", "description": "The same for everything one system sends."},
        "ce_type": {"type": "string", "pattern": r"^liaison\.[a-z_.]+\.v1$"},
        "ce_time": {"type": "string", "format": "date-time"},
    }
    optional: Mapping[str, Json] = {
        "ce_subject": {"type": "string"},
        "content-type": {"const": CONTENT_TYPE},
        "traceparent": {"type": "string"},
    }
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}

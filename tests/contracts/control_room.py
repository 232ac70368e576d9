"""A control room's client, written from the AsyncAPI document alone: it knows nothing else of Liaison."""

import copy
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
Headers = list[tuple[str, bytes]]


@dataclass
class Report:
    """What it keeps of a report it sent."""

    payload: Json
    key: str
    reference: str | None = None
    rejected: list[Json] | None = None
    state: str | None = None
    heard: int = 0
    """Events about it, by their sequence."""
    patience: int = 1
    """How often time must pass before it is sent again."""

    @property
    def answered(self) -> bool:
        """Whether Liaison has said what became of it."""
        return self.reference is not None or self.rejected is not None


@dataclass
class ControlRoom:
    """Sends and reads as the document says. `send` takes topic, key, value and headers."""

    document: Json
    force: str
    send: Callable[[str, bytes, bytes, Headers], None]
    incident_log: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    gaps: int = 0
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def report(self, incident_kind: str = "crime") -> Report:
        """A new report: the smallest example of the document in our own terms, as an exercise."""
        payload = min(self._examples("report.submitted"), key=len)
        payload |= {
            "idempotency_key": f"{self.force}-{uuid.uuid4()}",
            "received_at": datetime.now(UTC).isoformat(),
            "incident_kind": incident_kind,
            "exercise": True,
        }
        payload["source"] |= {"force": self.force}
        report = Report(payload, key=payload["idempotency_key"])
        self.reports.append(report)
        self.put("report.submitted", report.key, payload)
        return report

    def correct(self, report: Report, **changes: Any) -> Report:
        """A report that was rejected, put right and sent again."""
        report.payload, report.rejected = report.payload | changes, None
        self.put("report.submitted", report.key, report.payload)
        return report

    def amend(self, report: Report, **changes: Any) -> None:
        """Something about a report has changed."""
        self.put("report.amended", report.key, {"reference": report.reference} | changes)

    def withdraw(self, report: Report) -> None:
        """A report is not wanted any more."""
        body = {"idempotency_key": report.payload["idempotency_key"], "reason": "no_longer_wanted"}
        self.put("report.withdrawn", report.key, body)

    def time_passes(self) -> None:
        """Whatever has had no answer since the last time is sent again."""
        for report in self.reports:
            if not report.answered and report.patience > 0:
                report.patience -= 1
            elif not report.answered:
                report.patience = 1
                self.put("report.submitted", report.key, report.payload)

    def put(self, name: str, key: str, payload: Json) -> None:
        """Send one event."""
        message = self.document["components"]["messages"][f"inbound.{name}"]
        headers = message["examples"][0]["headers"] | self.envelope(message["name"])
        topic = self.document["channels"]["inbound"]["address"].format(force=self.force)
        sent = [(header, value.encode()) for header, value in headers.items()]
        self.send(topic, key.encode(), json.dumps(payload).encode(), sent)

    def envelope(self, ce_type: str) -> dict[str, str]:
        """The headers that are different for each event."""
        source = f"urn:example:{self.force}:control-room"
        return {
            "ce_id": str(uuid.uuid4()),
            "ce_type": ce_type,
            "ce_source": source,
            "ce_time": datetime.now(UTC).isoformat(),
        }

    def heard(self, key: bytes | None, value: bytes, headers: Headers) -> None:
        """Take in what Liaison says: each event once, those we do not know not at all."""
        said = {name: text.decode() for name, text in headers}
        if (said["ce_source"], said["ce_id"]) in self._seen:
            return
        self._seen.add((said["ce_source"], said["ce_id"]))
        message = self._message(said["ce_type"])
        if message is None:
            return
        event = json.loads(value)
        self._validator(message).validate(event)
        self.incident_log.append(event["log_line"])
        self.follow(said["ce_type"], key, event)

    def follow(self, ce_type: str, key: bytes | None, event: Json) -> None:
        """Note what an event says about one of our reports."""
        report = next((one for one in self.reports if key is not None and one.key == key.decode()), None)
        if report is None:
            return
        if ce_type == "liaison.report.rejected.v1":
            report.rejected = event["errors"]
        elif event["reference"] is not None:
            self.gaps += event["sequence"] != report.heard + 1
            report.reference, report.state, report.heard = event["reference"], event["state"], event["sequence"]

    def _examples(self, name: str) -> list[Json]:
        message = self.document["components"]["messages"][f"inbound.{name}"]
        return [copy.deepcopy(example["payload"]) for example in message["examples"]]

    def _message(self, ce_type: str) -> str | None:
        known = self.document["components"]["messages"]
        return next((key for key, one in known.items() if key.startswith("outbound.") and one["name"] == ce_type), None)

    def _validator(self, message: str) -> Draft202012Validator:
        whole: Resource[Any] = Resource.from_contents(self.document, default_specification=DRAFT202012)
        pointer = {"$ref": f"urn:contract#/components/messages/{message}/payload"}
        return Draft202012Validator(pointer, registry=Registry().with_resource("urn:contract", whole))

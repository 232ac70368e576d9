"""Plants words into simulated reports: in every field a person's own words may reach, and in input to be refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from services.simulation.items import Item
from tests.chaos.canaries.words import Planted

Json = dict[str, Any]


@dataclass
class Planter:
    """Plants; one person's address and number stay theirs from report to report, so that they are known again."""

    planted: Planted
    _people: dict[str, tuple[str, str]] = field(default_factory=dict)
    _reports: dict[str, Item] = field(default_factory=dict)

    def plant(self, item: Item) -> Item:
        """The same item with words in it; a copy of an earlier item is the same copy."""
        if item.kind in {"resend", "redelivery"} and (earlier := self._reports.get(item.idempotency_key or "")):
            return replace(item, body=earlier.body, contact=earlier.contact, headers=earlier.headers)
        body = self._body(item)
        contact = self.details(item.contact) if item.contact is not None else None
        found = replace(item, body=body, contact=contact, headers=self._headers(item))
        if item.hostile:
            return self._spoil(found)
        self._reports[item.idempotency_key or ""] = found
        return found

    def details(self, given: Mapping[str, Any], place: str = "details") -> Json:
        """`contact.details` with a word in every field that takes words. Windows and flags are no words."""

        def word(name: str) -> str:
            return self.planted.word(f"{place}.{name}")

        phone, email = self._address(f"{place} {given.get('email') or given.get('narrative')}", place)
        found = dict(given) | {
            "name": f"{word('name').capitalize()} {word('name').upper()}",
            "pronouns": word("pronouns"),
            "phone": phone,
            "email": email,
            "code_phrase": f"about the {word('code_phrase')}",
            "may_know": [word("may_know"), f"my sister {word('may_know')}"],
            "must_not_know": f"{word('must_not_know')}, and above all not\nher employer",
            "interpreter": word("interpreter"),
            "narrative": f"\u201c{word('narrative')}\u201d, they said: {word('narrative').capitalize()}!",
            "referrer": {
                "name": word("referrer.name"),
                "phone": self.planted.phone(f"{place}.referrer.phone"),
                "email": f"{word('referrer.email')}@otter.example",
            },
        }
        if "home" in found:
            self.planted.postcode(found["home"]["postcode"], f"{place}.home.postcode")
        return found

    def _address(self, person: str, place: str) -> tuple[str, str]:
        if person not in self._people:
            email = f"{self.planted.word(f'{place}.email')}@example.org"
            self._people[person] = (self.planted.phone(f"{place}.phone"), email)
        return self._people[person]

    def _words(self, item: Item) -> Callable[[str], str]:
        """Words for an item, each remembered with the way it came in: `topic: source.operator`."""
        return lambda where: self.planted.word(f"{item.way}: {where}")

    def _body(self, item: Item) -> Json:
        word = self._words(item)
        body: Json = json.loads(json.dumps(dict(item.body)))
        if not body:
            return body
        body["source"]["operator"] = f"{word('source.operator')} 4"
        body["requester"] |= {
            "basis": f"says {word('requester.basis')}",
            "organisation": word("requester.organisation"),
        }
        body["person_hint"] = word("person_hint")
        if "grade" in body:
            body["grade"]["by"] = word("grade.by")
        if "event" in body:
            body["event"] |= {"audience": word("event.audience"), "organiser": word("event.organiser")}
        for place in body.get("locations", ()):
            self.planted.postcode(str(place.get("postcode", "")), f"{item.way}: locations.postcode")
        return body

    def _headers(self, item: Item) -> dict[str, bytes | None]:
        """What a careless sender may put beside its report: none of it is asked for."""
        word = self._words(item)
        if item.way == "topic":
            beside = {"x-person": word("record header"), "traceparent": f"00-{word('traceparent')}-01"}
            beside |= {"tracestate": f"desk={word('tracestate')}", "ce_subject": word("ce_subject")}
            beside |= {"ce_dataschema": f"urn:{word('ce_dataschema')}", "ce_source": f"urn:{word('ce_source')}"}
        else:
            beside = {
                "User-Agent": f"Desk/{word('User-Agent')}",
                "Referer": f"https://desk.example/{word('Referer')}",
                "X-Request-Id": word("X-Request-Id"),
                "X-Forwarded-For": word("X-Forwarded-For"),
                "traceparent": f"00-{word('traceparent')}-01",
                "tracestate": f"desk={word('tracestate')}",
                "Cookie": f"desk={word('Cookie')}",
            }
        return {name: text.encode() for name, text in beside.items()} | dict(item.headers)

    def _spoil(self, item: Item) -> Item:
        """Words in what is refused: as values, as names of fields, in broken JSON, in what is too large."""
        word = self._words(item)
        if item.wire is not None:
            broken = f'{{"narrative": "{word("broken JSON")}", "name": "{word("broken JSON").capitalize()}'
            return replace(item, wire=broken.encode() if item.kind == "not_json" else f'["{word("a list")}"]'.encode())
        body = dict(item.body) | {"narrative": word("an unknown field"), word("a name of a field"): 1}
        if item.kind == "too_large":
            body["narrative"] = word("too large") * 20_000
        if item.kind in {"details_in_clear", "phone_in_clear"}:
            body["contact"] = {
                "details": self.details({}, f"{item.way}: details"),
                "phone": self.planted.phone(f"{item.way}: a phone in clear"),
            }
        if item.kind == "unknown_code":
            body["incident_kind"] = word("an unknown code")
        return replace(item, body=body)


def amendment(planter: Planter, item: Item, way: str, draw: Random) -> Json:
    """What may change about a report, with words in it."""
    word = planter.planted.word
    found: Json = {"source": dict(item.body["source"]) | {"operator": word(f"{way}: source.operator")}}
    if draw.random() < 0.5:
        found["grade"] = {"value": "scheduled", "by": word(f"{way}: grade.by"), "at": item.body["received_at"]}
    return found

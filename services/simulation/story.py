"""The demo's report and what its scenes look for: the words of the story, apart from how it is staged."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.simulation.ledger import Heard

CALLER: dict[str, Any] = {
    "name": "Robin Merrow",
    "pronouns": "they/them",
    "phone": "+447700900611",
    "email": "robin.merrow@example.org",
    "safe_to_call": True,
    "safe_to_text": False,
    "voicemail_ok": False,
    "code_phrase": "about the blue bicycle",
    "must_not_know": "the people in the flat below",
    "narrative": "Shouted at and followed home, for the second time this month. Safe indoors now.",
}


def report(now: datetime, key: str) -> dict[str, Any]:
    """The report of a call on 101, as the control room of Hertfordshire sends it; without contact."""
    return {
        "source": {
            "system": "cad-herts",
            "force": "herts",
            "operator": "op14",
            "incident_ref": f"0412-{key[-4:]}",
            "incident_date": now.date().isoformat(),
        },
        "idempotency_key": key,
        "received_at": now.isoformat(),
        "channel": "101",
        "need": "support",
        "requester": {"role": "victim", "consents_to_contact": True},
        "incident_kind": "crime",
        "strands": [{"strand": "sexual_orientation", "perceived_by": "victim"}],
        "grade": {"value": "priority", "by": "Control room", "at": now.isoformat()},
        "risks": ["repeat"],
        "locations": [{"kind": "incident", "postcode": "WD17 3LA"}],
        "preferences": {"how": "phone"},
    }


@dataclass
class Heardbook:
    """What the demo has heard so far of its one referral, on outbound and inside."""

    key: str
    reference: str | None = None
    outbound: list[Heard] = field(default_factory=list)
    inside: list[Heard] = field(default_factory=list)

    def hear(self, heard: Heard) -> None:
        """Keep what is about this report."""
        if heard.force == "referrals":
            self.inside.append(heard)
        elif heard.body.get("idempotency_key") == self.key or heard.key == self.key:
            self.outbound.append(heard)
            self.reference = self.reference or heard.reference

    def lines(self) -> list[str]:
        """The control room's log, in order."""
        return [str(heard.body.get("log_line", "")) for heard in self.outbound]

    def heard(self, kind: str, times: int = 1) -> Heard | None:
        """The outbound record of a kind that came as the `times`th of it."""
        found = [heard for heard in self.outbound if heard.type == kind]
        return found[times - 1] if len(found) >= times else None

    def offers(self) -> list[list[str]]:
        """Who was asked, offer by offer, as the services tell one another."""
        return [
            [str(officer) for officer in heard.body.get("officers", ())]
            for heard in self.inside
            if heard.type == "referral.offered" and heard.reference == self.reference
        ]

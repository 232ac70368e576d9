"""A plain report for measuring, and a roster that never runs out of officers."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

OFFICERS = 300


def now() -> datetime:
    """This moment; benchmarks run in real time."""
    return datetime.now(UTC)


def body_of(force: str) -> dict[str, Any]:
    """A report that an ordinary weekday brings: support asked for by 101, no contact details, a district given."""
    return {
        "source": {"system": "bench", "force": force, "incident_ref": uuid4().hex[:8], "incident_date": "2026-06-06"},
        "idempotency_key": str(uuid4()),
        "received_at": now().isoformat(),
        "channel": "101",
        "need": "support",
        "requester": {"role": "victim", "consents_to_contact": True},
        "incident_kind": "crime",
        "strands": [{"strand": "sexual_orientation", "perceived_by": "victim"}],
        "locations": [{"kind": "incident", "district": "E07000096"}],
    }


def write_roster(folder: Path, webhook: str) -> None:
    """300 officers on duty for a week, with room for everything, and every role staffed."""
    folder.mkdir(parents=True, exist_ok=True)
    start, end = now() - timedelta(days=1), now() + timedelta(days=7)
    officers = [
        {
            "id": f"B{number:04}",
            "force": "herts",
            "title": "PC",
            "districts": "E07000096",
            "cap": "99",
            "webhook": webhook,
        }
        for number in range(OFFICERS)
    ]
    _write(folder / "officers.csv", _OFFICER, officers)
    training = [
        {"officer": one["id"], "course": "llo", "attended": "2026-01-10", "valid_until": "2029-01-10"}
        for one in officers
    ]
    _write(folder / "training.csv", ("officer", "course", "attended", "valid_until"), training)
    duties = [
        {"officer": one["id"], "kind": "duty", "from": start.isoformat(), "until": end.isoformat()} for one in officers
    ]
    _write(folder / "duties.csv", ("officer", "kind", "from", "until"), duties)
    roles = [
        {
            "force": force,
            "role": role,
            "name": f"{role} {force}",
            "webhook": webhook,
            "from": start.isoformat(),
            "until": end.isoformat(),
        }
        for force in ("herts", "beds", "cambs")
        for role in ("coordinator", "sergeant", "inspector", "fim", "psd", "ops")
    ]
    _write(folder / "roles.csv", ("force", "role", "name", "phone", "email", "webhook", "from", "until"), roles)


_OFFICER = (
    "id", "force", "title", "districts", "skills", "languages", "gender", "cap",
    "phone", "email", "webhook", "avoid", "base_postcode",
)  # fmt: skip


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)

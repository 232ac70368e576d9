"""A small roster: six officers in Watford, on duty all week, and every role staffed."""

import csv
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.reports import now

OFFICERS = ("H1042", "H1043", "H1044", "H1045", "H1046", "H1047")
_OFFICER = ["id", "force", "title", "districts", "skills", "languages", "gender", "cap"]
_OFFICER += ["phone", "email", "webhook", "avoid", "base_postcode"]
_ROLE = ["force", "role", "name", "phone", "email", "webhook", "from", "until"]


def number_of(officer: str) -> str:
    """The telephone number of an officer of this county, where they have one."""
    return f"+44770090{officer[1:]}"


def write_roster(folder: Path, webhook: str, *, texts: bool = False) -> Path:
    """Write the four files; every message rings at `webhook`/<officer or role>, or officers get `texts` instead."""
    folder.mkdir(parents=True, exist_ok=True)
    start, end = (now() - timedelta(days=1)).isoformat(), (now() + timedelta(days=6)).isoformat()
    _write(
        folder / "officers.csv",
        _OFFICER,
        [
            {
                "id": one,
                "force": "herts",
                "title": "PC",
                "districts": "E07000103",
                "cap": "50",
                **({"phone": number_of(one)} if texts else {"webhook": f"{webhook}/{one}"}),
            }
            for one in OFFICERS
        ],
    )
    training = [
        {"officer": one, "course": "llo", "attended": "2026-01-10", "valid_until": "2029-01-10"} for one in OFFICERS
    ]
    _write(folder / "training.csv", ["officer", "course", "attended", "valid_until"], training)
    duties = [{"officer": one, "kind": "duty", "from": start, "until": end} for one in OFFICERS]
    _write(folder / "duties.csv", ["officer", "kind", "from", "until"], duties)
    roles = [
        {
            "force": force,
            "role": role,
            "name": f"{role} {force}",
            "webhook": f"{webhook}/{role}:{force}",
            "from": start,
            "until": end,
        }
        for force in ("herts", "beds", "cambs")
        for role in ("coordinator", "sergeant", "inspector", "fim", "psd", "ops")
    ]
    _write(folder / "roles.csv", _ROLE, roles)
    return folder


def _write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)

"""A small town for the browser tests: `liaison run` as anybody starts it, four officers on duty, reports by HTTP."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.fleet import free_port
from tests.waiting import until

OFFICERS = ("H1042", "H1077", "H1099", "B2010")
COORDINATOR = "coordinator:herts"
CONTROL_ROOM = "control_room:herts"


@dataclass
class Town:
    """The running system, spoken to as any client would."""

    url: str
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    async def ask(self, **changes: Any) -> str:
        """Somebody asks for advice from a scene, which goes to everybody on duty at once; gives the reference."""
        now = datetime.now(UTC).isoformat()
        body: dict[str, Any] = {
            "source": {"system": "storm", "force": "herts", "incident_ref": "0417"},
            "idempotency_key": str(uuid4()),
            "received_at": now,
            "channel": "control_room",
            "need": "officer_advice",
            "requester": {"role": "officer", "consents_to_contact": True},
            "incident_kind": "support_only",
            "locations": [{"kind": "incident", "district": "E07000103"}],
        }
        answer = await self.call("POST", "/v1/reports", CONTROL_ROOM, body | changes)
        return str(answer["reference"])

    async def offered(self) -> str:
        """The reference of one that everybody on duty has just been asked about."""
        reference = await self.ask()
        await self.on_offer(reference)
        return reference

    async def on_offer(self, reference: str) -> Mapping[str, Any]:
        """The referral, once officers have been asked."""
        return await until(lambda: self._where(reference, "offered"))

    async def _where(self, reference: str, state: str) -> Mapping[str, Any] | None:
        answer = await self._send("GET", f"/v1/referrals/{reference}", COORDINATOR)
        referral = answer.json() if answer.status_code == 200 else {}
        return referral if referral.get("state") == state else None

    async def holder(self, reference: str) -> str | None:
        """Who holds it."""
        referral = await self.call("GET", f"/v1/referrals/{reference}", COORDINATOR)
        return (referral["holder"] or {}).get("id")

    async def call(self, method: str, path: str, who: str, body: Mapping[str, Any] | None = None) -> Any:
        """A request as somebody; an answer that is no success fails the test."""
        answer = await self._send(method, path, who, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    async def _send(self, method: str, path: str, who: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {await self._token(who)}"}
        return await self.http.request(method, path, json=body, headers=headers)

    async def _token(self, who: str) -> str:
        if who not in self.tokens:
            self.tokens[who] = (await self.http.post("/demo/token", json={"as": who})).json()["token"]
        return self.tokens[who]


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """`liaison run` on everything embedded, ready, with the roster below, for the length of the block."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    settings = {
        "LIAISON_DATA_DIR": str(folder / "data"),
        "LIAISON_ROSTER": str(write_roster(folder / "roster")),
        "LIAISON_PORT": str(port),
    }
    process = _start(kept | settings, folder / "liaison.log")
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=40) as http:
            await until(lambda: _ready(http, process, folder / "liaison.log"), 90)
            yield Town(url, http)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _start(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen([sys.executable, "-m", "services", "run"], env=environment, stdout=out, stderr=out)


async def _ready(http: httpx.AsyncClient, process: subprocess.Popen[bytes], log: Path) -> bool | None:
    assert process.poll() is None, _end_of(log)
    try:
        answer = await http.get("/health/ready")
    except httpx.TransportError:
        return None
    return True if answer.status_code == 200 else None


def _end_of(log: Path) -> str:
    return log.read_text()[-3000:]


def write_roster(folder: Path) -> Path:
    """Four trained officers, on duty from an hour ago until this time tomorrow, and every role staffed."""
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    start, end = (now - timedelta(hours=1)).isoformat(), (now + timedelta(days=1)).isoformat()
    forces = {"H": "herts", "B": "beds", "C": "cambs"}
    mail = {one: f"{one.lower()}@police.example" for one in OFFICERS}
    _write(
        folder / "officers.csv",
        "id,force,title,districts,skills,languages,gender,cap,phone,email,webhook,avoid,base_postcode",
        [[one, forces[one[0]], f"PC {one}", "", "", "", "", 40, "", mail[one], "", "", ""] for one in OFFICERS],
    )
    _write(
        folder / "training.csv",
        "officer,course,attended,valid_until",
        [[one, "llo", "2025-05-19", "2099-05-19"] for one in OFFICERS],
    )
    _write(folder / "duties.csv", "officer,kind,from,until", [[one, "duty", start, end] for one in OFFICERS])
    roles = [
        (force, role) for force in forces.values() for role in ("coordinator", "sergeant", "inspector", "fim", "psd")
    ]
    _write(
        folder / "roles.csv",
        "force,role,name,phone,email,webhook,from,until",
        [[force, role, f"{role} of {force}", "", f"{role}@{force}.example", "", start, end] for force, role in roles],
    )
    return folder


def _write(path: Path, header: str, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)

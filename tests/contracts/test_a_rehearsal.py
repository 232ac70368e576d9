"""`liaison contract rehearse`: a control room written from the AsyncAPI document passes, careless ones hear why not."""

from collections import deque
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.rules.desk import Told
from services.rehearsal.broker import written
from services.rehearsal.liaison import Liaison
from services.rehearsal.scenes import Verdict, rehearse
from services.rehearsal.stage import Stage
from shared.contracts.documents import asyncapi
from shared.inbox import Received, Record, read
from tests.contracts.control_room import ControlRoom, Headers, Json, Report
from tests.rules.intake.furniture import COUNTRY, policy

DOCUMENT = asyncapi()


class Table:
    """Both sides at one table: a record put down is there at once, and time passes when nobody says anything."""

    def __init__(self, kind: type[ControlRoom]) -> None:
        self.room = kind(DOCUMENT, "herts", self._put)
        self._waiting: deque[Record] = deque()

    def _put(self, topic: str, key: bytes | None, value: bytes, headers: Headers) -> None:
        self._waiting.append(Record(topic, 0, len(self._waiting), 0, key, value, tuple(headers)))

    async def hear(self, seconds: float) -> Received | None:
        for _ in range(2 * (not self._waiting)):
            self.room.time_passes()
        return read(self._waiting.popleft()) if self._waiting else None

    async def tell(self, told: Told, *, twice: bool) -> None:
        body, headers = written(told)
        for _ in range(2 if twice else 1):
            self.room.heard(told.key.encode(), body, headers)


async def operate(room: ControlRoom, words: str) -> None:
    """Does at the control room what the rehearsal asks for."""
    if "refused" in words and "Choose another" in words:
        room.correct(room.reports[-1], incident_kind="non_crime")
    elif "amend" in words:
        room.amend(room.reports[0], risks=["repeat"])
    elif "withdraw" in words:
        room.withdraw(room.reports[0])
    else:
        room.report()


async def rehearsed(kind: type[ControlRoom]) -> tuple[Verdict, ControlRoom]:
    table = Table(kind)
    stage = Stage(
        wire=table,
        liaison=Liaison("herts", policy(), COUNTRY),
        clock=lambda: datetime.now(UTC),
        ask=lambda words: operate(table.room, words),
    )
    return await rehearse(stage), table.room


def complaints(verdict: Verdict) -> dict[str, set[tuple[str, str]]]:
    return {
        result.scene: {(one.field, one.reason) for one in result.complaints}
        for result in verdict.results
        if not result.passed
    }


async def test_a_control_room_written_from_the_document_alone_passes_every_scene() -> None:
    verdict, room = await rehearsed(ControlRoom)
    assert complaints(verdict) == {}
    assert verdict.passed
    assert [result.scene for result in verdict.results] == [
        "accept", "duplicate", "reject", "amend", "withdraw", "hand-off",
    ]  # fmt: skip
    assert [report.state for report in room.reports] == ["withdrawn", "accepted", "waiting", "handed_off"]


async def test_its_incident_log_has_each_line_once_and_every_one_says_that_it_is_an_exercise() -> None:
    _, room = await rehearsed(ControlRoom)
    assert len(room.incident_log) == 16
    assert room.gaps == 0
    assert sum("Withdrawn." in line for line in room.incident_log) == 1
    assert all(line.startswith("EXERCISE") for line in room.incident_log if "not accepted" not in line)


class Forgetful(ControlRoom):
    """Sends once and hopes."""

    def time_passes(self) -> None:
        """Nothing is done about it."""


class Inventive(ControlRoom):
    """Makes up a new key whenever it sends something again."""

    def time_passes(self) -> None:
        """A new report for an old one."""
        for report in self.reports:
            if not report.answered:
                report.payload["idempotency_key"] = f"{report.key}-again"
        super().time_passes()


class InEarnest(ControlRoom):
    """Does not say that it is an exercise."""

    def put(self, name: str, key: str, payload: Json) -> None:
        """Without the word."""
        super().put(name, key, {field: value for field, value in payload.items() if field != "exercise"})


class Stubborn(ControlRoom):
    """Sends what was rejected again, as it was."""

    def correct(self, report: Report, **changes: Any) -> Report:
        """Nothing is corrected."""
        return super().correct(report)


class Scattered(ControlRoom):
    """Puts whatever it sends under a key of its own."""

    def put(self, name: str, key: str, payload: Json) -> None:
        """The key says what it is."""
        super().put(name, key if name == "report.submitted" else f"{key}/{name}", payload)


class Numbering(ControlRoom):
    """Gives every event of a day the same id."""

    def envelope(self, ce_type: str) -> dict[str, str]:
        """Today's id."""
        return super().envelope(ce_type) | {"ce_id": "20261123"}


class Slow(ControlRoom):
    """Its clock is an hour and a half behind."""

    def envelope(self, ce_type: str) -> dict[str, str]:
        """A time long past."""
        return super().envelope(ce_type) | {"ce_time": "2026-06-06T12:00:00+01:00"}


class Chatty(ControlRoom):
    """Says on the topic who it is about."""

    def put(self, name: str, key: str, payload: Json) -> None:
        """With a name."""
        super().put(name, key, payload | {"contact": {"details": {"name": "Ottoline Wren"}}})


class Impatient(ControlRoom):
    """Sends everything again, answered or not."""

    def time_passes(self) -> None:
        """Once more, with feeling."""
        for report in self.reports:
            self.put("report.submitted", report.key, report.payload)


@pytest.mark.parametrize(
    ("kind", "scene", "complaint"),
    [
        (Forgetful, "duplicate", ("record", "nothing_came")),
        (Inventive, "duplicate", ("idempotency_key", "another_one_on_resending")),
        (InEarnest, "accept", ("exercise", "required")),
        (Stubborn, "reject", ("body", "refused_and_sent_again_unchanged")),
        (Scattered, "amend", ("record key", "not_the_reports")),
        (Scattered, "withdraw", ("record key", "not_the_reports")),
        (Numbering, "duplicate", ("ce_id", "used_with_another_body")),
        (Slow, "accept", ("ce_time", "far_from_now")),
        (Chatty, "accept", ("contact.details", "details_in_clear")),
        (Impatient, "hand-off", ("record", "came_unasked")),
    ],
)
async def test_a_careless_control_room_is_told_what_is_wrong_where(
    kind: type[ControlRoom], scene: str, complaint: tuple[str, str]
) -> None:
    verdict, _ = await rehearsed(kind)
    assert not verdict.passed
    assert complaint in complaints(verdict)[scene]


async def test_a_report_that_is_no_exercise_is_never_taken_in() -> None:
    verdict, room = await rehearsed(InEarnest)
    assert {report.reference for report in room.reports} == {None}
    assert [result.scene for result in verdict.results if not result.played] == ["amend", "withdraw"]

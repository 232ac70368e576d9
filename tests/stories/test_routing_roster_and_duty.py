"""The roster and who is on duty: files, feeds, an officer's own word, and what notify is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.routing.store import roster as roster_store
from shared.addressees import open_address
from shared.contracts.cloudevents import Envelope, to_headers
from shared.identifiers import uuid7
from shared.sealing import SealBroken
from tests.stories.routing_house import FORCES, NOON, House, off_duty, on_duty, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """One officer in Hertfordshire, one in Bedfordshire."""
    return await service.as_new("H1,herts", "B7,beds")


async def asked(house: House, **words: Any) -> list[str]:
    """Who is asked about a new report."""
    report = await house.report(**words)
    return [officer for event in await house.told(report, "offered") for officer in event["officers"]]


async def test_loading_the_same_roster_twice_changes_nothing_and_says_nothing(house: House) -> None:
    before = await house.published("officers")
    loaded = await house.roster("H1,herts", "B7,beds")
    assert not loaded.changed
    assert await house.published("officers") == before
    assert {key for key, _ in before} >= {"H1", "B7", "fim:herts", "ops:cambs"}


async def test_addresses_leave_sealed_and_open_with_the_master_keys_alone(house: House) -> None:
    said = dict(await house.published("officers"))["H1"]
    assert said is not None
    sealed = said["means"][0]["sealed"]
    assert "phones.example" not in str(said)
    assert open_address(house.keys, "H1", "webhook", sealed) == "https://phones.example/H1"
    with pytest.raises(SealBroken):
        open_address(house.keys, "B7", "webhook", sealed)
    stored = await house.rows("select cast(means as text) as means from routing.officers")
    assert not any("phones.example" in row.means for row in stored)


async def test_only_what_differs_is_published_and_who_left_is_deleted(house: House) -> None:
    before = len(await house.published("officers"))
    await house.roster("H1,herts,,trans", "H2,herts")
    said = (await house.published("officers"))[before:]
    assert [(key, event is None) for key, event in said] == [("B7", True), ("H1", False), ("H2", False)]


async def test_a_past_version_of_the_roster_can_be_read_again(house: House) -> None:
    async with house.database.unit() as unit:
        number = await roster_store.version(unit.connection)
        before = await roster_store.read(unit.connection, FORCES, number, NOON)
    await house.roster("H9,herts")
    async with house.database.unit() as unit:
        then = await roster_store.read(unit.connection, FORCES, number, NOON)
        now = await roster_store.read(unit.connection, FORCES, number + 1, NOON)
    assert then == before
    assert [officer.id for officer in now.officers] == ["H9"]


async def test_an_officers_own_leave_beats_the_feed_and_the_feed_beats_the_file(house: House) -> None:
    await house.roster("H1,herts", "B7,beds,,,9")
    assert await asked(house) == ["H1"]
    await house.hear("duty.herts", on_duty("H1", "e1", "court", (9, 17)))
    assert await asked(house) == ["B7"]
    mine = {"entries": [{"kind": "duty", "from": "2026-11-23T09:00:00Z", "until": "2026-11-23T20:00:00Z"}]}
    assert (await house.ask("officer:H1", "PUT", "/v1/officers/H1/duties", mine)).status_code == 200
    assert await asked(house) == ["H1"]
    sick = {"entries": [{"kind": "sick", "from": "2026-11-23T11:00:00Z"}]}
    assert (await house.ask("sergeant:herts", "PUT", "/v1/officers/H1/duties", sick)).status_code == 200
    assert await asked(house) == ["B7"]


async def test_a_duty_system_takes_an_entry_back_and_replaces_another(house: House) -> None:
    await house.hear("duty.herts", on_duty("H1", "e1", "sick", (0, None)))
    await house.hear("duty.herts", on_duty("H1", "e1", "duty", (9, 17)))
    assert await asked(house) == ["H1"]
    await house.hear("duty.herts", on_duty("H1", "e2", "leave", (0, 24)), off_duty("H1", "e2"))
    assert await asked(house) == ["H1"]


async def test_one_force_has_no_say_about_another_forces_officers(house: House) -> None:
    await house.hear("duty.beds", on_duty("H1", "e1", "sick", (0, None)))
    assert await asked(house) == ["H1"]


async def test_the_same_entry_again_is_no_new_version(house: House) -> None:
    await house.hear("duty.herts", on_duty("H1", "e1", "duty", (9, 17)))
    version = (await house.rows("select version from routing.roster_state"))[0].version
    await house.hear("duty.herts", on_duty("H1", "e1", "duty", (9, 17)))
    assert (await house.rows("select version from routing.roster_state"))[0].version == version


async def test_what_a_duty_system_sends_unreadably_is_kept_and_stops_nobody(house: House) -> None:
    good = house.record("duty.herts", on_duty("H1", "e1", "court", (9, 17)))
    envelope = Envelope(
        id=str(uuid7()), source="rota", type="liaison.duty.recorded.v1", time=NOON, subject=None, traceparent=None
    )
    bad = [
        house.raw(
            "duty.herts", body, tuple(to_headers(envelope.__class__(**{**envelope.__dict__, "id": str(uuid7())})))
        )
        for body in (b"{", b'{"officer": "H1", "why": "a secret"}', b"[]", None)
    ]
    await house.hear_records("duty.herts", *bad, good, *bad[:0])
    assert await asked(house) == ["B7"]
    letters = await house.rows("select reason, cast(fields as text) as fields from routing.dead_letters")
    assert len(letters) == 4
    assert not any("secret" in row.fields for row in letters)
    assert "a secret" not in str(await house.published("dead-letters"))


async def test_whoever_comes_on_duty_is_asked_what_nobody_could_take(house: House) -> None:
    await house.roster("H1,herts", duties="H1,leave,2026-11-23,2026-11-23\n")
    report = await house.report()
    assert await house.told(report, "offered") == []
    await house.hear("duty.herts", on_duty("H1", "e1", "on_call", (12, 23)))
    await house.decide()
    assert [(e["officers"], e["why"]) for e in await house.told(report, "offered")] == [(["H1"], "came_on_duty")]


async def test_a_shift_that_begins_later_is_waited_for(house: House) -> None:
    await house.roster("H1,herts", duties="H1,duty,2026-11-23T15:00Z,2026-11-23T23:00Z\n")
    report = await house.report(**{"class": "scheduled"})
    await house.pass_minutes(4 * 60)
    assert [event["at"] for event in await house.told(report, "offered")] == ["2026-11-23T15:00:00Z"]


async def test_an_officer_speaks_for_nobody_else(house: House) -> None:
    entries: dict[str, Any] = {"entries": []}
    assert (await house.ask("officer:B7", "PUT", "/v1/officers/H1/duties", entries)).status_code == 403
    assert (await house.ask("sergeant:beds", "PUT", "/v1/officers/H1/duties", entries)).status_code == 404
    assert (await house.ask("officer:X9", "PUT", "/v1/officers/X9/duties", entries)).status_code == 404
    assert (await house.ask("dpo", "PUT", "/v1/officers/H1/duties", entries)).status_code == 403


async def test_an_entry_that_ends_before_it_starts_is_refused_by_field(house: House) -> None:
    wrong = {"entries": [{"kind": "sick", "from": "2026-11-23T11:00:00Z", "until": "2026-11-23T10:00:00Z"}]}
    answer = await house.ask("officer:H1", "PUT", "/v1/officers/H1/duties", wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "entries.0.until", "reason": "ends_before_it_starts"}]


async def test_supervisors_see_who_is_on_duty_and_nothing_about_who_they_are(house: House) -> None:
    await house.report()
    items = (await house.ask("coordinator:herts", "GET", "/v1/officers?force=herts")).json()["items"]
    assert [(item["id"], item["duty"], item["cap"], item["in_hand"]) for item in items] == [("H1", "duty", 3, 1)]
    assert not {"gender", "avoid", "means"} & set(items[0])
    assert (await house.ask("coordinator:herts", "GET", "/v1/officers?force=beds")).status_code == 403
    assert (await house.ask("ops", "GET", "/v1/officers")).status_code == 403

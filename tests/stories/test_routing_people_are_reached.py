"""How people are reached: officers' own means, and the rotas of roles, by file and by a supervisor's word."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.addressees import open_address
from tests.stories.routing_house import House, routing


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """One officer in Hertfordshire, one in Bedfordshire, every role staffed by the file for good."""
    return await service.as_new("H1,herts", "B7,beds")


async def published(house: House, key: str) -> dict[str, Any]:
    """What notify was told last under a key."""
    said = dict(await house.published("officers"))[key]
    assert said is not None
    return said


async def ways(house: House, key: str) -> list[tuple[str, str, bool]]:
    """(kind, address, verified) of each way to reach somebody, in order."""
    means = (await published(house, key))["means"]
    return [(one["kind"], open_address(house.keys, key, one["kind"], one["sealed"]), one["verified"]) for one in means]


async def version(house: House) -> int:
    number: int = (await house.rows("select version from routing.roster_state"))[0].version
    return number


FILE = ("webhook", "https://phones.example/H1", True)


async def test_a_new_number_is_kept_unverified_behind_what_the_roster_gives(house: House) -> None:
    answer = await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"phone": "07700 900123"})
    assert answer.json() == {"officer": "H1", "means": [{"kind": "phone", "verified": False}]}
    assert "900123" not in answer.text
    assert await ways(house, "H1") == [FILE, ("phone", "+447700900123", False)]


async def test_the_same_means_again_change_nothing_and_fewer_take_the_rest_back(house: House) -> None:
    both = {"phone": "07700900123", "email": "plum@herts.example"}
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", both)
    before = await version(house)
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", both)
    assert await version(house) == before
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {})
    assert await ways(house, "H1") == [FILE]


async def test_own_means_outlast_a_new_roster_and_leave_with_the_officer(house: House) -> None:
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"phone": "07700900123"})
    await house.roster("H1,herts,,trans", "B7,beds")
    assert ("phone", "+447700900123", False) in await ways(house, "H1")
    await house.roster("B7,beds")
    assert dict(await house.published("officers"))["H1"] is None


async def test_a_verified_number_stands_in_for_the_rosters_of_its_kind(house: House) -> None:
    await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", {"webhook": "https://own.example/hook"})
    await house.rows("update routing.own_means set verified = true returning 1")
    await house.roster("H1,herts,,trans", "B7,beds")
    assert await ways(house, "H1") == [("webhook", "https://own.example/hook", True)]


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"phone": "ring Marguerite"}, "phone", "not_a_phone_number"),
        ({"email": "plum"}, "email", "not_an_email_address"),
        ({"webhook": "ftp://plum.example"}, "webhook", "not_a_web_address"),
        ({"pager": "12"}, "pager", "unknown_field"),
    ],
)
async def test_an_address_that_is_none_is_refused_by_field(
    house: House, body: dict[str, str], field: str, reason: str
) -> None:
    answer = await house.ask("officer:H1", "PUT", "/v1/officers/H1/means", body)
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": field, "reason": reason}])
    assert "arguerite" not in answer.text


async def test_nobody_else_says_how_an_officer_is_reached(house: House) -> None:
    body = {"phone": "07700900123"}
    assert (await house.ask("officer:B7", "PUT", "/v1/officers/H1/means", body)).status_code == 403
    assert (await house.ask("sergeant:herts", "PUT", "/v1/officers/H1/means", body)).status_code == 403
    assert (await house.ask("officer:X9", "PUT", "/v1/officers/X9/means", body)).status_code == 404


TONIGHT = {
    "name": "Inspector Plum",
    "phone": "07700900200",
    "from": "2026-11-23T22:00:00Z",
    "until": "2026-11-24T06:00:00Z",
}


async def test_a_supervisor_sets_who_staffs_a_role_tonight_and_the_file_has_the_rest(house: House) -> None:
    answer = await house.ask("sergeant:herts", "PUT", "/v1/roles/herts/fim", {"entries": [TONIGHT]})
    assert answer.status_code == 200
    entries = answer.json()["entries"]
    assert [(one["source"], one["name"], one["from"], one["until"]) for one in entries] == [
        ("file", "fim", None, "2026-11-23T22:00:00+00:00"),
        ("own", "Inspector Plum", "2026-11-23T22:00:00+00:00", "2026-11-24T06:00:00+00:00"),
        ("file", "fim", "2026-11-24T06:00:00+00:00", None),
    ]
    assert answer.json()["gaps"] == []
    assert "900200" not in answer.text
    said = (await published(house, "fim:herts"))["means"]
    assert [(one["from"], one["until"]) for one in said] == [
        (None, "2026-11-23T22:00:00Z"),
        ("2026-11-23T22:00:00Z", "2026-11-24T06:00:00Z"),
        ("2026-11-24T06:00:00Z", None),
    ]


async def test_loading_the_files_again_leaves_what_a_supervisor_set(house: House) -> None:
    await house.ask("sergeant:herts", "PUT", "/v1/roles/herts/fim", {"entries": [TONIGHT]})
    assert not (await house.roster("H1,herts", "B7,beds")).changed
    before = await version(house)
    await house.ask("fim:herts", "PUT", "/v1/roles/herts/fim", {"entries": [TONIGHT]})
    assert await version(house) == before
    await house.ask("fim:herts", "PUT", "/v1/roles/herts/fim", {"entries": []})
    assert len((await published(house, "fim:herts"))["means"]) == 1


async def test_a_rota_says_when_nobody_staffs_the_role(house: House) -> None:
    await house.roster("H1,herts", roles="herts,coordinator,c,07700900001,,\n")
    answer = await house.ask("sergeant:herts", "PUT", "/v1/roles/herts/fim", {"entries": [TONIGHT]})
    assert answer.json()["gaps"] == [
        {"from": "2026-11-23T12:00:00+00:00", "until": "2026-11-23T22:00:00+00:00"},
        {"from": "2026-11-24T06:00:00+00:00", "until": None},
    ]


@pytest.mark.parametrize(
    ("entry", "field", "reason"),
    [
        ({"name": "Nobody"}, "entries.0.phone", "required"),
        (TONIGHT | {"until": "2026-11-23T21:00:00Z"}, "entries.0.until", "ends_before_it_starts"),
        (TONIGHT | {"from": "2026-11-23T22:00:00"}, "entries.0.from", "no_offset"),
    ],
)
async def test_a_turn_that_cannot_stand_is_refused_by_field(
    house: House, entry: dict[str, str], field: str, reason: str
) -> None:
    answer = await house.ask("sergeant:herts", "PUT", "/v1/roles/herts/fim", {"entries": [entry]})
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": field, "reason": reason}])


async def test_only_supervisors_of_the_force_say_who_staffs_its_roles(house: House) -> None:
    body = {"entries": [TONIGHT]}
    assert (await house.ask("sergeant:beds", "PUT", "/v1/roles/herts/fim", body)).status_code == 403
    assert (await house.ask("officer:H1", "PUT", "/v1/roles/herts/fim", body)).status_code == 403
    assert (await house.ask("control_room:herts", "PUT", "/v1/roles/herts/fim", body)).status_code == 403
    assert (await house.ask("sergeant:herts", "PUT", "/v1/roles/herts/juggler", body)).status_code == 404

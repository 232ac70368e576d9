"""The roster names a control room's webhook: sealed, changed by a supervisor, and nobody's post."""

import json
from collections.abc import AsyncIterator

import pytest

from services.routing.rules.roster.files import Known, read_roster
from services.routing.rules.roster.rows import BadLine, RosterRefused
from shared.addressees import open_address
from tests.stories.routing_house import FORCES, House, routing

HOOK = "https://storm.herts.example/liaison"
ROOM = "control_room:herts"


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with routing(postgres_url) as made:
        yield await made.as_new("H1042,herts")


async def test_a_supervisor_names_the_webhook_and_the_topic_carries_it_sealed(house: House) -> None:
    answer = await house.ask("fim:herts", "PUT", "/v1/roles/herts/control_room", {"entries": [{"webhook": HOOK}]})
    assert answer.status_code == 200
    assert answer.json()["gaps"] == []
    assert HOOK not in answer.text
    told = dict(await house.published("officers"))[ROOM]
    assert told is not None
    (means,) = told["means"]
    assert HOOK not in json.dumps(told)
    assert open_address(house.keys, ROOM, "webhook", means["sealed"]) == HOOK
    gone = await house.ask("fim:herts", "PUT", "/v1/roles/herts/control_room", {"entries": []})
    assert (gone.status_code, gone.json()["entries"], gone.json()["gaps"]) == (200, [], [])
    assert (await house.published("officers"))[-1] == (ROOM, None)


async def test_a_control_room_without_a_webhook_is_refused_by_field_and_reason(house: House) -> None:
    phone = {"entries": [{"phone": "+447700900042"}]}
    answer = await house.ask("fim:herts", "PUT", "/v1/roles/herts/control_room", phone)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "entries.0.webhook", "reason": "required"}]


async def test_it_is_no_post_on_the_roster_and_nobody_is_missing_there(house: House) -> None:
    await house.ask("fim:herts", "PUT", "/v1/roles/herts/control_room", {"entries": [{"webhook": HOOK}]})
    page = await house.ask("coordinator:herts", "GET", "/roster")
    assert page.status_code == 200
    assert "ontrol_room" not in page.text


def test_a_roster_file_names_it_too_and_a_telephone_alone_does_not_do() -> None:
    def files(line: str) -> dict[str, bytes]:
        return {
            "officers.csv": b"id,force,phone\n",
            "training.csv": b"officer,valid_until\n",
            "duties.csv": b"officer,kind,from,until\n",
            "roles.csv": f"force,role,phone,webhook\n{line}\n".encode(),
        }

    (row,) = read_roster(files(f"herts,control_room,,{HOOK}"), Known(frozenset(FORCES))).roles
    assert (row.role, [means.address for means in row.means]) == ("control_room", [HOOK])
    with pytest.raises(RosterRefused) as refused:
        read_roster(files("herts,control_room,+447700900042,"), Known(frozenset(FORCES)))
    assert refused.value.bad == (BadLine("roles.csv", 2, "webhook", "required"),)

"""Simulated officers: what they are told, what they make of it, and what they do."""

import json
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from services.simulation.access import Answer
from services.simulation.notebook import Notebook, Notice, signed
from services.simulation.officers import Crew, Manners, behaviour
from services.simulation.webhooks import Ear, receiving

SECRET = "whsec_dGhlIG90dGVyIHN3aW1zIGF0IG5pZ2h0"
REFERENCE = "K7QM-4T9P"
AT_ONCE = Manners(prompt=1, slow=0, decline=0, promptly=(0, 0), acknowledging=(0, 0), ringing=(0, 0), closing=(0, 0))


class Asked:
    """A client that writes down what it is asked and answers as it is told to."""

    def __init__(self, **statuses: int) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.statuses = statuses

    async def post(self, path: str, who: str, body: dict[str, Any]) -> Answer:
        self.calls.append((path, who, dict(body)))
        status = self.statuses.get(path.rpartition("/")[2].replace("-", "_"), 200)
        return Answer(status, {"holder": {"force": "beds", "id": "B2007"}})


def offer(to: str = "H1042", identity: str = "n-1", kind: str = "task.offered") -> Notice:
    return Notice(identity, to, kind, REFERENCE)


async def people(manners: Manners, *notices: Notice, **statuses: int) -> tuple[Asked, Crew]:
    asked = Asked(**statuses)
    crew = Crew(asked, manners)  # type: ignore[arg-type]
    for notice in notices:
        crew.told(notice)
    await crew.finish()
    return asked, crew


async def test_an_officer_who_accepts_rings_the_person_and_closes() -> None:
    asked, _ = await people(AT_ONCE, offer())
    assert [path.rpartition("/")[2] for path, _, _ in asked.calls] == ["accept", "contact-attempts", "close"]
    assert {who for _, who, _ in asked.calls} == {"officer:H1042"}
    assert asked.calls[1][2]["outcome"] == "spoke"


async def test_an_officer_who_came_second_does_nothing_more() -> None:
    asked, crew = await people(AT_ONCE, offer(), accept=409)
    assert len(asked.calls) == 1
    assert crew.did == {"accept: 409": 1}


async def test_an_action_that_is_not_there_is_asked_for_once() -> None:
    asked = Asked(contact_attempts=404, close=404)
    crew = Crew(asked, AT_ONCE)  # type: ignore[arg-type]
    crew.told(offer())
    await crew.finish()
    crew.told(offer("H1001", "n-2"))
    await crew.finish()
    assert [path.rpartition("/")[2] for path, _, _ in asked.calls].count("close") == 1
    assert asked.calls[-1][:2] == (f"/v1/reports/{REFERENCE}/withdrawal", "control_room:beds")


async def test_a_supervisor_acknowledges_as_the_role_of_their_force() -> None:
    asked, _ = await people(AT_ONCE, offer("fim:beds", kind="role.alert"))
    assert asked.calls == [
        (f"/v1/referrals/{REFERENCE}/acknowledge", "fim:beds", {"role": "fim", "outcome": "taken_on"})
    ]


async def test_an_officer_who_hears_that_it_is_taken_lets_it_go() -> None:
    pensive = Manners(prompt=1, slow=0, decline=0, promptly=(600, 600))
    asked = Asked()
    crew = Crew(asked, pensive)  # type: ignore[arg-type]
    crew.told(offer())
    crew.told(offer("H1001", "n-2", "task.taken"))
    crew.told(offer(identity="n-3", kind="task.taken"))
    await crew.finish()
    assert asked.calls == []
    assert crew.did == {"let go": 1}


async def test_operations_and_an_officer_that_somebody_plays_are_left_alone() -> None:
    spared = Manners(prompt=1, promptly=(0, 0), spare=frozenset({"H1042"}))
    asked, _ = await people(spared, offer(), offer("ops", "n-2", "role.alert"), offer("H1001", "n-3", "task.taken"))
    assert asked.calls == []


async def test_the_same_officer_does_the_same_about_the_same_referral() -> None:
    manners = Manners(promptly=(0, 0), slowly=(0, 0), finishes=False)
    notices = [offer(f"H{number}", f"n-{number}") for number in range(1001, 1060)]
    _, once = await people(manners, *notices)
    _, again = await people(manners, *reversed(notices))
    assert once.did == again.did
    assert {"accept: done", "decline: done", "silent"} <= set(once.did)


def test_shares_of_behaviour_are_about_those_asked_for() -> None:
    draw = Random(5)
    did = [behaviour(Manners(), "task.offered", draw) for _ in range(4_000)]
    assert did.count("prompt") / 4_000 == pytest.approx(0.55, abs=0.03)
    assert did.count("silent") / 4_000 == pytest.approx(0.10, abs=0.03)


def test_a_retry_is_the_same_notice_and_a_second_offer_is_a_double() -> None:
    notebook = Notebook()
    assert notebook.note(offer())
    assert not notebook.note(offer())
    assert notebook.note(offer("H1001", "n-1"))
    assert notebook.note(offer(identity="n-2", kind="task.reminder"))
    assert notebook.counts["doubled"] == 0
    assert notebook.note(offer(identity="n-3"))
    assert notebook.counts["doubled"] == 1


def test_an_offer_after_the_news_that_it_is_taken_is_late() -> None:
    notebook = Notebook()
    notebook.note(offer(identity="n-1", kind="task.taken"))
    notebook.note(offer("H1001", "n-2"))
    assert notebook.counts["late"] == 0
    notebook.note(offer(identity="n-3"))
    assert notebook.counts["late"] == 1


def headers(body: str, identity: str = "n-1") -> dict[str, str]:
    at = datetime.now(UTC)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(identity, at, body),
    }


BODY = json.dumps({"id": "n-1", "type": "task.offered", "reference": REFERENCE, "class": "priority", "url": "/t"})


def test_a_signature_by_standard_webhooks_is_known_and_another_is_not() -> None:
    good = headers(BODY)
    assert signed([SECRET], good, BODY.encode())
    assert signed(["whsec_bm9ib2R5", SECRET], good, BODY.encode())
    assert not signed(["whsec_bm9ib2R5"], good, BODY.encode())
    assert not signed([SECRET], good, BODY.replace("priority", "immediate").encode())
    assert not signed([SECRET], {}, BODY.encode())


async def test_webhooks_reach_the_officer_and_the_role_they_are_for() -> None:
    notebook, heard = Notebook(), list[Notice]()
    alert = json.dumps({"id": "n-2", "type": "role.alert", "reference": REFERENCE, "hint": "chatty"})
    async with receiving(Ear(port=0, secrets=[SECRET]), notebook, heard.append) as base, aiohttp.ClientSession() as out:
        assert await post(out, f"{base}/officers/H1042", BODY, headers(BODY)) == 204
        assert await post(out, f"{base}/officers/H1042", BODY, headers(BODY)) == 204
        assert await post(out, f"{base}/officers/H1042", BODY, {"webhook-id": "n-1"}) == 401
        assert await post(out, f"{base}/roles/beds/fim", alert, headers(alert, "n-2")) == 204
        assert await post(out, f"{base}/roles/ops", alert, headers(alert, "n-2")) == 204
    assert [(notice.to, notice.type) for notice in heard] == [
        ("H1042", "task.offered"),
        ("fim:beds", "role.alert"),
        ("ops", "role.alert"),
    ]
    assert notebook.counts == {"new": 3, "again": 1, "forged": 1, "chatty": 2, "late": 0}


async def test_a_receiver_that_stumbles_is_written_down_and_notes_nothing() -> None:
    notebook, heard = Notebook(), list[Notice]()
    async with receiving(Ear(port=0, stumbles=1.0), notebook, heard.append) as base, aiohttp.ClientSession() as out:
        assert await post(out, f"{base}/officers/H1042", BODY, headers(BODY)) == 503
    assert heard == []
    assert notebook.counts == {"stumbled": 1}


async def post(session: aiohttp.ClientSession, url: str, body: str, given: dict[str, str]) -> int:
    async with session.post(url, data=body, headers=given) as response:
        return response.status


def test_a_record_that_is_no_json_is_heard_as_an_empty_one() -> None:
    from services.simulation.listening import heard_of

    record = SimpleNamespace(topic="outbound.beds", key=b"k", value=b"{", headers=[("ce_type", b"liaison.x.y.v1")])
    heard = heard_of(record, 1.0)
    assert (heard.force, heard.key, heard.type, heard.body) == ("beds", "k", "x.y", {})

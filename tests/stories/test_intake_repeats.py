"""Story 12, intake's half: who may be the same person as before, on a real PostgreSQL and with real keys.

A control room hears nothing of it; routing is told a pseudonym, how often, and who held the last.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.intake.forgetting import Forgetting
from services.intake.marking import Marking
from services.intake.policies import Policies
from services.intake.store import people
from shared.contracts.contact import ContactDetails
from shared.contracts.referrals import ReferralAccepted
from shared.policy_file import load_policy
from shared.sealing import MasterKeys, new_key
from tests.stories.intake_house import NOON, OTTOLINE, SECRETS, House, at_work, body, opened

WITH_DETAILS = {"contact": {"details": OTTOLINE}}


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    async with opened(postgres_url) as house:
        yield house


def details(**changes: Any) -> dict[str, Any]:
    """A report's contact details, given over HTTPS."""
    return {"contact": {"details": changes}}


async def told(house: House, reference: str) -> Mapping[str, Any]:
    """What routing was told last of a report."""
    return [one for one in await house.published("reports") if one["reference"] == reference][-1]


async def accepted_by(house: House, reference: str, officer: str) -> None:
    (row,) = await house.rows("select referral_id from intake.reports where reference = :r", r=reference)
    its = {"referral_id": UUID(str(row["referral_id"])), "reference": reference, "sequence": 1, "at": NOON}
    held = {"force": "herts", "state": "accepted", "officer": officer, "holder": {"force": "herts", "id": officer}}
    await house.inside("referrals", ReferralAccepted.model_validate(its | held))


async def marks_of(house: House, reference: str) -> Sequence[Mapping[str, Any]]:
    return await house.rows(
        "select mark, kind, person from intake.marks join intake.reports using (referral_id) "
        "where reference = :r order by kind",
        r=reference,
    )


async def left(house: House, **changes: Any) -> str:
    answer = await house.call("POST", "/v1/contacts", json=changes)
    handle: str = answer.json()["handle"]
    return handle


async def test_story_12_a_repeat_victims_previous_officer_and_count_reach_routing(house: House) -> None:
    first = await house.report(1, **WITH_DETAILS)
    await accepted_by(house, first, "H1042")
    again = await house.report(2, **details(phone="+44 (0)7700 900 123", pronouns="she/her"))
    before, now = await told(house, first), await told(house, again)
    assert before["person"]
    assert before["earlier"] is None
    assert now["person"] == before["person"]
    assert now["earlier"] == {"count": 1, "last_officer": "H1042"}
    assert now["suspected_duplicate_of"] == first


async def test_nothing_of_it_is_told_to_the_control_room_or_says_who_it_is(house: House) -> None:
    first = await house.report(1, **WITH_DETAILS)
    second = await house.report(2, **WITH_DETAILS)
    person = (await told(house, second))["person"]
    seen = (await house.call("GET", f"/v1/reports/{second}")).text + str(await house.published("outbound.herts"))
    assert person not in seen
    assert "earlier" not in seen
    everything = str(await house.rows("select * from intake.marks")) + str(
        await house.rows("select picture, contact, skills from intake.reports")
    )
    assert first not in str(await marks_of(house, first))
    assert not any(secret in everything for secret in SECRETS)
    assert "447700900123" not in everything


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"phone": "07700 900123"}, {"phone": "+447700900123"}, True),
        ({"phone": "07700900123"}, {"phone": "0044 7700-900-123"}, True),
        ({"phone": "07700 900123"}, {"phone": "07700 900124"}, False),
        ({"phone": "01438 960303"}, {"phone": "01438 960303 ext. 7"}, False),
        ({"email": "Ottoline@Example.org"}, {"email": "ottoline@example.ORG"}, True),
        ({"email": "ottoline+police@example.org"}, {"email": "ottoline@example.org"}, True),
        ({"email": "ottoline@example.org"}, {"email": "otto.line@example.org"}, False),
        ({"phone": "07700 900123", "email": "ottoline@example.org"}, {"email": "ottoline@example.org"}, True),
        ({"phone": "no telephone, please"}, {"phone": "no telephone, please"}, None),
        ({"name": "Ottoline"}, {"name": "Ottoline"}, None),
    ],
)
async def test_one_person_writes_their_number_and_address_in_many_ways(
    house: House, one: dict[str, Any], other: dict[str, Any], same: bool | None
) -> None:
    first, second = await house.report(1, **details(**one)), await house.report(2, **details(**other))
    people_told = [(await told(house, reference))["person"] for reference in (first, second)]
    assert (people_told[0] == people_told[1] if people_told[0] else None) == same


async def test_whoever_speaks_for_others_is_not_the_person(house: House) -> None:
    charity = {"name": "Galop", "phone": "020 7946 0123", "email": "office@charity.example"}
    first = await house.report(1, **details(name="Ottoline", referrer=charity))
    second = await house.report(2, **details(name="Ottoline", phone="020 7946 0123", referrer=charity))
    assert [(await told(house, one))["person"] for one in (first, second)] == [None, None]
    third = await house.report(3, **details(phone="07700 900123", referrer=charity))
    fourth = await house.report(4, **details(phone="07700 900555", referrer=charity))
    assert (await told(house, third))["person"] != (await told(house, fourth))["person"]
    assert (await told(house, fourth))["earlier"] is None


async def test_not_wanting_to_be_contacted_is_no_reason_to_be_forgotten(house: House) -> None:
    await house.report(1, **WITH_DETAILS)
    second = await house.report(2, **details(phone="07700 900123", do_not_contact=True))
    now = await told(house, second)
    assert (now["earlier"]["count"], now["contact_route"]) == (1, "none")


async def test_a_handle_on_the_topic_is_the_person_behind_it_and_its_marks_move_to_the_report(house: House) -> None:
    first = await house.report(1, **WITH_DETAILS)
    handle = await left(house, **OTTOLINE)
    record = body(2, contact={"handle": handle})
    await house.knock(house.record("inbound.herts", "report.submitted", record))
    reference = (await house.published("outbound.herts"))[-1]["reference"]
    assert (await told(house, reference))["person"] == (await told(house, first))["person"]
    assert (await told(house, reference))["earlier"]["count"] == 1
    (kept,) = await house.rows("select marks, sealed from intake.contacts")
    assert kept == {"marks": None, "sealed": None}


async def test_the_same_report_learns_who_it_was_when_details_come_later(house: House) -> None:
    first = await house.report(1, **WITH_DETAILS)
    await accepted_by(house, first, "H1042")
    second = await house.report(2)
    assert (await told(house, second))["person"] is None
    answer = await house.call("POST", f"/v1/reports/{second}/amendments", json=WITH_DETAILS)
    assert answer.status_code == 202
    now = await told(house, second)
    assert (now["type"], now["changed"]) == ("liaison.report.amended.v1", ["contact"])
    assert now["person"] == (await told(house, first))["person"]
    assert now["earlier"] == {"count": 1, "last_officer": "H1042"}


async def test_a_number_put_right_takes_the_mark_of_the_wrong_one_with_it(house: House) -> None:
    penelope = await house.report(1, **details(phone="07700 900101"))
    rowan = await house.report(2, **details(phone="07700 900202"))
    mistaken = await house.report(3, **details(phone="07700 900101", email="rowan@example.org"))
    await house.call("POST", f"/v1/reports/{mistaken}/amendments", json=details(phone="07700 900202"))
    assert (await told(house, mistaken))["person"] == (await told(house, rowan))["person"]
    assert [one["kind"] for one in await marks_of(house, mistaken)] == ["email", "phone"]
    assert (await marks_of(house, mistaken))[1]["mark"] == (await marks_of(house, rowan))[0]["mark"]
    assert len({one["person"] for one in await house.rows("select person from intake.marks")}) == 2
    later = await house.report(4, **details(phone="07700 900101"))
    assert (await told(house, later))["earlier"]["count"] == 1
    assert (await told(house, later))["person"] == (await told(house, penelope))["person"]


async def test_two_who_turn_out_to_be_one_are_one_from_then_on(house: House) -> None:
    by_phone = await house.report(1, **details(phone="07700 900123"))
    by_mail = await house.report(2, **details(email="ottoline@example.org"))
    both = await house.report(3, **details(phone="07700 900123", email="ottoline@example.org"))
    later = await house.report(4, **details(email="ottoline@example.org"))
    assert (await told(house, both))["person"] == (await told(house, by_phone))["person"]
    assert (await told(house, by_mail))["person"] != (await told(house, by_phone))["person"]
    assert (await told(house, both))["earlier"]["count"] == 2
    assert (await told(house, later))["earlier"]["count"] == 3
    assert (await told(house, later))["person"] == (await told(house, by_phone))["person"]


async def test_a_senders_hint_means_something_in_its_own_force_alone(house: House) -> None:
    herts = body(1, person_hint="P-17")
    beds = body(2, person_hint="P-17", source={"system": "STORM", "force": "beds"})
    await house.knock(house.record("inbound.herts", "report.submitted", herts))
    await house.knock(house.record("inbound.beds", "report.submitted", beds))
    await house.knock(house.record("inbound.herts", "report.submitted", body(3, person_hint="P-17")))
    one, other, again = await house.published("reports")
    assert one["person"] == again["person"] != other["person"]
    assert again["earlier"]["count"] == 1
    assert "P-17" not in str(await house.rows("select * from intake.marks"))


async def test_several_in_one_batch_know_of_each_other(house: House) -> None:
    records = [
        house.record("inbound.herts", "report.submitted", body(number, person_hint="P-17")) for number in range(1, 5)
    ]
    await house.knock(*records)
    assert [(one["earlier"] or {"count": 0})["count"] for one in await house.published("reports")] == [0, 1, 2, 3]


async def test_three_reports_of_one_incident_are_suspected_and_none_is_held_up(house: House) -> None:
    incident = body(1)["source"]
    references = [
        await house.report(number, source=incident, **details(phone=f"07700 90012{number}")) for number in (1, 2, 3)
    ]
    said = [await told(house, reference) for reference in references]
    assert [one["suspected_duplicate_of"] for one in said] == [None, references[0], references[0]]
    assert len({one["person"] for one in said}) == 3
    windows = await house.rows("select contact from intake.reports")
    assert len(windows) == 3


async def test_a_dry_run_and_a_resend_leave_no_mark_of_their_own(house: House) -> None:
    report = body(1, **WITH_DETAILS)
    assert (await house.call("POST", "/v1/reports?dry_run=true", json=report)).status_code == 200
    assert await house.rows("select * from intake.marks") == []
    for _ in range(2):
        assert (await house.call("POST", "/v1/reports", json=report)).status_code == 202
    assert len(await house.rows("select * from intake.marks")) == 1
    assert len(await house.published("reports")) == 1


async def test_after_a_rotation_of_keys_people_are_known_again_and_still_are_when_the_old_key_is_gone(
    house: House,
) -> None:
    older, newer = house.keys.keys["first"], new_key()
    rings = [{"first": older}, {"second": newer, "first": older}, {"second": newer}]
    for number, ring in enumerate(rings, start=1):
        async with at_work(replace(house.platform, keys=MasterKeys(ring))) as replica:
            await replica.report(number, **WITH_DETAILS)
    one, two, three = await house.published("reports")
    assert one["person"] == two["person"] == three["person"]
    assert [two["earlier"]["count"], three["earlier"]["count"]] == [1, 2]
    assert len({row["mark"] for row in await house.rows("select mark from intake.marks")}) == 2


async def test_the_key_of_marks_is_one_of_its_own() -> None:
    keys = MasterKeys({"first": new_key()})
    given = ContactDetails.model_validate({"phone": "07700 900123"})
    (mark,) = Marking(keys).of(given)
    (other,) = Marking(MasterKeys({"first": new_key()})).of(given)
    assert mark.digests != other.digests
    assert len(mark.digests[0]) == 32


async def test_after_twelve_months_nothing_links_a_report_to_whoever_made_it(house: House) -> None:
    old = await house.report(1, **WITH_DETAILS)
    await house.rows("update intake.marks set at = at - interval '366 days'")
    kept = await house.report(2, **details(phone="07700 900202"))
    policies = Policies(house.platform.database, load_policy(house.platform.settings), house.platform.bell("policies"))
    assert await Forgetting(house.platform.database, policies).forget() == 1
    assert await Forgetting(house.platform.database, policies).forget() == 0
    assert await marks_of(house, old) == []
    assert len(await marks_of(house, kept)) == 1
    pictures = await house.rows("select reference, picture from intake.reports")
    assert {row["reference"]: row["picture"]["person"] is None for row in pictures} == {old: True, kept: False}
    assert (await told(house, await house.report(3, **WITH_DETAILS)))["earlier"] is None


async def test_details_that_nobody_claims_in_a_day_are_gone(house: House) -> None:
    for _ in range(2):
        assert (await house.call("POST", "/v1/contacts", json=OTTOLINE)).status_code == 201
    await house.rows(
        "update intake.contacts set left_at = left_at - interval '24 hours' "
        "where handle = (select min(handle) from intake.contacts)"
    )
    policies = Policies(house.platform.database, load_policy(house.platform.settings), house.platform.bell("policies"))
    forgetting = Forgetting(house.platform.database, policies)
    assert (await forgetting.drop_unclaimed(), await forgetting.drop_unclaimed()) == (1, 0)
    assert len(await house.rows("select handle from intake.contacts")) == 1


async def test_erasing_one_report_forgets_what_it_gave_and_leaves_the_others(house: House) -> None:
    erased = await house.report(1, **details(phone="07700 900123", email="ottoline@example.org"))
    kept = await house.report(2, **details(phone="07700 900123"))
    (row,) = await house.rows("select referral_id from intake.reports where reference = :r", r=erased)
    async with house.platform.database.unit() as unit:
        await people.forget(unit.connection, [UUID(str(row["referral_id"]))])
    assert await marks_of(house, erased) == []
    assert [one["kind"] for one in await marks_of(house, kept)] == ["phone"]
    assert (await told(house, await house.report(3, **details(email="ottoline@example.org"))))["earlier"] is None
    assert (await told(house, await house.report(4, **details(phone="07700 900123"))))["earlier"]["count"] == 1


async def test_a_batch_of_reports_costs_one_small_statement_more(house: House) -> None:
    asked: list[str] = []
    engine = house.platform.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    records = [house.record("inbound.herts", "report.submitted", body(n, person_hint=f"P-{n}")) for n in range(40)]
    await house.knock(*records)
    alone = [statement for statement in asked if "intake.marks" in statement and "intake.journal" not in statement]
    assert len([one for one in alone if one.lstrip().startswith("select")]) == 1
    assert len([one for one in alone if "insert into" in one]) == 1
    assert all("insert into intake.reports" in one for one in alone if "insert into" in one)
    assert len(await house.published("reports")) == 40

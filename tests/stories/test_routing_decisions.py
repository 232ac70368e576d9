"""A supervisor challenges a match: who could have been asked, why nobody else, and would it come out so again."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from services.__main__ import app
from services.routing.repeating import repeat_all
from services.routing.rules.matching.explanation import ORDER
from shared.contracts.reports import ReportReceived
from tests.stories.routing_house import LUTON, NOON, NORTH_HERTS, House, a_report, on_duty, routing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Three officers in Hertfordshire, one with a full hand, and one in each of the other forces."""
    return await service.as_new(f"H1,herts,{NORTH_HERTS}", "H2,herts", f"H3,herts,{LUTON}", "B7,beds", "C3,cambs")


@pytest.fixture
def run(module_postgres_url: str, service: House) -> Any:
    """The command line on that database, in a thread of its own."""
    del service

    async def command(*words: str) -> Result:
        settings = {"LIAISON_DATABASE_URL": module_postgres_url, "LIAISON_MASTER_KEYS": f"test:{'A' * 43}="}
        return await asyncio.to_thread(CliRunner().invoke, app, ["decisions", *words], env=settings)

    return command


async def decisions(house: House, report: ReportReceived, who: str = "sergeant:herts") -> list[dict[str, Any]]:
    answer = await house.ask(who, "GET", f"/v1/referrals/{report.reference}/decisions")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def rules(item: dict[str, Any]) -> dict[str, str | None]:
    return {one["officer"]: one["ruled_out"] for one in item["candidates"]}


async def verdicts(house: House) -> Counter[str]:
    return Counter([verdict async for _, verdict in repeat_all(house.database, EPOCH)])


async def test_story_16_every_officer_of_the_pool_has_points_in_parts_or_a_rule(house: House) -> None:
    await house.hear("duty.herts", on_duty("H3", "e1", "restricted", (9, 17)))
    report = await house.report(connected_officers=["H2"], excluded_officers=["C3"])
    (item,) = await decisions(house, report)
    assert rules(item) == {
        "H1": None,
        "H2": "not_to_be_asked",
        "H3": "restricted",
        "B7": "other_force_not_yet",
        "C3": "not_to_be_asked",
    }
    best = item["candidates"][0]
    assert (best["officer"], best["force"], best["rank"], best["total"]) == ("H1", "herts", 1, 50)
    assert best["points"] == {
        **{"continuity": 0, "district": 20, "shift": 15, "skills": 0},
        **{"caseload": 10, "language": 0, "travel": 0, "fairness": 5},
    }
    assert (item["chosen"], item["why"], item["scope"]) == (["H1"], "first", "home_first")
    assert (item["policy_version"], item["at"]) == ("default-1", "2026-11-23T12:00:00+00:00")
    (version,) = await house.rows("select version from routing.roster_state")
    assert item["roster_version"] == version.version


async def test_another_force_is_asked_only_with_the_reason_kept(house: House) -> None:
    report = await house.report(district=LUTON, excluded_officers=["H1", "H2", "H3"])
    (item,) = await decisions(house, report)
    assert (item["why"], item["chosen"]) == ("nobody_at_home", ["B7"])


async def test_a_conflict_a_connection_and_a_decline_look_alike(house: House) -> None:
    report = await house.report(connected_officers=["H2"], person="p-otter")
    await house.tap("H1", report, "decline", code="conflict")
    await house.decide()
    await house.tap("H3", report, "decline", code="busy")
    await house.decide()
    await house.pass_minutes(9 * 60)
    for item in await decisions(house, report):
        assert not {"conflict", "connected"} & set(rules(item).values())
    last = rules((await decisions(house, report))[-1])
    assert {last["H1"], last["H2"], last["H3"]} == {"not_to_be_asked"}
    again = await house.report(person="p-otter")
    assert rules((await decisions(house, again))[0])["H1"] in {"not_to_be_asked", "off_duty"}


async def test_over_a_link_a_conflict_and_any_other_decline_look_alike(house: House) -> None:
    seen = []
    for code in ("conflict", "busy"):
        declined, other = await house.report(), await house.report(excluded_officers=["H1", "H2", "H3"])
        (asked,) = (await house.told(declined, "offered"))[0]["officers"]
        await house.tap(asked, declined, "decline", code=code)
        path = f"/v1/referrals/{other.reference}"
        await house.ask("sergeant:herts", "POST", f"{path}/link", {"reference": declined.reference})
        body = {"officer": asked, "reason": "nobody_else"}
        refused = await house.ask("sergeant:herts", "POST", f"{path}/override", body)
        await house.ask("sergeant:herts", "POST", f"{path}/override", {"officer": "C3", "reason": "nobody_else"})
        shown = rules((await decisions(house, other))[-1])[asked]
        seen.append((shown, refused.status_code, refused.json()))
    assert seen[0] == seen[1]
    assert seen[0][:2] == ("not_to_be_asked", 409)


async def test_what_an_earlier_referral_gives_shows_once_somebody_says_that_it_is_the_same_person(house: House) -> None:
    report = await house.report(earlier={"count": 1, "last_officer": "H2"})
    (item,) = await decisions(house, report)
    hers = next(one for one in item["candidates"] if one["officer"] == "H2")
    assert (item["chosen"], item["withheld"], hers["points"]["continuity"]) == (["H2"], ["continuity"], 0)
    path = f"/v1/referrals/{report.reference}/earlier"
    assert (await house.ask("sergeant:herts", "POST", path, {"confirmed": True})).status_code == 200
    (item,) = await decisions(house, report)
    hers = next(one for one in item["candidates"] if one["officer"] == "H2")
    assert (item["withheld"], hers["points"]["continuity"], hers["rank"]) == ([], 25, 1)


async def test_decisions_are_closed_to_officers_and_to_other_forces(house: House) -> None:
    report = await house.report()
    for path in (f"/v1/referrals/{report.reference}/decisions", f"/referrals/{report.reference}/decisions"):
        for who, status in (
            ("officer:H1", 403),
            ("control_room:herts", 403),
            ("psd:herts", 403),
            ("ops", 403),
            ("sergeant:beds", 404),
            ("fim:herts", 200),
        ):
            assert (await house.ask(who, "GET", path)).status_code == status, (who, path)


async def test_the_page_shows_points_and_rules_and_the_referrals_page_leads_there(house: House) -> None:
    report = await house.report(excluded_officers=["H2"])
    link = f"/referrals/{report.reference}/decisions"
    assert link in (await house.ask("sergeant:herts", "GET", f"/referrals/{report.reference}")).text
    assert link not in (await house.ask("officer:H1", "GET", f"/referrals/{report.reference}")).text
    page = (await house.ask("sergeant:herts", "GET", link)).text
    assert f"<title>{report.reference} " in page
    for words in (
        "H1",
        "Asked",
        "Policy default-1",
        "Not to be asked",
        "Another force, not asked yet",
    ):
        assert words in page
    unknown = await house.ask("sergeant:herts", "GET", f"{link}?at=99.0")
    assert "Nothing has been decided here." in unknown.text


async def test_a_long_list_of_decisions_comes_in_pages(house: House) -> None:
    report = await house.report()
    row = "select referral_id, sequence + n, number, at, decision from routing.decisions, generate_series(1, 24) as n"
    async with house.database.unit() as unit:
        await unit.connection.execute(sa.text(f"insert into routing.decisions {row}"))
    path = f"/v1/referrals/{report.reference}/decisions"
    first = (await house.ask("sergeant:herts", "GET", path)).json()
    rest = (await house.ask("sergeant:herts", "GET", f"{path}?after={first['next']}")).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (20, 5, None)
    assert (await house.ask("sergeant:herts", "GET", f"{path}?after=yesterday")).status_code == 422


async def test_the_command_line_shows_the_same_table_and_records_the_look(house: House, run: Any) -> None:
    report = await house.report(connected_officers=["H2"])
    shown = await run("show", report.reference)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[:3] == [
        f"{report.reference}, Monday 23 November 2026, 12:00 GMT. Asked: H1.",
        "The first to be asked: the owning force, another only if nobody there can answer in time.",
        f"Policy default-1, roster version {(await decisions(house, report))[0]['roster_version']}.",
    ]
    assert lines[4].split()[:4] == ["1", "H1", "herts", "50"]
    assert "Not to be asked (1): H2" in lines
    looks = [event for _, event in await house.published("access") if event]
    assert ("ops", "decisions") in [(look["actor"], look["what"]) for look in looks]
    assert (await run("show", "K7QM-4T9P")).exit_code != 0


async def busy_week(house: House) -> None:
    """Reports, declines, leave and a new roster over a week, so that decisions stand on several versions."""
    people = [f"H{number},herts,{NORTH_HERTS if number % 2 else LUTON}" for number in range(1, 7)]
    everybody = [*people, "B7,beds", "C3,cambs"]
    hours = [(day, start) for day in range(23, 30) for start in (6, 14)]
    duties = "".join(
        f"{line.split(',')[0]},duty,2026-11-{day}T{start:02}:00Z,2026-11-{day}T{start + 8:02}:00Z\n"
        for number, line in enumerate(everybody)
        for day, start in hours
        if (number + day + start) % 3
    )
    await house.roster(*everybody, duties=duties)
    for day in range(7):
        report = a_report(person=f"p-{day}", officer_gender={"value": "woman", "required": day == 3})
        advice = {"class": "officer_advice", "need": "officer_advice"}
        await house.hear("reports", report, a_report(force="beds"), a_report(**advice))
        await house.decide()
        for event in await house.told(report, "offered"):
            await house.tap(event["officers"][0], report, "decline", code="too_far")
        await house.hear("duty.herts", on_duty(f"H{day % 6 + 1}", f"e{day}", "sick", (day * 24 + 10, day * 24 + 20)))
        await house.decide()
        for _ in range(3):
            await house.stand_still(8 * 60)
            await house.decide()


async def test_every_decision_comes_out_the_same_however_long_ago_the_driver_read_its_roster(house: House) -> None:
    await busy_week(house)
    found = await verdicts(house)
    assert set(found) == {"same"}
    assert found["same"] > 50
    versions = await house.rows("select count(distinct decision -> 'roster') as n from routing.decisions")
    assert versions[0].n > 5
    codes = await house.rows("select distinct jsonb_object_keys(decision -> 'out') as code from routing.decisions")
    assert {row.code for row in codes} <= set(ORDER)


async def test_verifying_says_which_decision_comes_out_otherwise_and_fails(house: House, run: Any) -> None:
    report = await house.report()
    good = await run("verify", "--all")
    assert (good.exit_code, good.stdout.splitlines()) == (0, ["Come out the same: 1", "No difference."])
    turned = "jsonb_set(decision, '{ranked}', '[]')"
    async with house.database.unit() as unit:
        await unit.connection.execute(sa.text(f"update routing.decisions set decision = {turned}"))
    bad = await run("verify", "--since", "2026-11-23T00:00:00Z")
    assert bad.exit_code == 1
    assert bad.stdout.startswith(f"{report.reference} 2.0 at 2026-11-23T12:00:00+00:00: differs\n")
    later = await run("verify", "--since", (NOON + timedelta(minutes=1)).isoformat())
    assert (later.exit_code, later.stdout) == (0, "No difference.\n")
    assert (await run("verify")).exit_code == 2


async def test_decisions_of_an_earlier_release_are_shown_and_left_alone(house: House, run: Any) -> None:
    report = await house.report()
    then = {
        **{"v": 1, "at": NOON.isoformat(), "roster": 1, "policy": "default-1", "scope": "home_first", "why": "first"},
        **{"chosen": ["H1"], "ranked": [["H1", 50, [0, 20, 15, 0, 10, 0, 0, 5], None]], "loads": {}},
        **{"out": {"other_force_not_yet": ["B7"], "off_duty": ["C3"]}, "request": {"known": []}},
    }
    async with house.database.unit() as unit:
        await unit.connection.execute(
            sa.text("update routing.decisions set decision = cast(:then as jsonb)"), {"then": json.dumps(then)}
        )
    (item,) = await decisions(house, report)
    assert rules(item) == {"H1": None, "B7": "other_force_not_yet", "C3": "off_duty"}
    assert (await run("verify", "--all")).exit_code == 0

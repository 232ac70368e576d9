"""A sergeant plans duty: who could be asked in the coming week, where nobody could, and what would help."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.commands.coverage_report import print_json, print_tables, surveys
from shared.contracts.reports import ReportErased
from shared.settings import load_settings
from tests.rules.routing.coverage_desk import FENLAND, PETERBOROUGH
from tests.stories.routing_house import LUTON, NOON, House, routing

HERE = {"force": "cambs", "district": FENLAND}


@pytest.fixture(scope="module")
async def service(module_postgres_url: str) -> AsyncIterator[House]:
    """Routing, for all of these stories one after another."""
    async with routing(module_postgres_url) as house:
        yield house


@pytest.fixture
async def house(service: House) -> House:
    """Cambridgeshire has a day officer with a skill and one of the night; Bedfordshire has somebody always."""
    await service.as_new("C9,cambs")
    await service.roster(
        f"C1,cambs,{FENLAND},trans",
        f"C2,cambs,{PETERBOROUGH}",
        f"B7,beds,{LUTON},trans;youth",
        duties="".join(duties()),
    )
    return service


def duties() -> list[str]:
    """C1 works from six in the morning to ten in the evening, C2 nights from nine, B7 round the clock."""
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    spans = [("B7", 0, 24 * 17)]
    for day in range(12):
        spans += [("C1", day * 24 + 6, day * 24 + 22), ("C2", day * 24 + 21, day * 24 + 31)]
    return [f"{id_},duty,{_at(midnight, since)},{_at(midnight, until)}\n" for id_, since, until in spans]


def _at(midnight: datetime, hours: int) -> str:
    return (midnight + timedelta(hours=hours)).isoformat()


async def asked(house: House, query: str = "", who: str = "sergeant:cambs") -> dict[str, Any]:
    answer = await house.ask(who, "GET", f"/v1/coverage{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def item(found: dict[str, Any], hour: str, need: str, district: str = FENLAND) -> tuple[int, int, int]:
    its = next(
        one
        for one in found["items"]
        if (one["hour"], one["need"], one["district"]) == (f"2026-11-{hour}:00:00+00:00", need, district)
    )
    return its["in_district"], its["home"], its["sisters"]


async def test_every_hour_of_every_district_and_need_says_who_could_be_asked(house: House) -> None:
    found = await asked(house)
    assert (found["force"], found["from"], found["until"]) == (
        "cambs", "2026-11-23T12:00:00+00:00", "2026-11-30T12:00:00+00:00",
    )  # fmt: skip
    assert item(found, "23T12", "support") == (1, 1, 1)
    assert item(found, "23T12", "support", PETERBOROUGH) == (0, 1, 1)
    assert item(found, "23T12", "youth") == (0, 0, 1)
    assert item(found, "23T23", "trans") == (0, 0, 1)
    assert item(found, "23T23", "chemsex") == (0, 0, 0)


async def test_a_page_of_the_list_is_a_day_and_seven_days_are_a_week(house: House) -> None:
    page = await asked(house, "?need=support")
    hours = {one["hour"] for one in page["items"]}
    assert len(hours) == 12
    while page["next"]:
        page = await asked(house, f"?need=support&after={page['next']}")
        assert not hours & {one["hour"] for one in page["items"]}
        hours |= {one["hour"] for one in page["items"]}
    assert len(hours) == 168
    assert all(later - earlier == timedelta(hours=1) for earlier, later in pairwise(sorted(map(_time, hours))))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_the_gaps_are_told_in_words_most_expected_first(house: House) -> None:
    found = await asked(house, "?need=trans")
    assert {gap["nobody_in"] for gap in found["gaps"]} == {"home"}
    assert [gap["expected"] for gap in found["gaps"]] == sorted(
        (gap["expected"] for gap in found["gaps"]), reverse=True
    )
    words = "Wed 25 Nov 21:45\u2013Thu 26 Nov 05:30, all of Cambridgeshire: nobody at home for trans; sisters could: 1"
    assert words in {gap["words"].replace(" \u2013 ", "\u2013") for gap in found["gaps"]}


async def test_the_advice_names_the_training_and_shows_its_sum(house: House) -> None:
    found = await asked(house)
    train = next(one for one in found["advice"] if one.get("skill") == "trans" and one["action"] == "train")
    assert train["officer"] == "C2"
    assert train["districts"] == [PETERBOROUGH]
    (line,) = train["lines"]
    closes = train["closes"]["nobody_at_home"]
    assert closes > 0
    assert closes == pytest.approx(line["before"] - line["after"], abs=1e-5)
    assert train["before"]["nobody_at_home"] - closes == pytest.approx(train["after"]["nobody_at_home"], abs=1e-5)
    assert {one.get("officer") for one in found["advice"]} <= {None, "C1", "C2"}


async def test_what_has_been_seen_moves_what_is_expected_and_the_reckoning_shows_how(house: House) -> None:
    before = {one["need"]: one for one in (await asked(house))["reckoning"]["lines"]}
    words = HERE | {"needs": ("trans",)}
    for _ in range(3):
        await house.report(**words)
    await house.report(**HERE, exercise=True)
    await house.report(**HERE, desk="metropolitan")
    house.clock.now += timedelta(weeks=2)
    reckoning = (await asked(house))["reckoning"]
    its = next(one for one in reckoning["lines"] if one["need"] == "trans")
    assert its["seen"] == 3
    assert reckoning["weeks_seen"] == 2
    weight = reckoning["assumptions_count_as_weeks"]
    assert its["expected"] == pytest.approx((its["assumed"] * weight + 3) / (weight + 2), abs=1e-3)
    assert its["assumed"] == before["trans"]["assumed"]
    assert next(one for one in reckoning["lines"] if one["need"] == "support")["seen"] == 0


async def test_an_erased_referral_no_longer_says_what_it_asked_for(house: House) -> None:
    report = await house.report(**HERE, needs=("trans",))
    words = {"referral_id": report.referral_id, "reference": report.reference, "sequence": 2, "at": NOON}
    await house.hear("reports", ReportErased.model_validate(words))
    its = {one["need"]: one["seen"] for one in (await asked(house))["reckoning"]["lines"]}
    assert its["trans"] == pytest.approx(0.16)
    assert its["support"] == pytest.approx(0.65)


async def test_a_new_roster_is_a_new_reckoning_and_the_same_one_is_kept(house: House) -> None:
    first, again = await asked(house), await asked(house)
    assert first["as_of"] == again["as_of"]
    await house.roster(f"C1,cambs,{FENLAND}")
    changed = await asked(house)
    assert changed["roster_version"] > first["roster_version"]
    assert item(changed, "23T12", "trans") == (0, 0, 0)


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("coordinator:cambs", "", 200),
        ("inspector:cambs", "?days=14", 200),
        ("fim:cambs", "?from=2026-11-24&need=youth", 200),
        ("fim:cambs", "?from=2026-11-24T02:00:00%2B00:00", 200),
        ("sergeant:cambs", "?force=beds", 200),
        ("sergeant:cambs", "?force=kent", 403),
        ("control_room:cambs", "", 403),
        ("officer:C1", "", 403),
        ("psd:cambs", "", 403),
        ("ops", "", 403),
        ("sergeant:cambs", "?days=15", 422),
        ("sergeant:cambs", "?days=0", 422),
        ("sergeant:cambs", "?need=juggling", 422),
        ("sergeant:cambs", "?from=yesterday", 422),
        ("sergeant:cambs", "?from=2026-11-24T02:00:00", 422),
        ("sergeant:cambs", "?from=2025-01-01", 422),
        ("sergeant:cambs", "?after=noon", 422),
    ],
)
async def test_supervisors_ask_about_their_own_pool(house: House, who: str, query: str, status: int) -> None:
    answer = await house.ask(who, "GET", f"/v1/coverage{query}")
    assert answer.status_code == status, answer.text
    assert "juggling" not in answer.text


async def test_of_another_force_only_the_number_of_officers_is_shown(house: House) -> None:
    found = await asked(house, "?force=beds")
    assert (found["gaps"], found["advice"], found["reckoning"]) == ([], [], None)
    assert item(found, "23T12", "trans", LUTON) == (1, 1, 1)
    assert not [one for one in found["items"] if "expected" in one]
    assert "B7" not in str(found)


async def test_nothing_in_it_tells_of_anybodys_gender_or_of_areas_avoided(house: House) -> None:
    text = str(await asked(house))
    assert "gender" not in text
    assert "avoid" not in text


async def page(house: House, query: str = "", who: str = "sergeant:cambs") -> str:
    answer = await house.ask(who, "GET", f"/coverage{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<body")[2]))


async def test_the_page_shows_a_day_hour_by_hour_for_one_need(house: House) -> None:
    html = await page(house, "?day=2026-11-25&need=4")
    words = text_of(html)
    assert "<title>Coverage" in html
    assert "Wednesday 25 November: trans" in words
    assert html.count('scope="row">Fenland</th>') == 1
    assert "nobody at home, 1 in other forces" in words
    assert "06:00 to 21:00 : 1 at home, 1 of them serving the district" in words


async def test_the_page_says_the_gaps_the_advice_and_the_reckoning(house: House) -> None:
    words = text_of(await page(house))
    assert "Nobody in any force" in words
    assert "nobody at home for trans; sisters could: 1" in words
    assert "Train C2, who serves Peterborough, in trans." in words
    assert "expected = (assumed" in words


async def test_the_page_of_another_force_is_numbers_alone(house: House) -> None:
    words = text_of(await page(house, "?force=beds"))
    assert "Of another force only the number of officers is shown." in words
    assert "Gaps of the week" not in words
    assert "B7" not in words


async def test_the_day_with_25_hours_names_the_hour_that_comes_twice(house: House) -> None:
    house.clock.now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    words = text_of(await page(house, "?day=2026-10-25"))
    assert "01:00 BST" in words
    assert "01:00 GMT" in words


async def test_the_address_of_the_page_tells_nothing_of_what_was_looked_at(house: House) -> None:
    html = await page(house, "?need=4")
    assert re.findall(r'<option value="(\d+)"( selected)?>(Support|Trans)<', html) == [
        ("0", "", "Support"),
        ("4", " selected", "Trans"),
    ]
    assert "Monday 23 November: support" in text_of(await page(house, "?need=99"))


async def test_the_page_is_for_supervisors(house: House) -> None:
    assert (await house.ask("officer:C1", "GET", "/coverage")).status_code == 403
    assert (await house.ask("sergeant:cambs", "GET", "/coverage?force=kent")).status_code == 403


async def test_the_command_prints_what_a_sergeant_reads(
    house: House, module_postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(env_file=None, database_url=module_postgres_url)
    (found,) = await surveys(settings, ["cambs"], 7)
    print_tables(found)
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "Cambridgeshire" in said
    assert "What would close most" in said
    assert found.roster_version == (await asked(house))["roster_version"]


async def test_the_command_gives_the_whole_period_as_json(
    house: House, module_postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del house
    settings = load_settings(env_file=None, database_url=module_postgres_url)
    for one in await surveys(settings, ["cambs", "beds"], 2):
        print_json(one)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["force"] for line in lines] == ["cambs", "beds"]
    assert len({one["hour"] for one in lines[0]["items"]}) == 48
    assert lines[0]["next"] is None

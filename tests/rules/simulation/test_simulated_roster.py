"""The made-up roster: loads without a bad line, and staffs what must be staffed."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.routing.rules.roster.duty import Duty, Entry, fold
from services.routing.rules.roster.files import Known, read_roster
from services.routing.rules.roster.rows import RosterRows
from services.simulation.counties import DISTRICTS, FORCES
from services.simulation.roster import (
    COLUMNS,
    ROLES,
    SIZES,
    RosterPlan,
    officer_ids,
    roster_files,
    titles,
    write_roster,
)
from shared.contracts.policy import parse_policy
from shared.policy_file import SHIPPED

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
THREE_IN_THE_MORNING = [NOW.replace(hour=3) + timedelta(days=day) for day in range(1, 14)]
AFTERNOONS = [NOW.replace(hour=15) + timedelta(days=day) for day in range(0, 14)]
WEBHOOKS = "http://127.0.0.1:9099"


@pytest.fixture(scope="module")
def roster(tmp_path_factory: pytest.TempPathFactory) -> RosterRows:
    folder = write_roster(tmp_path_factory.mktemp("roster"), NOW, webhooks=WEBHOOKS)
    policy = parse_policy(SHIPPED.read_text(encoding="utf-8"))
    districts = frozenset(code for force in policy.forces.values() for code in force.districts)
    known = Known(frozenset(policy.forces), districts, frozenset(policy.codes.skills), frozenset({"llo"}))
    return read_roster({path.name: path.read_bytes() for path in folder.iterdir()}, known)


@pytest.fixture(scope="module")
def duties(roster: RosterRows) -> dict[str, Duty]:
    entries: dict[str, list[Entry]] = {officer.id: [] for officer in roster.officers}
    for row in roster.duties:
        entries[row.officer].append(Entry(row.kind, row.starts, row.ends, "file"))
    return {officer: fold(found) for officer, found in entries.items()}


def on(duties: dict[str, Duty], at: datetime, kind: str = "duty", letter: str = "") -> int:
    return sum(duty.at(at) == kind for officer, duty in duties.items() if officer.startswith(letter))


def test_the_headers_are_the_contracts(tmp_path: Path) -> None:
    write_roster(tmp_path, NOW)
    for name, columns in COLUMNS.items():
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            assert tuple(next(csv.reader(file))) == columns


def test_each_force_has_its_officers_in_every_district(roster: RosterRows) -> None:
    for force in FORCES:
        theirs = [officer for officer in roster.officers if officer.force == force]
        assert len(theirs) == SIZES[force]
        covered = {officer.districts[0] for officer in theirs}
        assert covered == {district.code for district in DISTRICTS if district.force == force}


def test_the_officer_of_the_contract_is_among_them(roster: RosterRows) -> None:
    assert "H1042" in {officer.id for officer in roster.officers} & set(officer_ids("herts"))


@pytest.mark.parametrize("night", THREE_IN_THE_MORNING)
def test_at_three_in_the_morning_there_are_five_to_eight(duties: dict[str, Duty], night: datetime) -> None:
    assert 5 <= on(duties, night) <= 8
    assert all(on(duties, night, letter=letter) for letter in "HBC")
    assert on(duties, night, "on_call") >= 2


@pytest.mark.parametrize("afternoon", AFTERNOONS)
def test_by_day_there_are_many(duties: dict[str, Duty], afternoon: datetime) -> None:
    assert on(duties, afternoon) > 40


def test_somebody_is_on_duty_at_the_very_start_and_through_the_fortnight(duties: dict[str, Duty]) -> None:
    hours = [NOW + timedelta(hours=hour) for hour in range(14 * 24)]
    assert min(on(duties, hour) for hour in hours) >= 5


def test_every_kind_of_absence_is_there(roster: RosterRows) -> None:
    kinds = {row.kind for row in roster.duties}
    assert kinds == {"duty", "on_call", "leave", "sick", "court", "abstracted", "event", "busy"}


def test_some_training_has_lapsed_but_nobodys_who_holds_the_night(roster: RosterRows, duties: dict[str, Duty]) -> None:
    current = {row.officer for row in roster.training if row.valid_until >= NOW.date()}
    lapsed = {officer.id for officer in roster.officers} - current
    assert 3 <= len(lapsed) <= 30
    assert all(duties[officer].at(night) != "duty" for officer in lapsed for night in THREE_IN_THE_MORNING)


def test_every_role_of_every_force_is_staffed_round_the_clock(roster: RosterRows) -> None:
    for force in FORCES:
        for role in (*ROLES, "ops"):
            rows = [row for row in roster.roles if (row.force, row.role) == (force, role)]
            assert rows
            for hour in range(15 * 24):
                at = NOW + timedelta(hours=hour)
                there = [r for r in rows if (not r.starts or r.starts <= at) and (not r.ends or at < r.ends)]
                assert len(there) == 1, (force, role, at)


def test_every_address_is_made_up(roster: RosterRows) -> None:
    means = [one for officer in roster.officers for one in officer.means]
    means += [one for role in roster.roles for one in role.means]
    assert all(one.address.startswith("+447700900") for one in means if one.kind == "phone")
    assert all(one.address.endswith("@example.org") for one in means if one.kind == "email")
    assert all(one.address.startswith(WEBHOOKS) for one in means if one.kind == "webhook")
    phones = [one.address for officer in roster.officers for one in officer.means if one.kind == "phone"]
    assert len(set(phones)) == len(phones)


def test_a_few_avoid_an_area(roster: RosterRows) -> None:
    assert 3 <= sum(bool(officer.avoid) for officer in roster.officers) <= 15


def test_without_webhooks_everything_shows_on_the_phones() -> None:
    for line in roster_files(RosterPlan(NOW))["officers.csv"]:
        assert dict(zip(COLUMNS["officers.csv"], line, strict=True))["webhook"] == ""


def test_the_same_seed_gives_the_same_roster_and_one_cap_can_be_set_for_all() -> None:
    assert roster_files(RosterPlan(NOW, seed=3)) == roster_files(RosterPlan(NOW, seed=3))
    assert roster_files(RosterPlan(NOW, seed=3)) != roster_files(RosterPlan(NOW, seed=4))
    cap = COLUMNS["officers.csv"].index("cap")
    assert {line[cap] for line in roster_files(RosterPlan(NOW, cap=99))["officers.csv"]} == {"99"}


def test_titles_are_those_of_the_roster_with_that_seed(roster: RosterRows) -> None:
    assert titles() == {officer.id: officer.title for officer in roster.officers}

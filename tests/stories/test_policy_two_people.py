"""The policy over HTTPS: proposed by one person, read, approved by another, refused where it would hurt."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.contracts.policy import PolicyPublished, parse_policy
from tests.rules.policy.drafts import NEW_STRAND, NEW_STRAND_OURS, OSBERT, RENAMED_GRADE, WINIFRED, text
from tests.stories.policy_house import TOMORROW, approve, ask, line_starting, policy_house, problem, propose
from tests.stories.routing_house import NOON, House


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    """A house of its own for each story: what is approved stays approved."""
    async with policy_house(postgres_url) as found:
        yield found


async def test_one_proposes_another_approves_and_it_is_published_only_then(house: House) -> None:
    proposed = await propose(house, text(NEW_STRAND, NEW_STRAND_OURS, begins=TOMORROW))
    assert proposed.status_code == 201
    said = proposed.json()
    assert (said["version"], said["state"], said["proposed_by"], said["approved_by"]) == (
        "june",
        "proposed",
        WINIFRED,
        None,
    )
    assert len(await house.published("policy")) == 0

    approved = await approve(house, "june", digest=said["digest"])
    assert approved.status_code == 200
    assert (approved.json()["state"], approved.json()["approved_by"], approved.json()["in_force"]) == (
        "approved",
        OSBERT,
        False,
    )
    ((key, event),) = await house.published("policy")
    published = PolicyPublished.model_validate(event)
    assert key == "bch"
    assert (published.document.version, published.document.approved_by) == ("june", OSBERT)
    assert [one.version for one in published.others] == ["default-1"]

    house.clock.now = TOMORROW
    (in_force,) = (await ask(house, "inspector:herts", "GET", "/v1/policies?at=2026-11-24T12:00:00Z")).json()["items"]
    assert (in_force["version"], in_force["in_force"]) == ("june", True)


@pytest.mark.parametrize(("proposer", "approver"), [(WINIFRED, WINIFRED), ("policy", "policy")])
async def test_nobody_approves_their_own(house: House, proposer: str, approver: str) -> None:
    await propose(house, text(begins=TOMORROW), proposer)

    assert problem(await approve(house, "june", approver)) == (403, "own_proposal")
    assert await house.published("policy") == []


async def test_of_two_approvals_at_once_one_is_told_that_it_was_the_second(house: House) -> None:
    await propose(house, text(begins=TOMORROW))
    both = await asyncio.gather(approve(house, "june", OSBERT), approve(house, "june", "policy:clementine"))

    assert sorted(answer.status_code for answer in both) == [200, 409]
    assert len(await house.published("policy")) == 1
    again = await asyncio.gather(*(approve(house, "june", who) for who in (OSBERT, "policy:clementine")))
    assert sorted(answer.status_code for answer in again) == [200, 409]
    assert len(await house.published("policy")) == 1


async def test_an_edited_proposal_is_approved_anew_by_who_has_read_it(house: House) -> None:
    first = (await propose(house, text(begins=TOMORROW))).json()
    edited = await propose(house, text(RENAMED_GRADE, begins=TOMORROW), OSBERT)
    assert edited.status_code == 201

    assert problem(await approve(house, "june", OSBERT)) == (403, "own_proposal")
    assert problem(await approve(house, "june", WINIFRED, digest=first["digest"])) == (409, "proposal_changed")
    assert (await approve(house, "june", WINIFRED, digest=edited.json()["digest"])).status_code == 200
    assert problem(await propose(house, text(NEW_STRAND, begins=TOMORROW))) == (409, "version_exists")


async def test_the_same_proposal_sent_again_is_the_same(house: House) -> None:
    written = text(begins=TOMORROW)
    answers = [await propose(house, written) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", ""])
async def test_json_says_the_same_as_toml(house: House, kind: str) -> None:
    document = parse_policy(text(RENAMED_GRADE, begins=TOMORROW))
    answer = await propose(house, document.model_dump_json(by_alias=True), kind=kind)
    assert answer.status_code == 201, answer.text

    shown = (await ask(house, OSBERT, "GET", "/v1/policies/june")).json()
    assert shown["changes"] == [
        "forces.cambs.grades.prompt: removed priority",
        "forces.cambs.grades.p2_urgent: added priority",
    ]
    as_toml = await ask(house, OSBERT, "GET", "/v1/policies/june", headers={"accept": "application/toml"})
    assert parse_policy(as_toml.text) == document


async def test_without_a_date_it_holds_from_its_approval(house: House) -> None:
    proposed = await propose(house, text(begins=None))
    assert proposed.json()["on_approval"] is True
    house.clock.now = NOON + timedelta(hours=3)

    approved = (await approve(house, "june")).json()
    assert (approved["effective_from"], approved["in_force"]) == ("2026-11-23T15:00:00+00:00", True)


@pytest.mark.parametrize("who", ["officer:H1", "control_room:herts", "partner:galop", "police:herts:PC7"])
async def test_who_is_not_concerned_reads_nothing(house: House, who: str) -> None:
    assert (await ask(house, who, "GET", "/v1/policies")).status_code == 403
    assert (await ask(house, who, "GET", "/v1/policies/default-1")).status_code == 403


@pytest.mark.parametrize("who", ["inspector:herts", "dpo", "ops"])
async def test_who_only_reads_changes_nothing(house: House, who: str) -> None:
    await propose(house, text(begins=TOMORROW))

    assert (await ask(house, who, "GET", "/v1/policies/june")).status_code == 200
    assert (await propose(house, text(begins=TOMORROW), who)).status_code == 403
    assert (await approve(house, "june", who)).status_code == 403


async def test_an_unknown_version_is_not_there(house: House) -> None:
    assert (await ask(house, WINIFRED, "GET", "/v1/policies/may")).status_code == 404
    assert (await approve(house, "may")).status_code == 404


async def test_a_force_with_an_open_referral_cannot_be_taken_away_from_under_it(house: House) -> None:
    fens = text(
        (
            '[pools.bch]\nforces = ["herts", "beds", "cambs"]',
            '[pools.bch]\nforces = ["beds", "cambs"]\n\n[pools.west]\nforces = ["herts"]',
        ),
        begins=TOMORROW,
    )
    assert (await propose(house, fens)).status_code == 201
    report = await house.report()

    refused = await approve(house, "june")
    assert problem(refused) == (409, "would_break_the_house")
    assert refused.json()["errors"] == [{"field": "pools.bch", "reason": "has_open_referrals"}]
    again = await propose(house, fens.replace("june", "july"))
    assert problem(again) == (422, "invalid_policy")
    assert again.json()["errors"][0]["line"] == line_starting(fens, "[pools.bch]")
    assert (await house.tap("H1", report, "accept")).status_code == 200

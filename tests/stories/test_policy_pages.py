"""The policy's pages: a proposal is written or uploaded, read as changes, and approved by somebody else."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.rules.policy.drafts import NEW_STRAND, OSBERT, RENAMED_GRADE, WINIFRED, text
from tests.stories.policy_house import TOMORROW, ask, line_starting, policy_house, propose
from tests.stories.routing_house import House


@pytest.fixture
async def house(postgres_url: str) -> AsyncIterator[House]:
    """A house of its own for each story: what is approved stays approved."""
    async with policy_house(postgres_url) as found:
        yield found


def words(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.partition("<body")[2]))


async def follow(house: House, who: str, answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 303, answer.text
    return await ask(house, who, "GET", answer.headers["location"])


async def test_the_page_shows_a_proposal_and_another_person_approves_it_there(house: House) -> None:
    sent = {"text": text(NEW_STRAND, begins=TOMORROW).replace("\n", "\r\n")}
    page = await follow(
        house, WINIFRED, await ask(house, WINIFRED, "POST", "/policy", files={"file": ("", b"")}, data=sent)
    )
    assert "codes.strands: added asexual" in words(page)
    assert "Somebody else must approve it" in words(page)
    assert "no desk so it counts as ours" in words(page)

    theirs = await ask(house, OSBERT, "GET", "/policy/june")
    (digest,) = re.findall(r'name="digest" value="(\w+)"', theirs.text)
    done = await ask(house, OSBERT, "POST", "/policy/june/approve", data={"digest": digest})
    assert "To come" in words(await follow(house, OSBERT, done))
    listed = words(await ask(house, "inspector:herts", "GET", "/policy"))
    assert "policy:winifred" in listed
    assert "Propose a version" not in listed


async def test_the_page_takes_a_file(house: House) -> None:
    file = ("june.toml", text(RENAMED_GRADE, begins=TOMORROW).encode())
    page = await follow(house, WINIFRED, await ask(house, WINIFRED, "POST", "/policy", files={"file": file}))

    assert "forces.cambs.grades.prompt: removed priority" in words(page)


async def test_the_page_names_the_line_and_keeps_what_was_written(house: House) -> None:
    written = text(("cap = 3", "cap = 0"), begins=TOMORROW)
    answer = await ask(house, WINIFRED, "POST", "/policy", data={"text": written})

    assert answer.status_code == 422
    assert f"Line {line_starting(written, 'cap = 0')}: matching.cap: out of range" in words(answer)
    assert "cap = 0" in answer.text


async def test_the_page_says_that_a_proposal_was_changed_meanwhile(house: House) -> None:
    await propose(house, text(begins=TOMORROW))
    answer = await ask(house, OSBERT, "POST", "/policy/june/approve", data={"digest": "an older one"})

    assert answer.status_code == 409
    assert "has been changed since you read it" in words(answer)


async def test_strangers_are_asked_to_sign_in_and_officers_are_told_that_it_is_not_theirs(house: House) -> None:
    assert (await house.people.get("/policy")).headers["location"] == "/demo/sign-in?next=/policy"
    assert (await ask(house, "officer:H1", "GET", "/policy")).status_code == 403

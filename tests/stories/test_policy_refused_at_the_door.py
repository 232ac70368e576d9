"""A text that is no policy is refused with field, reason and line; nothing changes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.rules.policy.drafts import WINIFRED, text
from tests.stories.policy_house import TOMORROW, ask, line_starting, policy_house, problem, propose
from tests.stories.routing_house import NOON, House


@pytest.fixture(scope="module")
async def house(module_postgres_url: str) -> AsyncIterator[House]:
    """One house for all of them, because none of them changes anything."""
    async with policy_house(module_postgres_url) as found:
        yield found


TOML, JSON = "application/toml", "application/json"
GOOD, PAST = text(begins=TOMORROW), text(begins=NOON - timedelta(days=1))


def wrong(old: str, new: str) -> str:
    """The default's text for tomorrow with one thing wrong."""
    return text((old, new), begins=TOMORROW)


LUTON = "forces.beds.districts.E06000032"
FORGOTTEN = wrong('E06000032 = { name = "Luton" }\n', "").replace("E06000032 = 225300\n", "")
BAD_CAP = wrong("cap = 3", "cap = 0")
REFUSED = {
    "no TOML": ("pools = [", TOML, 422, "toml", "not_toml", "pools"),
    "nothing at all": ("", TOML, 422, "version", "required", None),
    "not UTF-8": (b"\xff\xfe", TOML, 422, "body", "not_utf8", None),
    "a number out of range": (BAD_CAP, "text/plain", 422, "matching.cap", "out_of_range", "cap = 0"),
    "an unknown key": (wrong("cap = 3", "cap = 3\nsmell = 1"), TOML, 422, "matching.smell", "unknown_field", "smell"),
    "a key that names somebody": (
        wrong("cap = 3", 'cap = 3\n"Mrs Pettifer" = 1'), TOML, 422, "matching.?", "unknown_field", '"Mrs',
    ),
    "a date that has passed": (PAST, TOML, 422, "effective_from", "in_the_past", "effective_from"),
    "a name for no address": (text(version="no/slash", begins=TOMORROW), TOML, 422, "version", "not_an_id", "version"),
    "a forgotten district": (FORGOTTEN, TOML, 422, LUTON, "district_vanishes", "[forces.beds.districts]"),
    "no JSON": ("{", JSON, 400, "body", "not_json", None),
    "no object": ("[]", JSON, 400, "body", "not_json", None),
    "an empty object": ("{}", JSON, 422, "version", "required", None),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused_and_says_where(house: House, name: str) -> None:
    written, kind, status, field, reason, start = REFUSED[name]
    answer = await propose(house, written, kind=kind)

    assert answer.status_code == status, answer.text
    (found,) = [one for one in answer.json()["errors"] if (one["field"], one["reason"]) == (field, reason)]
    assert found.get("line") == (None if start is None else line_starting(written, start))
    assert "Pettifer" not in answer.text
    versions = (await ask(house, WINIFRED, "GET", "/v1/policies")).json()["items"]
    assert [one["version"] for one in versions] == ["default-1"]


async def test_a_body_of_three_hundred_kilobytes_is_too_large(house: House) -> None:
    answer = await propose(house, GOOD + "#" * 300 * 1024)

    assert problem(answer) == (413, "too_large")

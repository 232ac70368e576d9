"""Two people change the policy in their browsers; a third reads what holds."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DESK, PHONE, People
from tests.rules.policy.drafts import text

pytestmark = pytest.mark.browser

QUICKER = ("ack_minutes = 15\n", "ack_minutes = 14\n")
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_one_uploads_a_version_another_approves_it_and_a_supervisor_reads_it(
    people: People, scripts: bool
) -> None:
    name = "quicker" if scripts else "quicker-still"
    # The second is to hold before the first, so that both take over from what holds now.
    written = text(QUICKER, version=name, begins=TOMORROW if scripts else TOMORROW - timedelta(hours=1))
    anna = await people.person("policy:anna", width=DESK, scripts=scripts)
    await anna.goto("/policy")
    await anna.set_input_files("#file", {"name": "june.toml", "mimeType": "", "buffer": written.encode()})
    await anna.get_by_role("button", name="Propose").click()
    await expect(anna.get_by_text("classes.priority.ack_minutes: 15 → 14")).to_be_visible()
    await expect(anna.get_by_text("Somebody else must approve it.")).to_be_visible()
    assert await anna.get_by_role("button", name="Approve").count() == 0

    ben = await people.person("policy:ben", width=PHONE, scripts=scripts)
    await ben.goto("/policy")
    await ben.get_by_role("link", name=name, exact=True).click()
    await ben.get_by_role("button", name=f"Approve {name}").click()
    await expect(ben.get_by_text("To come")).to_be_visible()

    sergeant = await people.person("sergeant:herts", scripts=scripts)
    await sergeant.goto(f"/policy/{name}")
    await expect(sergeant.get_by_role("definition").filter(has_text="policy:ben")).to_be_visible()


async def test_a_mistake_is_said_by_its_line_and_the_text_is_kept(people: People) -> None:
    written = text(("cap = 3", "cap = 0"), version="capless", begins=TOMORROW)
    anna = await people.person("policy:anna", width=DESK)
    await anna.goto("/policy")
    await anna.fill("#text", written)
    await anna.get_by_role("button", name="Propose").click()

    line = written.splitlines().index("cap = 0") + 1
    await expect(anna.get_by_role("alert")).to_contain_text(f"Line {line}: matching.cap: out of range")
    assert "cap = 0" in await anna.input_value("#text")

"""`liaison policy` as two people use it at a terminal beside the database."""

import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.contracts.policy import parse_policy
from tests.rules.policy.drafts import NEW_STRAND, NEW_STRAND_OURS, OSBERT, WINIFRED, shipped, text

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Terminal:
    """A terminal in a folder, beside a database."""

    folder: Path
    database_url: str = "postgresql+asyncpg://nobody@localhost/nothing"

    def write(self, name: str, written: str) -> str:
        """A file to hand over."""
        (self.folder / name).write_text(written)
        return name

    async def types(self, *words: str) -> tuple[int, str, str]:
        """A command's exit code, and what it said on both streams."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
        settings = {"LIAISON_DATABASE_URL": self.database_url, "LIAISON_DATA_DIR": str(self.folder / "data")}
        settings |= {
            "LIAISON_MASTER_KEYS": "test:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
            "PYTHONPATH": str(Path.cwd()),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services", *words),
            **{"env": plain | settings, "cwd": self.folder},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        return process.returncode or 0, out.decode(), error.decode()


async def test_two_people_change_the_policy_at_a_terminal(postgres_url: str, tmp_path: Path) -> None:
    desk = Terminal(tmp_path, postgres_url)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    june = desk.write("june.toml", text(NEW_STRAND, NEW_STRAND_OURS, begins=tomorrow))
    assert (await desk.types("migrate"))[0] == 0

    code, out, _ = await desk.types("policy", "propose", june, "--as", WINIFRED)
    assert (code, out) == (0, f"june is proposed. It holds from {tomorrow.isoformat()}.\n")
    code, _, error = await desk.types("policy", "approve", "june", "--as", WINIFRED)
    assert (code, error) == (1, "june: own_proposal\n")
    code, out, _ = await desk.types("policy", "approve", "june", "--as", OSBERT)
    assert (code, out) == (0, f"june is approved. It holds from {tomorrow.isoformat()}.\n")

    code, out, _ = await desk.types("policy", "diff", "default-1", "june")
    assert (code, out) == (0, "codes.strands: added asexual\nscheme.strands: added asexual\n")
    assert parse_policy((await desk.types("policy", "show"))[1]) == parse_policy(shipped())
    later = (tomorrow + timedelta(minutes=1)).isoformat()
    assert parse_policy((await desk.types("policy", "show", "--at", later))[1]).version == "june"
    assert [line.split()[0] for line in (await desk.types("policy", "show", "--all"))[1].splitlines()] == [
        "june",
        "default-1",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "bad.toml"), "bad.toml:{line}: matching.cap: out of range\n"),
        (("check", "worse.toml"), "worse.toml:1: toml: Invalid value (at end of document)\n"),
        (("check", "large.toml"), "large.toml: is larger than 256 KiB\n"),
        (("check", "absent.toml"), "liaison: absent.toml: No such file or directory\n"),
    ],
)
async def test_what_is_wrong_with_a_file_is_said_by_line_and_needs_no_database(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    desk = Terminal(tmp_path)
    bad = text(("cap = 3", "cap = 0"))
    desk.write("bad.toml", bad)
    desk.write("worse.toml", "pools = [")
    desk.write("large.toml", "#" * 300 * 1024)
    line = bad.splitlines().index("cap = 0") + 1

    assert await desk.types("policy", *words) == (1, "", said.format(line=line))


async def test_what_changes_between_two_files_is_said_in_words(tmp_path: Path) -> None:
    desk = Terminal(tmp_path)
    before, after = (
        desk.write("a.toml", text()),
        desk.write("b.toml", text(("ack_minutes = 15\n", "ack_minutes = 20\n"))),
    )

    assert await desk.types("policy", "diff", before, after) == (0, "classes.priority.ack_minutes: 15 → 20\n", "")
    assert await desk.types("policy", "diff", after, after) == (0, "Nothing changes.\n", "")


@pytest.mark.parametrize("who", ["policy", "inspector:herts", "winifred", "policy:a:b"])
async def test_only_a_person_with_a_name_of_their_own_proposes(tmp_path: Path, who: str) -> None:
    desk = Terminal(tmp_path)
    code, _, error = await desk.types("policy", "propose", desk.write("june.toml", text()), "--as", who)

    assert code == 2
    assert "policy:NAME" in error

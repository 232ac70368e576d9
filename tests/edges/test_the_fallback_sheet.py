"""The fallback sheet: there when nothing else is, honest about its age, and nobody else's to read."""

from datetime import UTC, datetime
from pathlib import Path

from shared.fallback import Fallback, Section, Table

TEA_TIME = datetime(2026, 6, 6, 15, 0, tzinfo=UTC)


class Larder:
    """A service whose shelves can be read until the door is locked."""

    def __init__(self) -> None:
        self.locked = False

    async def sheet(self, force: str) -> Section:
        if self.locked:
            raise ConnectionRefusedError
        rows = (("K7QM-4T9P", f"Marmalade & <toast> for {force}"),)
        return Section("Larder", TEA_TIME, (Table("On the shelves", ("Reference", "What"), rows, "Bare."),))


def _sheets(folder: Path, **larders: Larder) -> Fallback:
    sheets = {name: larder.sheet for name, larder in larders.items()}
    return Fallback(sheets, {"herts": "Hertfordshire", "beds": "Bedfordshire"}, folder / "fallback")


async def test_each_force_gets_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    assert await _sheets(tmp_path, larder=Larder()).renew()
    written = tmp_path / "fallback" / "herts.html"
    text = written.read_text()
    assert "Hertfordshire: fallback sheet" in text
    assert "Marmalade &amp; &lt;toast&gt; for herts" in text
    assert "Saturday 6 June 2026, 16:00 BST" in text
    assert "beds" not in text
    assert written.stat().st_mode & 0o077 == 0
    assert (tmp_path / "fallback" / "fallback.css").is_file()


async def test_a_part_that_cannot_be_read_keeps_what_it_said_and_says_how_old_that_is(tmp_path: Path) -> None:
    cellar, larder = Larder(), Larder()
    fallback = _sheets(tmp_path, cellar=cellar, larder=larder)
    await fallback.renew()
    larder.locked = True
    assert not await fallback.renew()
    assert [section.stale for section in fallback.sections("herts")] == [False, True]
    assert "could not be read again since" in (tmp_path / "fallback" / "herts.html").read_text()
    larder.locked = False
    assert await fallback.renew()
    assert not any(section.stale for section in fallback.sections("herts"))


async def test_nothing_is_written_before_anything_was_ever_read(tmp_path: Path) -> None:
    larder = Larder()
    larder.locked = True
    fallback = _sheets(tmp_path, larder=larder)
    assert not await fallback.renew()
    assert not (tmp_path / "fallback").exists()
    assert fallback.sections("herts") == []

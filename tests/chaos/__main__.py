"""`make prove`: the long runs at full size. Nothing lost, nothing doubled, nothing without an owner."""

import argparse
import os
import sys

import pytest


def main() -> int:
    """pytest's exit code."""
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("--reports", type=int, default=1000, help="reports through a fleet that is being killed")
    parser.add_argument("--rate", type=float, default=20, help="reports a second")
    parser.add_argument("--burst", type=int, default=5000, help="reports in the embedded burst")
    parser.add_argument("--away", type=float, default=90, help="seconds that routing stays away")
    parser.add_argument("--seed", type=int, default=20260606)
    options = parser.parse_args()
    os.environ |= {
        "PROVE_REPORTS": str(options.reports),
        "PROVE_RATE": str(options.rate),
        "PROVE_BURST": str(options.burst),
        "PROVE_AWAY": str(options.away),
        "PROVE_SEED": str(options.seed),
        "REQUIRE_REAL_KAFKA": "1",
    }
    return pytest.main(["tests/chaos", "-v"])


if __name__ == "__main__":
    sys.exit(main())

"""`make prove`: the long runs at full size. Nothing lost, nothing doubled, nothing without an owner."""

import argparse
import os
import sys

import pytest

LONG = (
    "tests/chaos",
    "tests/platform/test_rehearsal_at_a_broker.py",
    "tests/rules/routing/test_any_life.py",
    "tests/stories/test_routing_any_life.py",
)


def main() -> int:
    """pytest's exit code."""
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("--reports", type=int, default=1000, help="reports through a fleet that is being killed")
    parser.add_argument("--rate", type=float, default=20, help="reports a second")
    parser.add_argument("--burst", type=int, default=5000, help="reports in the embedded burst")
    parser.add_argument("--away", type=float, default=90, help="seconds that routing stays away")
    parser.add_argument("--canaries", type=int, default=2000, help="reports with planted words that nothing may tell")
    parser.add_argument("--lives", type=int, default=3000, help="random lives of a referral")
    parser.add_argument("--seed", type=int, default=20260606)
    options = parser.parse_args()
    os.environ |= {
        "PROVE_REPORTS": str(options.reports),
        "PROVE_RATE": str(options.rate),
        "PROVE_BURST": str(options.burst),
        "PROVE_AWAY": str(options.away),
        "PROVE_LIVES": str(options.lives),
        "PROVE_CANARIES": str(options.canaries),
        "PROVE_DEATHS": "1000",
        "PROVE_SEED": str(options.seed),
        "REQUIRE_REAL_KAFKA": "1",
    }
    return pytest.main([*LONG, "-v", "--timeout=3600"])


if __name__ == "__main__":
    sys.exit(main())

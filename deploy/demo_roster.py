"""Writes the demo roster of three made-up forces into a folder, for `liaison roster load`: demonstrations only."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from services.simulation.roster import write_roster


def main() -> None:
    """Write it into the folder named on the command line, with duties around this moment."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_roster(folder, datetime.now(UTC))


if __name__ == "__main__":
    main()

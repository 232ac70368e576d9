"""The folder for what is made or fetched once for a machine, not once for a data folder."""

import os
import tempfile
from pathlib import Path


def machine_cache(name: str) -> Path:
    """`~/.cache/liaison/name` (or under XDG_CACHE_HOME), made if need be; where there is no home, a temporary one."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(home).expanduser() / "liaison" / name
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        folder = Path(tempfile.gettempdir()) / f"liaison-cache-{os.getuid()}" / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder

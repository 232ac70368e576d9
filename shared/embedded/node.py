"""One broker of Apache Kafka: its folder, its settings and its process."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.embedded.jars import java, kafka_jars
from shared.embedded.ports import is_open
from shared.embedded.processes import pid_in
from shared.embedded.tenancy import StartFailed

_STOP_SECONDS = 20
_HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
_LIGHTLY = ("-XX:TieredStopAtLevel=1",)
_LINES = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")


@dataclass(frozen=True)
class Ports:
    """Where a node listens on 127.0.0.1: for clients, and for the other nodes' controllers."""

    clients: int
    controller: int


class Node:
    """The broker and controller `number` (from 1) kept in `folder`.

    `quick` compiles it lightly: it is up for half the processor time and slower from then on.
    """

    def __init__(self, folder: Path, number: int, *, quick: bool = False) -> None:
        self.number = number
        self._options = (*_HEAP, *_LINES, *(_LIGHTLY if quick else ()))
        self.log = folder / "kafka.log"
        self._folder = folder
        self._properties = folder / "server.properties"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process, whoever started it; None while there is none."""
        # Our own child is asked first: for an instant after its start its command line still reads empty.
        if self._child is not None and self._child.poll() is None:
            return self._child.pid
        return pid_in(self._folder / "pid", str(self._properties))

    @property
    def failed(self) -> bool:
        """Whether the process we started ended by itself, which it never should."""
        return self._child is not None and self._child.poll() is not None

    def configure(self, cluster: str, ports: Sequence[Ports]) -> None:
        """Write its settings and, once, format its folder for the cluster of that id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = _settings(self.number, ports) | {"log.dirs": str(self._folder / "log")}
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if not (self._folder / "log" / "meta.properties").exists():
            self._format(cluster)

    def launch(self) -> None:
        """Start its process, unless it runs; it answers some seconds later."""
        if self.pid is not None:
            return
        command = [java(), *self._options, "-cp", f"{kafka_jars()}/*", "kafka.Kafka", str(self._properties)]
        with self.log.open("w") as log:
            # A session of its own: Ctrl-C is for us, and we stop it last.
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        (self._folder / "pid").write_text(f"{self._child.pid}\n")

    def listens(self, ports: Ports) -> bool:
        """Whether it runs and accepts clients."""
        return self.pid is not None and is_open(ports.clients)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process, if it has one."""
        if (pid := self.pid) is not None:
            os.kill(pid, number)

    def wait_gone(self) -> None:
        """Return when its process has ended; after 20 s it is made to."""
        until = time.monotonic() + _STOP_SECONDS
        while self.pid is not None:
            if time.monotonic() > until:
                self.signal(signal.SIGKILL)
            time.sleep(0.02)
        self._child = None

    def _format(self, cluster: str) -> None:
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster]
        done = subprocess.run(
            [java(), *_LIGHTLY, "-cp", f"{kafka_jars()}/*", *tool, "-c", str(self._properties)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise StartFailed(f"Kafka's folder could not be formatted: {lines[-1][:300]}")


def _settings(number: int, ports: Sequence[Ports]) -> dict[str, str | int]:
    own, copies = ports[number - 1], min(len(ports), 3)
    voters = ",".join(f"{node}@127.0.0.1:{each.controller}" for node, each in enumerate(ports, start=1))
    return {
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{own.clients},CONTROLLER://127.0.0.1:{own.controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{own.clients}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "auto.create.topics.enable": "false",
        "num.partitions": 12,
        "message.max.bytes": 1024 * 1024,
        "default.replication.factor": copies,
        "min.insync.replicas": 2 if copies == 3 else 1,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 12,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": 1,
        # The first consumer starts at once; a broker killed is missed, and taken back, within seconds.
        "group.initial.rebalance.delay.ms": 0,
        "broker.session.timeout.ms": 2000,
        "broker.heartbeat.interval.ms": 500,
        "log.cleaner.dedupe.buffer.size": 32 * 1024 * 1024,
    }

"""Apache Kafka from its Maven jars: real Kafka without Docker, one broker or a cluster of them on loopback ports.

KRaft, each node broker and controller in one process. The processes outlive the one that started them, as
PostgreSQL's does: the next start adopts what still runs. `kill` and `restart` are for tests that break things.
"""

import json
import secrets
import signal
import time
from base64 import urlsafe_b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shared.embedded.node import Node, Ports
from shared.embedded.ports import free_ports
from shared.embedded.tenancy import StartFailed, Tenancy

_START_SECONDS = 60


class NativeKafka:
    """Apache Kafka on `data_dir`/kafka with `nodes` brokers (1, or 3 with two in sync), kept across restarts.

    `port` is the first broker's; 0 takes the one it had before, or a free one. `quick` starts sooner and serves
    slower, for tests.
    """

    def __init__(self, data_dir: Path, port: int = 0, *, nodes: int = 1, quick: bool = False) -> None:
        self._home = data_dir.resolve() / "kafka"
        self._port = port
        self._nodes = [Node(self._home / f"node-{each}", each, quick=quick) for each in range(1, nodes + 1)]
        self._tenancy = Tenancy(self._home)
        self._ports: list[Ports] = []

    @property
    def bootstrap(self) -> str:
        """Addresses of all brokers, by commas; empty before the start."""
        return ",".join(f"127.0.0.1:{ports.clients}" for ports in self._ports)

    def start(self) -> str:
        """Start every broker that does not run; gives the bootstrap addresses once all of them answer.

        Blocks: 3 to 5 s, longer the first time on a machine. StartFailed says what is missing.
        """
        with self._tenancy.door():
            cluster = self._take_up()
            self._tenancy.enter()
            for node in self._nodes:
                node.configure(cluster, self._ports)
                node.launch()
            self._wait_for(len(self._nodes))
        return self.bootstrap

    def stop(self) -> None:
        """Leave; the last to leave stops the brokers, in an orderly way."""
        with self._tenancy.door():
            if self._tenancy.leave():
                for node in self._nodes:
                    node.signal(signal.SIGTERM)
                for node in self._nodes:
                    node.wait_gone()

    def pid(self, number: int = 1) -> int | None:
        """A broker's process; None while there is none."""
        return self._nodes[number - 1].pid

    def kill(self, number: int = 1) -> None:
        """`kill -9` of one broker, as a crash would; it is gone when this returns."""
        self._nodes[number - 1].signal(signal.SIGKILL)
        self._nodes[number - 1].wait_gone()

    def restart(self, number: int = 1) -> None:
        """Start one broker again on its old folder and port; returns when all that run are a cluster."""
        with self._tenancy.door():
            self._nodes[number - 1].launch()
            self._wait_for(sum(node.pid is not None for node in self._nodes))

    def _take_up(self) -> str:
        """The cluster kept here, or a new one; while a node runs, ports stay as they are. Gives the cluster's id."""
        file = self._home / "cluster.json"
        kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"id": _new_id(), "ports": []}
        ports = [Ports(**each) for each in kept["ports"]]
        if ports and len(ports) != len(self._nodes):
            raise StartFailed(
                f"the Kafka kept here has {len(ports)} brokers, not {len(self._nodes)}: use another folder"
            )
        if all(node.pid is None for node in self._nodes):
            ports = self._choose(ports)
        elif self._port not in {0, ports[0].clients}:
            raise StartFailed(f"the Kafka kept here already runs, on port {ports[0].clients}")
        self._ports = ports
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({"id": kept["id"], "ports": [asdict(each) for each in ports]}))
        fresh.rename(file)
        return str(kept["id"])

    def _choose(self, before: list[Ports]) -> list[Ports]:
        old = [port for each in before for port in (each.clients, each.controller)]
        wanted = old or [0] * (2 * len(self._nodes))
        wanted[0] = self._port or wanted[0]
        chosen = free_ports(wanted)
        if self._port and chosen[0] != self._port:
            raise StartFailed(f"port {self._port} is taken, so Kafka cannot start there")
        return [Ports(*pair) for pair in zip(chosen[::2], chosen[1::2], strict=True)]

    def _wait_for(self, brokers: int) -> None:
        until = time.monotonic() + _START_SECONDS
        while not self._answers(brokers):
            if failed := next((node for node in self._nodes if node.failed), None):
                raise StartFailed(f"Kafka did not start: see the end of {failed.log}")
            if time.monotonic() > until:
                raise StartFailed(f"Kafka did not answer in {_START_SECONDS} s: see {self._nodes[0].log}")
            time.sleep(0.1)

    def _answers(self, brokers: int) -> bool:
        """Whether `brokers` of them accept clients and know of each other."""
        listening = [ports for node, ports in zip(self._nodes, self._ports, strict=True) if node.listens(ports)]
        return len(listening) >= brokers and _brokers_seen(f"127.0.0.1:{listening[0].clients}") >= brokers


def _new_id() -> str:
    return urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


def _brokers_seen(bootstrap: str) -> int:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "socket.timeout.ms": 2000})
    try:
        return len(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return 0

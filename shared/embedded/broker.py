"""A Kafka broker inside the process: librdkafka's mock cluster, for development and a first look.

It speaks the protocol but keeps its topics in memory, about 5 MB a partition, and has no admin API and at most
one member a consumer group. What makes that safe is the journal, not this module: there a row counts as
published when every group has committed past it. Proofs of delivery belong on real Kafka (`native.py`).
"""

import ctypes
import threading
from collections.abc import Iterable
from typing import Any

from shared.contracts.topics import PARTITIONS
from shared.embedded.tenancy import StartFailed

_PRODUCER = 0


class EmbeddedBroker:
    """One broker on a loopback port of its own choice. `start`, `add` and `stop` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._library: Any = None
        self._handle: int | None = None
        self._cluster: int | None = None

    def start(self, topics: Iterable[str]) -> str:
        """Start it with `topics`, empty, 12 partitions each; gives the bootstrap address `127.0.0.1:port`."""
        with self._lock:
            if self._cluster is None:
                self._open()
            bootstraps = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.add(topics)
        return str(bootstraps)

    def add(self, topics: Iterable[str]) -> None:
        """Create topics that are not there yet; those that are stay as they are."""
        with self._lock:
            for topic in topics:
                self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), PARTITIONS, 1)

    def stop(self) -> None:
        """Stop it; what its topics held is gone."""
        with self._lock:
            if self._cluster is not None:
                self._library.rd_kafka_mock_cluster_destroy(self._cluster)
                self._library.rd_kafka_destroy(self._handle)
            self._cluster = self._handle = None

    def _open(self) -> None:
        self._library = _library()
        reason = ctypes.create_string_buffer(512)
        configuration = self._library.rd_kafka_conf_new()
        # Its own lines would go to stderr past our logging; clients report what they meet anyway.
        self._library.rd_kafka_conf_set_log_cb(configuration, None)
        self._handle = self._library.rd_kafka_new(_PRODUCER, configuration, reason, len(reason))
        if not self._handle:
            raise StartFailed("the embedded broker did not start: librdkafka gave no handle")
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, 1)
        if not self._cluster:
            raise StartFailed("the embedded broker did not start: no free loopback port?")
        # Nobody else is going to join: three seconds of waiting for them is three seconds of every start.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)


def _library() -> Any:
    """librdkafka as the confluent-kafka wheel brings it, found through the extension module that links it."""
    try:
        from confluent_kafka import cimpl
    except ImportError:
        raise StartFailed(
            "no embedded broker here: install the extra `embedded`, or set LIAISON_KAFKA_BOOTSTRAP"
        ) from None
    library = ctypes.CDLL(cimpl.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_conf_set_log_cb": (None, [pointer, pointer]),
        "rd_kafka_new": (pointer, [number, pointer, text, ctypes.c_size_t]),
        "rd_kafka_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_topic_create": (number, [pointer, text, number, number]),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [pointer, ctypes.c_int32]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library

"""The figures every service gives at /metrics. Labels name our own parts, never people or reasons."""

from dataclasses import dataclass
from functools import cache

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300)


@dataclass(frozen=True)
class Metrics:
    """One field for each figure. Labels: `service` (three may share a process), `reader` (service.subscription)."""

    journal_age: Gauge
    unpublished: Gauge
    published: Counter
    relay_failures: Counter
    lag: Gauge
    stopped: Gauge
    transient: Counter
    batch_seconds: Histogram
    batch_events: Histogram
    duplicates: Counter
    held_events: Gauge
    dead_letters: Counter
    dead_letters_open: Gauge
    open_without_deadline: Gauge
    overdue: Gauge
    overdue_seconds: Gauge
    roster_warnings: Gauge
    lateness_seconds: Histogram
    alarms_waiting: Gauge
    drill_age: Gauge
    drill_overdue: Gauge
    notices: Counter
    notice_seconds: Histogram
    control_room_events: Counter
    control_room_dropped: Counter
    control_room_paused: Gauge
    control_room_waiting: Gauge
    control_room_age: Gauge
    task_restarts: Counter
    log_fields_dropped: Counter


def _out() -> dict[str, Counter | Gauge | Histogram]:
    service = ["service"]
    return {
        "journal_age": Gauge(
            "liaison_journal_age_seconds", "Age of the oldest unpublished row, 0 when there is none", service
        ),
        "unpublished": Gauge("liaison_journal_unpublished_rows", "Journal rows not yet published", service),
        "published": Counter("liaison_published", "Journal rows published", service),
        "relay_failures": Counter("liaison_relay_failures", "Sends that failed or stayed unconfirmed", service),
    }


def _in() -> dict[str, Counter | Gauge | Histogram]:
    service, reader = ["service"], ["reader"]
    return {
        "lag": Gauge("liaison_consumer_lag_events", "Events on the topic not yet handled", ["reader", "topic"]),
        "stopped": Gauge("liaison_consumer_stopped", "1 after too many dead letters in a minute", reader),
        "transient": Counter("liaison_transient_errors", "Batches tried again, no event to blame", reader),
        "batch_seconds": Histogram(
            "liaison_batch_seconds", "One batch, from the poll to the commit", reader, buckets=_SECONDS
        ),
        "batch_events": Histogram(
            "liaison_batch_events", "Events in a batch", reader, buckets=(1, 2, 5, 10, 50, 100, 500)
        ),
        "duplicates": Counter("liaison_duplicates", "Events seen before and left alone", service),
        "held_events": Gauge("liaison_held_events", "Events waiting for an earlier one of theirs", service),
        "dead_letters": Counter("liaison_dead_letters", "Events set aside", ["service", "topic"]),
        "dead_letters_open": Gauge(
            "liaison_dead_letters_open", "Events set aside, neither replayed nor discarded", service
        ),
    }


def _promises() -> dict[str, Counter | Gauge | Histogram]:
    service = ["service"]
    return {
        "open_without_deadline": Gauge(
            "liaison_open_without_deadline", "Open reports or referrals nobody must act on; always 0", service
        ),
        "overdue": Gauge("liaison_overdue", "Deadlines that have passed and not yet been acted on", service),
        "overdue_seconds": Gauge("liaison_overdue_seconds", "Age of the oldest overdue deadline", service),
        "roster_warnings": Gauge(
            "liaison_roster_warnings", "What will be missing on the roster, by kind", [*service, "kind"]
        ),
        "lateness_seconds": Histogram(
            "liaison_lateness_seconds", "How late a deadline was acted on", service, buckets=_SECONDS
        ),
        "alarms_waiting": Gauge("liaison_alarms_waiting", "Alarms that nobody outside has taken", service),
        "drill_age": Gauge("liaison_drill_age_seconds", "Since an exercise referral last went all the way", ["force"]),
        "drill_overdue": Gauge("liaison_drill_overdue", "1 while an exercise referral has not arrived", ["force"]),
        "notices": Counter("liaison_notices", "Attempts to reach a person", [*service, "means", "state"]),
        "notice_seconds": Histogram(
            "liaison_notice_seconds", "From the decision to the first attempt sent", service, buckets=_SECONDS
        ),
    }


def _control_rooms() -> dict[str, Counter | Gauge | Histogram]:
    force = ["force"]
    return {
        "control_room_events": Counter(
            "liaison_control_room_events", "Attempts to tell a control room by webhook", [*force, "state"]
        ),
        "control_room_dropped": Counter(
            "liaison_control_room_dropped", "Events a control room did not take in 72 hours", force
        ),
        "control_room_paused": Gauge("liaison_control_room_paused", "1 while a control room is not sent to", force),
        "control_room_waiting": Gauge("liaison_control_room_waiting", "Events that wait for a control room", force),
        "control_room_age": Gauge(
            "liaison_control_room_age_seconds", "Age of the oldest of them, 0 when there is none", force
        ),
    }


def _process() -> dict[str, Counter | Gauge | Histogram]:
    return {
        "task_restarts": Counter("liaison_task_restarts", "Supervised loops started again", ["service", "task"]),
        "log_fields_dropped": Counter("liaison_log_fields_dropped", "Log fields not on the allow-list"),
    }


@cache
def metrics() -> Metrics:
    """This process's figures, made on first use in Prometheus' default registry."""
    return Metrics(**(_out() | _in() | _promises() | _control_rooms() | _process()))  # type: ignore[arg-type]


def exposition() -> tuple[bytes, str]:
    """What /metrics answers: the body and its content type."""
    metrics()
    return generate_latest(), CONTENT_TYPE_LATEST

"""What has once been on a topic must always be readable; doors are strict and the inside is tolerant."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.examples import SAMPLES, samples_of
from shared.contracts.faults import faults
from shared.contracts.model import Event
from shared.contracts.topics import TOPICS, Topic

EVENTS = [(topic, event) for topic in TOPICS for event in topic.events]
CASES = [(topic, event, path) for topic, event in EVENTS for path in samples_of(topic, event)]


def named(value: object) -> str:
    return value.stem if isinstance(value, Path | Topic) else getattr(value, "name", "")


def within(part: Any, whole: Any) -> bool:
    """Whether everything that `part` says is still said by `whole`, which may say more."""
    if isinstance(part, dict):
        return all(key in whole and within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(within, part, whole))
    if isinstance(part, str):
        return part.replace("+00:00", "Z") == whole
    return bool(part == whole)


@pytest.mark.parametrize(("topic", "event"), EVENTS, ids=named)
def test_every_event_has_a_sample(topic: Topic, event: type[Event]) -> None:
    assert samples_of(topic, event)


def test_every_sample_belongs_to_an_event() -> None:
    assert {path for *_, path in CASES} == set(SAMPLES.glob("*/*"))


@pytest.mark.parametrize(("topic", "event", "path"), CASES, ids=named)
def test_a_sample_reads_and_writes_back_without_loss(topic: Topic, event: type[Event], path: Path) -> None:
    read = event.model_validate_json(path.read_bytes())

    assert event.model_validate_json(read.to_json()) == read
    assert within(json.loads(path.read_bytes()), json.loads(read.to_json()))


@pytest.mark.parametrize(("topic", "event", "path"), CASES, ids=named)
def test_an_unknown_field_is_refused_at_the_doors_and_ignored_inside(
    topic: Topic, event: type[Event], path: Path
) -> None:
    sample = json.loads(path.read_bytes()) | {"weather_vane": "north by north-west"}

    if not topic.door:
        assert event.model_validate_json(json.dumps(sample))
        return
    with pytest.raises(ValidationError) as refused:
        event.model_validate_json(json.dumps(sample))
    assert [(fault.field, fault.reason) for fault in faults(refused.value)] == [("weather_vane", "unknown_field")]


@pytest.mark.parametrize(("topic", "event", "path"), CASES, ids=named)
def test_an_event_never_changes(topic: Topic, event: type[Event], path: Path) -> None:
    read = event.model_validate_json(path.read_bytes())

    for field in type(read).model_fields:
        with pytest.raises(ValidationError):
            setattr(read, field, None)


@pytest.mark.parametrize(("topic", "event", "path"), CASES, ids=named)
def test_a_required_field_left_out_is_named(topic: Topic, event: type[Event], path: Path) -> None:
    sample = json.loads(path.read_bytes())
    for attribute, field in event.model_fields.items():
        name = field.alias or attribute
        if not field.is_required():
            continue
        with pytest.raises(ValidationError) as refused:
            event.model_validate_json(json.dumps({key: sample[key] for key in sample if key != name}))
        assert [(fault.field, fault.reason) for fault in faults(refused.value)] == [(name, "required")]

"""The committed samples: what has once been on a topic must always be readable, so none is ever edited.

`samples/<ce_type>/<topic's stem>.json`, further ones with a word behind a plus: `inbound+least.json`.
"""

from pathlib import Path

from shared.contracts.model import Event
from shared.contracts.topics import Topic

SAMPLES = Path(__file__).parent / "samples"


def samples_of(topic: Topic, event: type[Event]) -> tuple[Path, ...]:
    """The samples of one event on one topic, the plain one first."""
    folder = SAMPLES / event.ce_type()
    further = sorted(folder.glob(f"{topic.stem}+*.json"))
    plain = folder / f"{topic.stem}.json"
    return (plain, *further) if plain.exists() else tuple(further)

"""Who the person is stands in the vault alone: nothing that notify reads, keeps or says has room for them.

They hear from their officer, or look for themselves with their reference and track words.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from services.notify.channels.channel import Message
from services.notify.channels.wording import TEMPLATES
from services.notify.rules.planning import Task, plan
from services.notify.store.tables import metadata
from shared.contracts.contact import ContactDetails
from shared.contracts.examples import samples_of
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.model import Event
from shared.contracts.officers import RosterWarned
from shared.contracts.topics import TOPICS, Topic

ROLES = frozenset({"coordinator", "sergeant", "inspector", "fim", "psd", "ops"})
NOT_OF_A_PERSON = frozenset({"start", "end", "days"})
"""Of the fields of contact details, those that only say when."""
HEARD = [topic for topic in TOPICS if topic.stem in {"referrals", "officers", "outbound"}]
ABOUT_REFERRALS = [
    (event, path)
    for topic in TOPICS
    if topic.stem == "referrals"
    for event in topic.events
    if issubclass(event, ReferralEvent)
    for path in samples_of(topic, event)
]


def fields_of(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """The names of all fields of a model and of the models in it."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        yield name
        yield from _within(field.annotation, seen)


def _within(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from fields_of(annotation, seen)
    for one in get_args(annotation):
        yield from _within(one, seen)


OF_A_PERSON = frozenset(fields_of(ContactDetails, set())) - NOT_OF_A_PERSON


def test_the_details_of_a_person_are_what_this_looks_for() -> None:
    assert {"name", "phone", "email", "home", "postcode", "referrer", "narrative", "code_phrase"} <= OF_A_PERSON


@pytest.mark.parametrize("topic", HEARD, ids=lambda topic: topic.stem)
def test_no_event_that_notify_hears_has_a_field_for_a_persons_details(topic: Topic) -> None:
    for event in topic.events:
        assert not OF_A_PERSON & set(fields_of(event, set())), event.name


def test_notify_hears_no_topic_on_which_a_person_could_be_found() -> None:
    assert {topic.stem for topic in TOPICS if "notify" in topic.consumers} <= {
        "referrals",
        "officers",
        "outbound",
        "policy",
    }


def test_no_table_of_notify_has_a_column_for_a_persons_details() -> None:
    for table in metadata.tables.values():
        assert not OF_A_PERSON & {column.name for column in table.columns}, table.name


@pytest.mark.parametrize("template", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_no_template_names_anything_but_the_task(template: Path) -> None:
    named = re.findall(r"\{[{%](.*?)[%}]\}", template.read_text("utf-8"))
    words = {word for one in named for word in re.findall(r"[a-z_]+", one)} - {"if", "endif", "or"}
    assert words <= {"sentence", "reference", "deadline", "url", "exercise", "code", "tasks"}


def test_no_message_has_room_for_anything_a_person_said() -> None:
    assert not OF_A_PERSON & set(Message.__dataclass_fields__)


@pytest.mark.parametrize(
    ("event", "path"), ABOUT_REFERRALS, ids=lambda one: getattr(one, "stem", getattr(one, "name", ""))
)
def test_whatever_happens_to_a_referral_is_told_to_officers_and_roles_alone(event: type[Event], path: Path) -> None:
    happened = event.model_validate_json(path.read_bytes())
    assert isinstance(happened, ReferralEvent)
    before = Task(happened.referral_id, happened.reference, happened.force, holder="H1", asked=("H2",), open=("H2",))
    for draft in plan(before, happened).drafts:
        role, _, force = draft.to.partition(":")
        assert (role in ROLES and force) or re.fullmatch(r"[A-Z][A-Za-z0-9_.-]{1,39}", draft.to), draft.to


def test_a_warning_names_a_role() -> None:
    assert RosterWarned.model_fields["role"].is_required()

"""Nothing tells: every text, subject and body, of every type and over every means, read as a stranger would."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from services.notify.channels.push import payload_of
from services.notify.channels.webhook import body_of
from services.notify.channels.wording import TEMPLATES, Wording
from services.notify.rules.replies import Verdict
from services.notify.rules.wordings import EDITION
from shared.contracts.deliveries import NoticeType
from tests.edges.notify_house import message
from tests.telling import TELLING, telling

TYPES = get_args(NoticeType)
VERDICTS = (*get_args(Verdict), "proof")

EDITIONS = {
    1: "6010c4089f83c7d3",
}
"""What all templates come to, for each edition of our wording."""

ALLOWED = {
    "You have a new task. Sign in.",
    "A task is still waiting for your answer. Sign in.",
    "A colleague has taken this task. Nothing more is needed from you.",
    "This task is closed. Nothing more is needed from you.",
    "Your duty ends soon and you still hold a task. Sign in.",
    "A task needs somebody in your role. Sign in.",
    "This is a test of your notices. Nothing is needed from you.",
}


def texts(kind: str) -> list[str]:
    """Everything a receiver of this type of notice may read, without its link."""
    wording, found = Wording(), []
    for exercise in (False, True):
        for respond_by in (None, datetime(2026, 6, 6, 13, 5, tzinfo=UTC)):
            for reference in (None, "K7QM-4T9P"):
                given = message("x", type=kind, respond_by=respond_by, reference=reference, exercise=exercise)
                mail = wording.email(given)
                push = wording.push(given)
                found += [mail.subject, mail.body, wording.sms(given).body, push.subject, push.body]
    return [text.replace(message("x").url, "") for text in found]


@pytest.mark.parametrize("kind", TYPES)
def test_no_word_of_it_tells(kind: str) -> None:
    for text in texts(kind):
        for word in TELLING.split():
            assert not re.search(rf"\b{word}", text, re.IGNORECASE), (word, text)


@pytest.mark.parametrize("kind", TYPES)
def test_it_says_one_known_sentence_the_reference_the_deadline_and_the_link_and_nothing_else(kind: str) -> None:
    given = message("x", type=kind)
    known = (*ALLOWED, given.url, str(given.reference), "Saturday 6 June 2026, 14:05 BST", "14:05 on Sat 6 Jun")
    for text in (Wording().email(given).body, Wording().sms(given).body):
        rest = text
        for part in known:
            rest = rest.replace(part, "")
        assert set(re.findall(r"\w+", rest)) <= {"Reference", "Answer", "by"}
    assert Wording().email(given).subject in ALLOWED


@pytest.mark.parametrize("kind", TYPES)
def test_a_device_shows_one_known_sentence_and_is_sent_the_reference_and_the_link_beside_it(kind: str) -> None:
    given = message("x", type=kind)
    payload = payload_of(given, Wording())
    assert payload.keys() == {"title", "body", "url", "reference"}
    assert f"{payload['title']}. {payload['body']}" in ALLOWED
    assert (payload["url"], payload["reference"]) == (given.url, given.reference)


@pytest.mark.parametrize("kind", TYPES)
def test_an_exercise_says_so_first(kind: str) -> None:
    drill = message("x", type=kind, exercise=True)
    mail = Wording().email(drill)
    assert {text[:8] for text in (mail.subject, mail.body, Wording().sms(drill).body)} == {"EXERCISE"}


def test_an_offer_by_text_message_fits_one_and_is_still_true_two_days_late() -> None:
    sms = Wording().sms(message("x")).body
    assert sms == (
        "You have a new task. Sign in. K7QM-4T9P by 14:05 on Sat 6 Jun: https://tasks.example/referrals/K7QM-4T9P"
    )
    assert len(sms) <= 160


def test_a_deadline_is_said_in_local_time_summer_and_winter() -> None:
    winter = message("x", respond_by=datetime(2026, 1, 6, 13, 5, tzinfo=UTC))
    assert "13:05 on Tue 6 Jan" in Wording().sms(winter).body
    assert "Tuesday 6 January 2026, 13:05 GMT" in Wording().email(winter).body


def test_every_type_of_the_contract_has_its_words_and_no_words_are_left_over() -> None:
    frames = {"subject.txt", "email.txt", "sms.txt"}
    beside = {"role.alert.roster.txt", "role.alert.connection.txt", "role.note.txt", "bundle.txt"}
    beside |= {f"answer.{verdict}.txt" for verdict in VERDICTS}
    assert {path.name for path in TEMPLATES.iterdir()} - frames == {f"{kind}.txt" for kind in TYPES} | beside


@pytest.mark.parametrize("kind", TYPES)
def test_a_bundle_says_how_many_and_names_none(kind: str) -> None:
    bundle = message("x", type=kind, tasks=200, reference=None, url="https://tasks.example/tasks")
    assert Wording().sms(bundle).body == (
        "You have news of 200 tasks. Sign in. by 14:05 on Sat 6 Jun: https://tasks.example/tasks"
    )
    assert Wording().email(bundle).subject == "You have news of 200 tasks. Sign in."
    for word in TELLING.split():
        assert not re.search(rf"\b{word}", Wording().email(bundle).body.replace(bundle.url, ""), re.IGNORECASE)


def answered(verdict: str) -> str:
    url = "https://tasks.example/tasks"
    return Wording().sms(message("x", type="answer", verdict=verdict, url=url, means="phone")).body.replace(url, "")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_no_word_of_an_answer_tells_and_it_fits_one_text_message(verdict: str) -> None:
    said = answered(verdict)
    assert len(said) <= 130
    for word in TELLING.split():
        assert not re.search(rf"\b{word}", said, re.IGNORECASE), (word, said)


@pytest.mark.parametrize("verdict", ["no_code", "unknown", "unclear", "stopped", "started", "proof"])
def test_an_answer_to_whom_we_do_not_know_names_no_task(verdict: str) -> None:
    assert "K7QM" not in answered(verdict)


def test_an_offer_that_a_text_may_answer_says_how() -> None:
    assert Wording().sms(message("x", code="0042")).body == (
        "You have a new task. Sign in. K7QM-4T9P by 14:05 on Sat 6 Jun. Answer YES 0042 or NO 0042: "
        "https://tasks.example/referrals/K7QM-4T9P"
    )


def test_a_code_is_for_text_messages_alone() -> None:
    given = message("x", code="0042", respond_by=None, reference="K7QM-4T9P")
    mail = Wording().email(given)
    assert "0042" not in mail.subject + mail.body + body_of(given).decode()


def test_a_role_alerted_about_no_task_is_sent_to_the_roster_and_told_no_more() -> None:
    alert = message("x", type="role.alert", reference=None, respond_by=None, url="https://tasks.example/roster")
    assert Wording().sms(alert).body == "The roster needs your attention. Sign in. https://tasks.example/roster"


def test_the_operations_desk_is_told_that_a_connection_needs_it_and_not_which() -> None:
    url = "https://tasks.example/v1/control-rooms"
    alert = message("x", to="ops:herts", type="role.alert", reference=None, respond_by=None, url=url)
    assert Wording().sms(alert).body == f"A connection needs your attention. Sign in. {url}"


def test_a_note_of_tonights_cover_leads_to_the_coverage_page_and_names_no_place() -> None:
    url = "https://tasks.example/coverage"
    note = message("x", type="role.alert", reference=None, respond_by=None, url=url, note=True)
    assert Wording().sms(note).body == f"Tonight's cover has gaps. Sign in. {url}"
    for word in TELLING.split():
        assert not re.search(rf"\b{word}", Wording().email(note).body.replace(url, ""), re.IGNORECASE), word


def test_a_message_never_shows_its_address_where_it_might_be_logged() -> None:
    assert "peggy" not in repr(message("peggy@herts.example"))


def test_a_webhook_says_no_more_than_the_contract_for_any_type() -> None:
    for kind in TYPES:
        said = json.loads(body_of(message("https://a.example/", type=kind)))
        assert set(said) == {"id", "type", "reference", "class", "respond_by", "url"}


@pytest.mark.parametrize("kind", TYPES)
def test_no_word_of_a_webhook_tells_its_own_names_included(kind: str) -> None:
    for said in (message("x", type=kind), message("x", type=kind, reference=None, respond_by=None, tasks=200)):
        body = body_of(said).decode().replace(said.url, "")
        assert not list(telling(body, TELLING)), body


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.iterdir()))
def test_no_word_of_a_template_tells_whoever_it_is_for(name: str) -> None:
    said = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", (TEMPLATES / name).read_text(), flags=re.DOTALL)
    assert not list(telling(said, TELLING)), said


def test_whoever_changes_the_wording_gives_it_a_new_edition() -> None:
    """Each attempt keeps the edition it was written in: raise `EDITION`, and add what the templates come to now."""
    whole = "\0".join(f"{path.name}\0{path.read_text()}" for path in sorted(TEMPLATES.iterdir()))
    assert max(EDITIONS) == EDITION
    assert EDITIONS[EDITION] == hashlib.sha256(whole.encode()).hexdigest()[:16]

"""A timeline in plain sentences, for every event there is."""

from pathlib import Path

import pytest

from services.routing.sentences import _SENTENCES, sentence
from shared.contracts.examples import samples_of
from shared.contracts.lifecycle import ReferralEvent
from shared.contracts.referrals import ReferralDeclined, ReferralHandedOver, ReferralOffered
from shared.contracts.topics import TOPICS

REFERRALS = next(topic for topic in TOPICS if topic.stem == "referrals")
EVENTS = [event for event in REFERRALS.events if issubclass(event, ReferralEvent)]
CASES = [(event, path) for event in EVENTS for path in samples_of(REFERRALS, event)]
COMMON = {
    "referral_id": "0197d2a0-0000-7000-8000-000000000001",
    "reference": "K7QM-4T9P",
    "sequence": 4,
    "at": "2026-06-27T22:10:00Z",
    "force": "herts",
    "state": "offered",
}


def told(event: type[ReferralEvent], **words: object) -> str:
    return sentence(event.model_validate(COMMON | words))


@pytest.mark.parametrize(("event", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_every_event_reads_as_sentences(event: type[ReferralEvent], path: Path) -> None:
    words = sentence(event.model_validate_json(path.read_bytes()))

    assert event in _SENTENCES
    assert words[0].isupper() or words[0].isdigit()
    assert words.endswith(".")
    assert not {"_", "None", "  ", ".."} & {mark for mark in ("_", "None", "  ", "..") if mark in words}


def test_times_are_local_and_say_the_day_when_it_is_another() -> None:
    offered = {
        "offer_id": "0197d2a0-0000-7000-8000-000000000002",
        "officers": ["H1042", "H1077"],
        "step": 0,
        "why": "first",
    }
    assert told(ReferralOffered, **offered, respond_by="2026-06-27T22:25:00Z") == (
        "Offered to H1042 and H1077. Answer wanted by 23:25."
    )
    assert told(ReferralOffered, **offered, respond_by="2026-06-27T23:05:00Z") == (
        "Offered to H1042 and H1077. Answer wanted by tomorrow 00:05."
    )


def test_why_an_officer_declined_is_never_told_so_that_no_silence_gives_it_away() -> None:
    said = {told(ReferralDeclined, officer="H1042", code=code) for code in ("conflict", "busy", "too_far", "unfit")}
    assert said == {"H1042 declined."}


def test_a_hand_over_says_who_has_it_meanwhile() -> None:
    words = told(ReferralHandedOver, giver="H1042", receiver="H1077", accepted=False)
    assert words == "H1042 asked H1077 to take over, and has it until then."

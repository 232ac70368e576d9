"""One proposes, another approves, and the past stays as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.rules.policy.proposal import JUST_NOW, Refused, Version, approve, propose, still_to_be_said
from shared.contracts.policy import in_force
from shared.errors import FieldError
from tests.rules.policy.drafts import NEW_STRAND, NOON, OSBERT, RENAMED_GRADE, WINIFRED, default, policy, proposed

TOMORROW = NOON + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def test_somebody_else_approves_and_both_names_stand_in_it() -> None:
    version = approve(proposed(NEW_STRAND, begins=TOMORROW), OSBERT, NOON + MINUTE)

    document = version.document
    assert (document.proposed_by, document.approved_by) == (WINIFRED, OSBERT)
    assert (document.effective_from, document.approved_at) == (TOMORROW, NOON + MINUTE)
    assert "asexual" in document.codes.strands


@pytest.mark.parametrize(
    ("proposer", "approver"),
    [(WINIFRED, WINIFRED), (WINIFRED, WINIFRED.upper()), ("policy", "policy"), (None, WINIFRED)],
)
def test_nobody_approves_their_own_and_two_without_a_name_are_one(proposer: str | None, approver: str) -> None:
    document = policy(begins=TOMORROW).model_copy(update={"proposed_by": proposer})
    with pytest.raises(Refused, match="own_proposal"):
        approve(Version(document, NOON), approver, NOON)


def test_what_is_approved_stays_as_it_is() -> None:
    version = approve(proposed(begins=TOMORROW), OSBERT, NOON)

    assert approve(version, OSBERT, NOON + MINUTE) is version
    with pytest.raises(Refused, match="already_approved"):
        approve(version, "policy:clementine", NOON + MINUTE)
    with pytest.raises(Refused, match="version_exists"):
        propose(policy(NEW_STRAND, begins=TOMORROW), WINIFRED, version, NOON)


def test_an_edited_proposal_is_somebody_s_again_and_must_be_read_again() -> None:
    first = propose(policy(begins=TOMORROW), WINIFRED, None, NOON)
    edited = propose(policy(NEW_STRAND, begins=TOMORROW), OSBERT, first, NOON + MINUTE)

    assert edited.document.proposed_by == OSBERT
    with pytest.raises(Refused, match="own_proposal"):
        approve(edited, OSBERT, NOON + MINUTE)
    with pytest.raises(Refused, match="proposal_changed"):
        approve(edited, WINIFRED, NOON + MINUTE, read=first.digest)
    assert approve(edited, WINIFRED, NOON + MINUTE, read=edited.digest).document.approved_by == WINIFRED


def test_the_same_proposed_again_is_the_same_proposal() -> None:
    first = propose(policy(begins=TOMORROW), WINIFRED, None, NOON)
    now = propose(policy(begins=NOON), WINIFRED, None, NOON)

    assert propose(policy(begins=TOMORROW), WINIFRED, first, NOON + MINUTE) is first
    assert propose(policy(begins=NOON + MINUTE), WINIFRED, now, NOON + MINUTE) is now


def test_who_proposed_and_approved_is_not_the_writer_s_to_say() -> None:
    forged = policy(begins=TOMORROW).model_copy(
        update={"proposed_by": OSBERT, "approved_by": "policy:god", "approved_at": NOON}
    )
    document = propose(forged, WINIFRED, None, NOON).document

    assert (document.proposed_by, document.approved_by, document.approved_at) == (WINIFRED, None, None)


@pytest.mark.parametrize("ago", [timedelta(0), MINUTE, JUST_NOW])
def test_now_means_when_it_is_approved_however_long_that_takes(ago: timedelta) -> None:
    proposal = propose(policy(begins=NOON - ago), WINIFRED, None, NOON)
    monday = NOON + timedelta(days=9)

    assert proposal.on_approval
    assert approve(proposal, OSBERT, monday).document.effective_from == monday


def test_the_past_is_never_rewritten() -> None:
    with pytest.raises(Refused) as refused:
        propose(policy(begins=NOON - JUST_NOW - MINUTE), WINIFRED, None, NOON)
    assert refused.value.errors == (FieldError("effective_from", "in_the_past"),)

    late = proposed(begins=TOMORROW)
    with pytest.raises(Refused, match="effective_from_passed"):
        approve(late, OSBERT, TOMORROW + JUST_NOW + MINUTE)
    assert approve(late, OSBERT, TOMORROW + MINUTE).document.effective_from == TOMORROW + MINUTE


@pytest.mark.parametrize("name", ["../etc", "a b", "", "x" * 41, "né", "-rf"])
def test_a_version_has_a_name_that_fits_into_an_address(name: str) -> None:
    document = policy(begins=TOMORROW).model_copy(update={"version": name})
    with pytest.raises(Refused) as refused:
        propose(document, WINIFRED, None, NOON)
    assert refused.value.errors == (FieldError("version", "not_an_id"),)


def test_a_policy_that_would_not_fit_into_an_event_is_refused() -> None:
    desks = default().desks
    many = {f"desk_{number}": desks["metropolitan"] for number in range(4_000)} | desks
    with pytest.raises(Refused) as refused:
        propose(policy(begins=TOMORROW).model_copy(update={"desks": many}), WINIFRED, None, NOON)
    assert refused.value.errors == (FieldError("body", "too_large"),)


def test_of_two_versions_of_one_date_the_one_approved_later_holds_whatever_they_are_called() -> None:
    hasty = approve(proposed(begins=TOMORROW, version="zebra"), OSBERT, NOON).document
    better = approve(proposed(RENAMED_GRADE, begins=TOMORROW, version="aardvark"), OSBERT, NOON + MINUTE).document

    for versions in ([default(), hasty, better], [better, hasty, default()]):
        assert in_force(versions, TOMORROW).version == "aardvark"
        assert in_force(versions, TOMORROW - MINUTE).version == "default-1"


def test_news_of_one_version_says_all_that_holds_and_nothing_that_is_over() -> None:
    june, july, august = (
        approve(proposed(begins=NOON + timedelta(days=days), version=name), OSBERT, NOON).document
        for name, days in (("june", 1), ("july", 30), ("august", 60))
    )
    known = [august, default(), june, july]

    said = still_to_be_said(known, NOON + timedelta(days=2), 10**6)
    assert [one.version for one in said] == ["august", "july", "june"]
    assert still_to_be_said([], NOON, 10**6) == ()
    room = len(june.model_dump_json()) + len(july.model_dump_json()) + 100
    assert [one.version for one in still_to_be_said(known, NOON + timedelta(days=2), room)] == ["july", "june"]


def test_the_digest_changes_with_every_word_and_with_nobody_s_name() -> None:
    proposal = proposed(begins=TOMORROW)
    names = proposal.document.model_copy(update={"proposed_by": OSBERT, "approved_by": WINIFRED})

    assert replace(proposal, document=names).digest == proposal.digest
    others = {
        proposed(NEW_STRAND, begins=TOMORROW).digest,
        proposed(begins=NOON).digest,
        proposed(begins=TOMORROW, on_approval=True).digest,
    }
    assert proposal.digest not in others
    assert len(others) == 3

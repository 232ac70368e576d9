"""Who may be the same person as before: a table of cases, in the words of whoever has to answer for them."""

import pytest

from services.intake.rules.amend import Amendment, Withdrawal
from services.intake.rules.desk import Address, Enclosed
from services.intake.rules.people import Mark
from services.intake.rules.report import Step
from shared.contracts.inbound import AmendmentBody
from shared.contracts.referrals import ReferralReleased, ReferralReopened
from tests.rules.intake.furniture import NOON
from tests.rules.intake.town import BY_MAIL, HINT, PENELOPE, ROWAN, SHARED, Town, after, told


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_first_report_has_a_pseudonym_and_nothing_before_it(town: Town) -> None:
    first = town.report(PENELOPE)
    assert first.picture.person
    assert told(first) == (0, None)
    assert "900101" not in first.picture.model_dump_json()


def test_without_a_way_to_know_them_again_nobody_has_a_pseudonym(town: Town) -> None:
    assert town.report().picture.person is None


def test_the_same_phone_is_the_same_person_and_the_previous_officer_is_known(town: Town) -> None:
    first = town.report(PENELOPE)
    town.accepted_by(first, "H1042")
    town.closed(first)
    again = town.report(PENELOPE, at=24 * 90)
    assert again.picture.person == first.picture.person
    assert told(again) == (1, "H1042")
    assert told(town.report(PENELOPE, at=24 * 91)) == (2, "H1042")
    assert town.report(ROWAN).picture.person != first.picture.person


@pytest.mark.parametrize(
    ("days", "earlier"),
    [(1, 1), (364, 1), (365, 1), (366, 0), (400, 0)],
)
def test_twelve_months_count(town: Town, days: int, earlier: int) -> None:
    town.report(PENELOPE)
    assert told(town.report(PENELOPE, at=24 * days))[0] == earlier


@pytest.mark.parametrize("reason", ["duplicate", "raised_in_error"])
def test_what_was_a_duplicate_or_raised_in_error_does_not_count(town: Town, reason: str) -> None:
    mistaken = town.report(PENELOPE)
    town.desk.withdraw(Address(mistaken.reference), Withdrawal("herts", reason), NOON)
    assert told(town.report(PENELOPE, at=2)) == (0, None)


def test_what_was_no_longer_wanted_counts_all_the_same(town: Town) -> None:
    first = town.report(PENELOPE)
    town.desk.withdraw(Address(first.reference), Withdrawal("herts", "no_longer_wanted"), NOON)
    assert told(town.report(PENELOPE, at=2)) == (1, None)


def test_a_referral_closed_as_a_duplicate_counts_again_once_it_is_reopened(town: Town) -> None:
    first = town.report(PENELOPE)
    town.closed(first, "duplicate")
    assert told(town.report(PENELOPE, at=2)) == (0, None)
    town.hears(first, ReferralReopened, state="waiting", by="coordinator:herts")
    assert told(town.report(PENELOPE, at=3)) == (2, None)


def test_an_officer_who_gave_it_back_over_a_conflict_is_not_the_last_one(town: Town) -> None:
    first = town.report(PENELOPE)
    town.accepted_by(first, "H1042")
    town.hears(first, ReferralReleased, state="waiting", officer="H1042", code="conflict")
    assert told(town.report(PENELOPE, at=2)) == (1, None)


def test_an_officer_whose_duty_ended_is_still_the_last_one(town: Town) -> None:
    first = town.report(PENELOPE)
    town.accepted_by(first, "H1042")
    town.hears(first, ReferralReleased, state="waiting", officer="H1042", code="duty_ends")
    assert told(town.report(PENELOPE, at=2)) == (1, "H1042")


def test_a_phone_and_an_e_mail_in_one_report_belong_to_one_person(town: Town) -> None:
    town.report(PENELOPE)
    both = town.report(PENELOPE, BY_MAIL, at=24)
    by_mail = town.report(BY_MAIL, at=48)
    assert by_mail.picture.person == both.picture.person
    assert told(by_mail) == (2, None)


def test_two_who_turn_out_to_be_one_keep_the_older_pseudonym_and_both_histories(town: Town) -> None:
    by_phone, by_mail = town.report(PENELOPE), town.report(BY_MAIL, at=24)
    assert by_phone.picture.person != by_mail.picture.person
    one = town.report(PENELOPE, BY_MAIL, at=48)
    assert (one.picture.person, told(one)[0]) == (by_phone.picture.person, 2)
    later = town.report(BY_MAIL, at=72)
    assert (later.picture.person, told(later)[0]) == (by_phone.picture.person, 3)
    assert town.desk.people.merged == {by_mail.picture.person: by_phone.picture.person}


def test_a_hint_helps_where_there_is_nothing_else(town: Town) -> None:
    first = town.report(HINT)
    assert told(town.report(HINT, at=24)) == (1, None)
    assert town.report(PENELOPE, HINT, at=48).picture.person == first.picture.person


def test_a_hint_alone_never_makes_one_person_of_two_phones(town: Town) -> None:
    penelope = town.report(PENELOPE, HINT)
    rowan = town.report(ROWAN, HINT, at=24)
    assert rowan.picture.person != penelope.picture.person
    assert told(rowan) == (0, None)
    assert told(town.report(HINT, at=48)) == (0, None)


def test_a_phone_beats_a_hint(town: Town) -> None:
    penelope, rowan = town.report(PENELOPE), town.report(ROWAN, HINT)
    assert town.report(PENELOPE, HINT, at=24).picture.person == penelope.picture.person
    assert rowan.picture.person != penelope.picture.person


def test_details_that_come_later_say_who_it_was(town: Town) -> None:
    first = town.report(PENELOPE)
    town.accepted_by(first, "H1042")
    unknown = town.report(at=24)
    assert unknown.picture.person is None
    known = town.amended(unknown, PENELOPE, at=25)
    assert known.picture.person == first.picture.person
    assert told(known) == (1, "H1042")


def test_a_report_is_never_its_own_earlier_one(town: Town) -> None:
    first = town.report(HINT)
    amended = town.amended(first, PENELOPE)
    assert told(amended) == (0, None)
    assert amended.picture.person == first.picture.person
    assert told(town.amended(amended, BY_MAIL)) == (0, None)
    assert told(town.report(PENELOPE, at=24)) == (1, None)


def test_a_number_put_right_leads_to_the_right_person_and_joins_nobody(town: Town) -> None:
    penelope, rowan = town.report(PENELOPE), town.report(ROWAN)
    mistaken = town.report(PENELOPE, at=24)
    right = town.amended(mistaken, ROWAN, at=25)
    assert right.picture.person == rowan.picture.person
    assert penelope.picture.person != rowan.picture.person
    assert told(town.report(PENELOPE, at=48)) == (1, None)
    assert told(town.report(ROWAN, at=49)) == (2, None)


def test_a_number_put_right_to_one_nobody_knows_leaves_the_other_person_alone(town: Town) -> None:
    penelope = town.report(PENELOPE)
    right = town.amended(town.report(PENELOPE, at=24), ROWAN, at=25)
    assert right.picture.person not in (None, penelope.picture.person)
    assert told(right) == (0, None)


def test_another_change_leaves_the_person_as_they_are(town: Town) -> None:
    town.report(PENELOPE)
    second = town.report(PENELOPE, at=24)
    event = AmendmentBody.model_validate({"risks": ["repeat"]})
    step = town.desk.amend(
        Address(second.reference), Amendment(event, "herts", event.changed()), Enclosed(b"{}"), after(25)
    )
    assert isinstance(step, Step)
    assert (step.report.picture.person, told(step.report)) == (second.picture.person, (1, None))


def test_an_exercise_is_nobodys_history(town: Town) -> None:
    practice = town.report(PENELOPE, exercise=True)
    earnest = town.report(PENELOPE, at=1)
    assert told(earnest) == (0, None)
    assert earnest.picture.person != practice.picture.person
    assert told(town.report(PENELOPE, at=2, exercise=True)) == (1, None)


@pytest.mark.parametrize("need", ["community_event", "awareness_session"])
def test_an_organiser_is_nobody_to_be_recognised(town: Town, need: str) -> None:
    assert town.report(SHARED, need=need, grade=None).picture.person is None


def test_a_mark_made_under_an_older_key_is_found_and_written_under_the_newest(town: Town) -> None:
    first = town.report(PENELOPE)
    rotated = Mark("phone", (b"by the newer key", *PENELOPE.digests))
    again = town.report(rotated, at=24)
    assert again.picture.person == first.picture.person
    assert told(town.report(Mark("phone", (b"by the newer key",)), at=48)) == (2, None)


def test_somebody_whose_marks_were_forgotten_gets_another_pseudonym() -> None:
    assert Town().report(PENELOPE).picture.person != Town().report(PENELOPE, at=24 * 400).picture.person


def test_two_desks_that_meet_somebody_new_at_once_give_them_the_same_pseudonym() -> None:
    assert Town().report(PENELOPE).picture.person == Town().report(PENELOPE).picture.person

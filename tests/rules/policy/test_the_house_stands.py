"""A proposal must not leave a referral, a post or a district without anybody."""

import pytest

from services.routing.rules.policy.house import House, OpenReferrals, objections, warnings
from shared.contracts.matching import Desk, Pool
from shared.contracts.policy import PolicyDocument, parse_policy
from shared.errors import FieldError
from tests.rules.policy.drafts import NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE, default, house, policy, text


def against(document: PolicyDocument, its: House) -> list[tuple[str, str]]:
    return [(one.field, one.reason) for one in objections(document, its)]


def open_in(force: str = "cambs", **words: str) -> OpenReferrals:
    plain = {"pool": "bch", "response_class": "priority", "desk": None, "district": "E07000008", "number": 1}
    return OpenReferrals(**{"force": force, **plain, **words})  # type: ignore[arg-type]


def without_cambs() -> PolicyDocument:
    its = policy()
    desk = Desk(name="Cambridgeshire", kind="force", districts=("E06000031", "E070000"))
    left = {code: force for code, force in its.forces.items() if code != "cambs"}
    return its.model_copy(
        update={"forces": left, "pools": {"bch": Pool(forces=tuple(left))}, "desks": {**its.desks, "cambs": desk}}
    )


def two_pools() -> PolicyDocument:
    return policy(
        (
            '[pools.bch]\nforces = ["herts", "beds", "cambs"]',
            '[pools.bch]\nforces = ["herts", "beds"]\n\n[pools.fens]\nforces = ["cambs"]',
        )
    )


def renamed(old: str, new: str) -> PolicyDocument:
    return parse_policy(text().replace(old, new))


def test_a_new_strand_and_a_renamed_grade_hurt_nobody() -> None:
    its = house(open=(open_in("herts"), open_in("cambs")))

    assert against(policy(NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE), its) == []
    assert list(warnings(policy(NEW_STRAND, NEW_STRAND_OURS, RENAMED_GRADE), its)) == []


@pytest.mark.parametrize(
    ("document", "open_", "place"),
    [
        (without_cambs(), open_in("cambs"), "forces.cambs"),
        (two_pools(), open_in("cambs"), "pools.bch"),
        (renamed("public_advice", "gentle_advice"), open_in(response_class="public_advice"), "classes.public_advice"),
        (renamed("suffolk", "norfolk_too"), open_in(desk="suffolk"), "desks.suffolk"),
    ],
    ids=["a force", "a pool", "a class", "a desk"],
)
def test_what_an_open_referral_stands_on_does_not_vanish(
    document: PolicyDocument, open_: OpenReferrals, place: str
) -> None:
    assert against(document, house(open=(open_, open_))) == [(place, "has_open_referrals")]
    assert against(document, house()) == []


UNCOUNTED = ("E07000099 = 133200\n", "")
"""North Hertfordshire's people, counted no more."""


@pytest.mark.parametrize(
    ("change", "objected"),
    [
        (('E07000099 = { name = "North Hertfordshire" }\n', ""), True),
        (
            (
                'E07000099 = { name = "North Hertfordshire" }',
                'E07000099 = { name = "North Hertfordshire", until = 2027-04-01 }',
            ),
            False,
        ),
        (('E07000099 = { name = "North Hertfordshire" }\n', 'E07000666 = { name = "Greater Hitchin" }\n'), True),
    ],
    ids=["forgotten", "given an end", "another in its place"],
)
def test_a_district_is_not_just_forgotten(change: tuple[str, str], objected: bool) -> None:
    expected = [("forces.herts.districts.E07000099", "district_vanishes")] if objected else []

    assert against(policy(change, *([UNCOUNTED] if objected else [])), house()) == expected


def test_a_district_may_be_superseded_or_change_hands() -> None:
    gone = ('E07000099 = { name = "North Hertfordshire" }\n', "")
    superseded = ("[forces.herts.superseded]\n", '[forces.herts.superseded]\nE07000099 = "E07000243"\n')
    moved = ("[forces.beds.districts]\n", '[forces.beds.districts]\nE07000099 = { name = "North Hertfordshire" }\n')

    assert against(policy(gone, superseded, UNCOUNTED), house()) == []
    assert against(policy(gone, moved), house()) == []


NOBODY_ASKED_FOR_PSD = policy(('complaints_role = "psd"', 'complaints_role = "inspector"'))


def test_a_post_that_is_asked_for_anew_must_be_on_every_rota() -> None:
    empty_in_beds = house(before=NOBODY_ASKED_FOR_PSD, staffed=house().staffed - {("beds", "psd")})

    assert against(default(), empty_in_beds) == [("complaints_role", "not_staffed")]
    assert against(default(), house(before=NOBODY_ASKED_FOR_PSD)) == []


def test_a_rota_that_is_empty_already_is_no_fault_of_the_proposal() -> None:
    assert against(policy(NEW_STRAND), house(staffed=frozenset())) == []


def essex() -> PolicyDocument:
    names = '[forces.essex]\nname = "Essex"\n\n[forces.essex.grades]\nnow = "priority"\n\n'
    force = names + '[forces.essex.districts]\nE07000077 = { name = "Uttlesford" }\n\n'
    return policy(
        ('"herts", "beds", "cambs"]', '"herts", "beds", "cambs", "essex"]'),
        ("[forces.herts]\n", f"{force}[forces.herts]\n"),
    )


def test_a_fourth_force_waits_for_its_topics_and_is_warned_of_its_rota() -> None:
    assert against(essex(), house()) == [("forces.essex", "no_topics_yet")]
    ready = house(with_topics=frozenset({"herts", "beds", "cambs", "essex"}))
    assert against(essex(), ready) == []
    assert FieldError("forces.essex", "no_fim_on_the_rota") in list(warnings(essex(), ready))


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (NEW_STRAND, "scheme.desks.asexual", "no_desk_so_it_counts_as_ours"),
        (
            ('"offender_nearby", "weapon"]\nraise_to', '"offender_nearby"]\nraise_to'),
            "raising.risks",
            "weapon_no_longer_alerts_anybody",
        ),
    ],
)
def test_what_may_well_be_meant_is_pointed_out(change: tuple[str, str], place: str, reason: str) -> None:
    assert list(warnings(policy(change), house())) == [FieldError(place, reason)]

"""How long a class waits for a receipt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.rules.patience import DEFAULT_PATIENCE, Patience, Wait, wait_for_receipt

NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
OLD = Patience("bch", "default-1", datetime(1970, 1, 1, tzinfo=UTC), {"immediate": 30, "scheduled": 600})
NEW = Patience("bch", "june", NOON, {"immediate": 10})


@pytest.mark.parametrize(
    ("pool", "code", "at", "seconds"),
    [
        ("bch", "immediate", NOON - timedelta(seconds=1), 30),
        ("bch", "immediate", NOON, 10),
        (None, "immediate", NOON, 10),
        ("bch", "scheduled", NOON - timedelta(days=1), 600),
        ("bch", "scheduled", NOON, 60),
        ("bch", None, NOON, 60),
        ("atlantis", "immediate", NOON, 60),
    ],
)
def test_the_policy_in_force_decides(pool: str | None, code: str | None, at: datetime, seconds: float) -> None:
    assert wait_for_receipt([NEW, OLD], pool, code, at).patience == timedelta(seconds=seconds)


def test_without_a_policy_there_is_a_wait_all_the_same() -> None:
    assert wait_for_receipt([], "bch", "immediate", NOON) == Wait(DEFAULT_PATIENCE, None)


def test_a_wait_says_which_version_it_comes_from() -> None:
    assert wait_for_receipt([NEW, OLD], "bch", "immediate", NOON - timedelta(hours=1)).policy_version == "default-1"
    assert wait_for_receipt([NEW, OLD], "bch", "scheduled", NOON).policy_version == "june"


@pytest.mark.parametrize("earlier_approval_comes_first", [True, False])
def test_of_two_versions_of_one_date_the_one_approved_later_holds(earlier_approval_comes_first: bool) -> None:
    hasty = replace(NEW, version="zebra", approved_at=NOON - timedelta(days=2))
    better = replace(NEW, version="aardvark", approved_at=NOON - timedelta(days=1))
    both = [hasty, better] if earlier_approval_comes_first else [better, hasty]

    assert wait_for_receipt(both, "bch", "immediate", NOON).policy_version == "aardvark"

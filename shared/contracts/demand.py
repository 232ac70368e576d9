"""What the policy assumes about how many referrals come, where and when, until the past year has said more."""

from typing import Annotated

from pydantic import Field, StrictInt

from shared.contracts.matching import DistrictCode
from shared.contracts.model import Code, Part

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1_000)]
"""Only in proportion to its neighbours does it mean anything."""

_QUIET, _DAY = (0.5, 0.4, 0.15, 0.1, 0.1, 0.1, 0.2, 0.5, 0.8), (1.45,) * 13


class Demand(Part):
    """Assumptions, unverified (domain.md §4.3): reckon with them, do not quote them.

    Everything is in proportion: a force, district or need that is not named counts as the mean of those that are.
    """

    per_day: Annotated[float, Field(gt=0, le=100_000)] = 6.0
    """Referrals a day over the whole pool."""
    forces: dict[Code, Weight] = {}
    """How the referrals divide among the forces; nothing named: by population."""
    population: dict[DistrictCode, Annotated[StrictInt, Field(ge=1)]] = {}
    """How a force's referrals divide among its districts."""
    needs: dict[Code, Weight] = {
        "support": 0.45,
        "attend_now": 0.05,
        "advice": 0.20,
        "officer_advice": 0.18,
        "community_event": 0.09,
        "awareness_session": 0.03,
    }
    skills: dict[Code, Share] = {"trans": 0.16, "youth": 0.08, "same_sex_domestic_abuse": 0.08, "chemsex": 0.03}
    """The share of referrals that ask for each skill, of those that are put to one officer at a time."""
    hours: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)] = (*_QUIET, *_DAY, 0.9, 0.7)
    """By local hour: most people call between nine in the morning and ten at night."""
    days: Annotated[tuple[Weight, ...], Field(min_length=7, max_length=7)] = (0.9, 0.9, 0.9, 0.95, 1.1, 1.2, 1.05)
    """From Monday."""
    weekend_evening: Weight = 1.6
    """How many times as many from Friday to Sunday between 18:00 and 02:00."""
    prior_weeks: Annotated[StrictInt, Field(ge=1, le=520)] = 26
    """These assumptions count as much as so many weeks of experience."""
    prior_referrals: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 500
    """The assumed hours count as much as so many referrals seen."""

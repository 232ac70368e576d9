"""Which force a place belongs to, and how sure that is (design §6 "Geography").

A full postcode decides, then a district as given. An outward code alone decides nothing: most of those that touch
the three forces straddle a boundary, so it means a human check, never a guess. So do a postcode that the directory
does not know, one that nobody can read, and a district that no force is known to police. Where the incident happened
owns the report, then where the person lives, then the force it came from.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from services.intake.rules.faults import Fault, fault
from shared.contracts.particulars import Location, PlannedEvent
from shared.contracts.policy import PolicyDocument
from shared.contracts.postcode import Postcode, parse_postcode
from shared.contracts.reports import Area

Confidence = Literal["high", "low", "none"]


class Spot(Protocol):
    """Where a postcode lies: ONS district code, metres on the National Grid; both 0 where it is not on it."""

    @property
    def district(self) -> str: ...
    @property
    def easting(self) -> int: ...
    @property
    def northing(self) -> int: ...


class Gazetteer(Protocol):
    """What is known about postcodes and districts; reading it has no effect."""

    @property
    def districts(self) -> Collection[str]:
        """Every ONS district code."""
        ...

    def find(self, postcode: Postcode) -> Spot | None:
        """Where a full postcode lies, None when unknown."""
        ...

    def districts_within(self, outward: str) -> Collection[str]:
        """The districts an outward code touches, none when unknown."""
        ...


@dataclass(frozen=True)
class Place:
    """What one location comes to. `district` None with low confidence: a human decides."""

    district: str | None
    confidence: Confidence
    area: Area | None = None


@dataclass(frozen=True)
class Resolution:
    """Who owns a report by its places. `desk` is the hand-off desk where no force of ours does."""

    force: str
    district: str | None
    confidence: Confidence
    area: Area | None = None
    desk: str | None = None


NOWHERE = Place(None, "none")
UNSURE = Place(None, "low")


@dataclass(frozen=True)
class Geography:
    """The gazetteer and the policy whose forces, districts and desks are asked about.

    `on` is the day (Europe/London) on which a report was received: districts count as they stood then. None: any day.
    """

    gazetteer: Gazetteer
    policy: PolicyDocument
    on: date | None = None

    def faults(self, locations: Sequence[Location], event: PlannedEvent | None = None) -> list[Fault]:
        """Districts that do not exist, and those that do not exist any more."""
        given = [(f"locations.{number}.district", location.district) for number, location in enumerate(locations)]
        if event is not None:
            given.append(("event.venue_district", event.venue_district))
        return [
            fault(field, "superseded_district" if self._superseded(text) else "unknown_district")
            for field, text in given
            if text and self.district(text) is None
        ]

    def resolve(
        self, locations: Sequence[Location], source_force: str, *, home: Place | None, venue: str | None
    ) -> Resolution:
        """Who owns a report. `home` is the person's, as the vault's front desk looked it up; `venue` an event's."""
        if any(location.kind == "rail" for location in locations):
            return Resolution(source_force, None, "high", desk=self._desk_of_kind("rail"))
        for place in (self._one(locations, "incident"), self._venue(venue), self._home(locations, home)):
            if place.confidence != "none":
                return self._owned(place, source_force)
        return Resolution(source_force, None, "none")

    def place(self, location: Location) -> Place:
        """What one location comes to."""
        named = self.district(location.district) if location.district else None
        if location.postcode is None:
            return Place(named, "high") if named else NOWHERE
        place = self.at_postcode(location.postcode, named)
        return Place(place.district, place.confidence) if location.low_detail else place

    def at_postcode(self, text: str, named: str | None = None) -> Place:
        """What a postcode comes to; `named` is a district given beside it, which must not contradict it."""
        postcode = parse_postcode(text)
        if postcode is None:
            return Place(named, "high") if named else UNSURE
        spot = self.gazetteer.find(postcode)
        if spot is None:
            return self._by_outward(postcode, named)
        district = self._as_it_stands(spot.district)
        if district is None or (named and self._owner(named) != self._owner(district)):
            return UNSURE
        return Place(district, "high", _area(postcode, spot))

    def district(self, given: str) -> str | None:
        """The ONS code of a district given by code, or by name where it is one of ours; None where there is none."""
        code = given.strip().upper()
        if self.policy.force_of_district(code, self.on):
            return code
        if code in self.gazetteer.districts:
            return None if self._given_up(code) or self._successor(code) else code
        return self._by_name(given.strip().casefold())

    def _by_name(self, name: str) -> str | None:
        for force in self.policy.forces.values():
            for code, its in force.districts.items():
                if its.name.casefold() == name and its.stands(self.on):
                    return code
        return None

    def _by_outward(self, postcode: Postcode, named: str | None) -> Place:
        agrees = named in map(self._as_it_stands, self.gazetteer.districts_within(postcode.outward))
        return Place(named, "high") if named and agrees else UNSURE

    def _venue(self, venue: str | None) -> Place:
        district = self.district(venue) if venue else None
        return Place(district, "high") if district else NOWHERE

    def _home(self, locations: Sequence[Location], home: Place | None) -> Place:
        return home if home is not None and home.confidence != "none" else self._one(locations, "home")

    def _one(self, locations: Sequence[Location], kind: str) -> Place:
        """What the locations of a kind come to together: several that are not all one owner's need a human."""
        found = [self.place(location) for location in locations if location.kind == kind]
        places = [place for place in found if place.confidence != "none"]
        if not places:
            return NOWHERE
        owners = {self._owner(place.district) if place.district else None for place in places}
        return places[0] if len(owners) == 1 else UNSURE

    def _owned(self, place: Place, source_force: str) -> Resolution:
        # A home was looked up when it was left, perhaps on another day.
        district = self._as_it_stands(place.district) if place.district else None
        if district is None:
            return Resolution(source_force, None, "low")
        force = self.policy.force_of_district(district, self.on)
        desk = None if force else self.policy.desk_of_district(district)
        if force is None and desk is None:
            return Resolution(source_force, None, "low")
        return Resolution(force or source_force, district, place.confidence, place.area, desk)

    def _owner(self, district: str) -> str | None:
        return self.policy.force_of_district(district, self.on) or self.policy.desk_of_district(district)

    def _as_it_stands(self, district: str) -> str | None:
        """The code that stands for a district on the day; None where only a human can say."""
        if self.policy.force_of_district(district, self.on):
            return district
        now = self._successor(district)
        if now is not None:
            return now if self.policy.force_of_district(now, self.on) else None
        return None if self._ours_some_day(district) else district

    def _superseded(self, given: str) -> bool:
        code = given.strip().upper()
        return self._successor(code) is not None or self._given_up(code) or self._name_given_up(given)

    def _name_given_up(self, given: str) -> bool:
        name = given.strip().casefold()
        return any(
            its.name.casefold() == name and its.over(self.on)
            for force in self.policy.forces.values()
            for its in force.districts.values()
        )

    def _successor(self, code: str) -> str | None:
        return next((now for force in self.policy.forces.values() if (now := force.superseded.get(code))), None)

    def _given_up(self, code: str) -> bool:
        known = (force.districts.get(code) for force in self.policy.forces.values())
        return any(its is not None and its.over(self.on) for its in known)

    def _ours_some_day(self, code: str) -> bool:
        return any(code in force.districts for force in self.policy.forces.values())

    def _desk_of_kind(self, kind: str) -> str | None:
        return next((code for code, desk in self.policy.desks.items() if desk.kind == kind), None)


def _area(postcode: Postcode, spot: Spot) -> Area:
    on_the_grid = spot.easting > 0 and spot.district[:1] in ("E", "W", "S")
    # Northern Ireland's figures are on a grid of its own, the Crown dependencies have none.
    if not on_the_grid:
        return Area(sector=postcode.sector)
    return Area(sector=postcode.sector, easting_km=spot.easting // 1000, northing_km=spot.northing // 1000)

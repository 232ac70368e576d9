"""Which force a place belongs to, and how sure that is (design §6 "Geography").

A full postcode decides, then a district as given. An outward code alone decides nothing: most of those that touch
the three forces straddle a boundary, so it means a human check, never a guess. Where the incident happened owns the
report, then where the person lives, then the force it came from.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.intake.rules.faults import Fault, fault
from shared.contracts.particulars import Location, PlannedEvent
from shared.contracts.policy import PolicyDocument
from shared.contracts.postcode import Postcode, parse_postcode
from shared.contracts.reports import Area

Confidence = Literal["high", "low", "none"]


class Spot(Protocol):
    """Where a postcode lies: ONS district code, metres on the National Grid."""

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
    """The gazetteer and the policy whose forces, districts and desks are asked about."""

    gazetteer: Gazetteer
    policy: PolicyDocument

    def faults(self, locations: Sequence[Location], event: PlannedEvent | None = None) -> list[Fault]:
        """Places that are none: text that is no postcode, districts that do not exist (any more)."""
        found = []
        for number, location in enumerate(locations):
            if location.postcode is not None and parse_postcode(location.postcode) is None:
                found.append(fault(f"locations.{number}.postcode", "not_a_postcode"))
            if location.district is not None and self.district(location.district) is None:
                found.append(fault(f"locations.{number}.district", "unknown_district"))
        if event is not None and event.venue_district and self.district(event.venue_district) is None:
            found.append(fault("event.venue_district", "unknown_district"))
        return found

    def resolve(
        self, locations: Sequence[Location], source_force: str, *, home: Place | None, venue: str | None
    ) -> Resolution:
        """Who owns a report. `home` is the person's, as the vault's front desk looked it up; `venue` an event's."""
        if any(location.kind == "rail" for location in locations):
            return Resolution(source_force, None, "high", desk=self._desk_of_kind("rail"))
        for place in (self._incident(locations), self._venue(venue), self._home(locations, home)):
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
            return UNSURE
        spot = self.gazetteer.find(postcode)
        if spot is None:
            return self._by_outward(postcode, named)
        if named and self._owner(named) != self._owner(spot.district):
            return UNSURE
        return Place(spot.district, "high", _area(postcode, spot))

    def _by_outward(self, postcode: Postcode, named: str | None) -> Place:
        agrees = named in self.gazetteer.districts_within(postcode.outward)
        return Place(named, "high") if named and agrees else UNSURE

    def _incident(self, locations: Sequence[Location]) -> Place:
        return self._first(locations, "incident")

    def _venue(self, venue: str | None) -> Place:
        district = self.district(venue) if venue else None
        return Place(district, "high") if district else NOWHERE

    def _home(self, locations: Sequence[Location], home: Place | None) -> Place:
        return home if home is not None and home.confidence != "none" else self._first(locations, "home")

    def _first(self, locations: Sequence[Location], kind: str) -> Place:
        places = (self.place(location) for location in locations if location.kind == kind)
        return next((place for place in places if place.confidence != "none"), NOWHERE)

    def _owned(self, place: Place, source_force: str) -> Resolution:
        if place.district is None:
            return Resolution(source_force, None, "low")
        force = self.policy.force_of_district(place.district)
        if force is not None:
            return Resolution(force, place.district, place.confidence, place.area)
        return Resolution(source_force, place.district, place.confidence, place.area, self._desk(place.district))

    def _owner(self, district: str) -> str | None:
        return self.policy.force_of_district(district) or self._desk(district)

    def _desk(self, district: str) -> str | None:
        return self.policy.desk_of_district(district) or self._desk_of_kind("elsewhere")

    def _desk_of_kind(self, kind: str) -> str | None:
        return next((code for code, desk in self.policy.desks.items() if desk.kind == kind), None)

    def district(self, given: str) -> str | None:
        """The ONS code of a district given by code, or by name where it is one of ours."""
        code = given.strip().upper()
        if code in self.gazetteer.districts or self.policy.force_of_district(code):
            return code
        name = given.strip().casefold()
        for force in self.policy.forces.values():
            for known, district in force.districts.items():
                if district.name.casefold() == name:
                    return known
        return None


def _area(postcode: Postcode, spot: Spot) -> Area:
    return Area(sector=postcode.sector, easting_km=spot.easting // 1000, northing_km=spot.northing // 1000)

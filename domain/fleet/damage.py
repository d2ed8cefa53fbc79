"""A damage of a car: what it is, what shows it, and who may have done it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from domain.fleet.custody import Attribution, Use, attribute
from domain.fleet.vehicle import Vehicle
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import ChargeId, TripId, VehicleId
from domain.kernel.values import Instant, Value

DamageKind = Literal["scratch", "dent", "crack", "broken", "stain", "smell", "missing", "unknown"]
DamagePlace = Literal["front", "rear", "left", "right", "roof", "glass", "wheels", "inside", "unknown"]
DamageSource = Literal["member", "staff", "sensor"]
"""Who says so."""


class Photo(Value):
    """A picture of a car, known again by its content."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    taken_at: Instant


class Seen(Value):
    """What somebody sees of a damage."""

    kind: DamageKind
    place: DamagePlace
    photos: Annotated[tuple[Photo, ...], Field(max_length=20)] = ()


class Damage(Aggregate):
    """known -> repaired. Nothing in it is about a person: whose trips had the car is found by their ids."""

    TOPIC = "fleet.damage"

    vehicle_id: VehicleId
    kind: DamageKind
    place: DamagePlace
    photos: tuple[Photo, ...]
    source: DamageSource
    found_at: Instant
    uses: tuple[Use, ...]
    attribution: Attribution = Attribution(custody="unknown")
    intact: Photo | None = None
    charge_id: ChargeId | None = None
    """Of the newest charge for it."""
    repaired_at: datetime | None = None

    class Reported(Created):
        """It was found. What its car has done lately is kept with it, as the car itself remembers only so much."""

        TOPIC = "fleet.damage.reported"

        vehicle_id: VehicleId
        kind: DamageKind
        place: DamagePlace
        photos: tuple[Photo, ...]
        source: DamageSource
        found_at: Instant
        """When it was there for certain; for a member who reports it before they drive, when they took the car."""
        uses: tuple[Use, ...]

    class IntactShown(Event):
        """A picture shows the car without it."""

        TOPIC = "fleet.damage.intact_shown"

        intact: Photo
        attribution: Attribution

        def apply(self, aggregate: "Damage") -> None:
            aggregate.intact, aggregate.attribution = self.intact, self.attribution

    class Charged(Event):
        """Whoever had the car is to pay for it."""

        TOPIC = "fleet.damage.charged"

        charge_id: ChargeId
        trip_id: TripId
        attribution: Attribution
        """As it was then."""

        def apply(self, aggregate: "Damage") -> None:
            aggregate.charge_id = self.charge_id

    class Repaired(Event):
        TOPIC = "fleet.damage.repaired"

        def apply(self, aggregate: "Damage") -> None:
            aggregate.repaired_at = self.timestamp

    @classmethod
    def report(
        cls, damage_id: UUID, vehicle: Vehicle, seen: Seen, source: DamageSource, found_at: datetime, at: datetime
    ) -> "Damage":
        """Put it on the list of the car's damages. Raises `RefusedError` for times that have not come."""
        refuse_if(_in_future((found_at, *(photo.taken_at for photo in seen.photos)), at))
        return cls.begin(
            cls.Reported,
            id=damage_id,
            timestamp=at,
            vehicle_id=VehicleId(vehicle.id),
            kind=seen.kind,
            place=seen.place,
            photos=seen.photos,
            source=source,
            found_at=found_at,
            uses=vehicle.uses,
        )

    @property
    def state(self) -> Literal["known", "repaired"]:
        return "known" if self.repaired_at is None else "repaired"

    def show_intact(self, intact: Photo, margin: timedelta, at: datetime) -> None:
        """The car was whole when the picture was taken. The latest such picture counts; an earlier one changes nothing.

        Refused with a picture from after the damage was found.
        """
        refuse_if(_in_future((intact.taken_at,), min(at, self.found_at)))
        if self.intact is None or intact.taken_at > self.intact.taken_at:
            who = attribute(self.uses, intact.taken_at, self.found_at, margin)
            self.trigger_event(self.IntactShown, timestamp=at, intact=intact, attribution=who)

    def charge_to(self, trip_id: TripId, charge_id: ChargeId, at: datetime) -> None:
        """A charge is raised for it."""
        who = {"charge_id": charge_id, "trip_id": trip_id, "attribution": self.attribution}
        self.trigger_event(self.Charged, timestamp=at, **who)

    def not_had_by(self, trip_id: TripId) -> Violation | None:
        """Says no to a trip that did not have the car between the two states, as far as anything shows them."""
        known = {use.trip_id for use in self.uses if use.opened_at < self.found_at}
        had = known if self.attribution.custody == "unknown" else {*self.attribution.trip_ids}
        if trip_id in had:
            return None
        detail = "this trip did not have the car between the time that it was whole and the time that it was not"
        values = {"trip_id": str(trip_id), "custody": self.attribution.custody, "trips": sorted(map(str, had))}
        return Violation(code="damage.not_had", detail=detail, values=values)

    def repair(self, at: datetime) -> None:
        """It is gone; twice changes nothing."""
        if self.repaired_at is None:
            self.trigger_event(self.Repaired, timestamp=at)


def _in_future(moments: tuple[datetime, ...], at: datetime) -> Iterator[Violation]:
    late = [moment for moment in moments if moment > at]
    if late:
        values = {"times": [moment.isoformat() for moment in late], "latest": at.isoformat()}
        detail = f"choose times no later than {at:%Y-%m-%d %H:%M} UTC"
        yield Violation(code="damage.too_late", detail=detail, values=values)

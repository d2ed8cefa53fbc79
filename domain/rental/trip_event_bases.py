"""Shapes that several events of a trip share."""

from typing import ClassVar
from uuid import UUID

from domain.fleet.state import Doubt
from domain.kernel.aggregate import Event
from domain.kernel.ids import MemberId, VehicleId
from domain.kernel.personal import Personal, Restricted
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant
from domain.rental.car_reading import CarReading


class TripEvent(Event):
    """An event of a trip names its member and its car, so that it can be found by either."""

    subject: ClassVar[str] = "member_id"

    member_id: MemberId
    vehicle_id: VehicleId


class StepRequested(TripEvent):
    """The car was asked for a step."""

    request_id: UUID


class StepFailed(TripEvent):
    """The car refused, or did not answer in time."""

    reason: str


class CarSeen(TripEvent):
    """What the car told at a step of the trip; `None` where it never told."""

    position: Personal[Position]
    position_at: Instant | None
    way_m: Metres | None
    odometer_m: Metres | None
    odometer_at: Instant | None
    odometer_doubt: Doubt | None
    energy_percent: Percent | None
    zones: Restricted[tuple[str, ...]]
    """Kinds and names of the zones that it stood in."""

    @property
    def reading(self) -> CarReading:
        return CarReading(**{name: getattr(self, name) for name in CarReading.model_fields})

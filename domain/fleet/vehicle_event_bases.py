"""Bases of the events that a car itself causes."""

from typing import Any, ClassVar
from uuid import UUID

from domain.fleet.state import Observation
from domain.kernel.aggregate import Event
from domain.kernel.cells import cell_of
from domain.kernel.ids import ZoneId
from domain.kernel.personal import Personal, Restricted
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant


class CarEvent(Event):
    """Something changed at the car: with its place, odometer and energy then, so that a reader needs no telemetry.

    The place is stored under the key of `holder_id`: the member on the trip; when nobody drives it, the trip that
    brought it there, or the car itself when none did.
    """

    subject: ClassVar[str] = "holder_id"
    SAYS: ClassVar[tuple[str, bool] | None] = None
    """The reading that the event itself is, and its value."""

    holder_id: UUID
    in_trip: bool
    observed_at: Instant
    position: Personal[Position]
    cell: Restricted[str | None]
    """The H3 cell, of about 5 square kilometres, that it stands in: what is counted stays. None in a trip."""
    odometer_m: Metres | None
    energy_percent: Percent | None

    def says(self) -> dict[str, object]:
        """The readings that this event brings besides place, odometer and energy."""
        return dict([self.SAYS]) if self.SAYS else {}

    def apply(self, aggregate: Any) -> None:  # the vehicle, which is declared around the events
        """Take the readings over."""
        aggregate.readings = aggregate.readings.with_values(
            self.observed_at,
            position=self.position,
            odometer_m=self.odometer_m,
            energy_percent=self.energy_percent,
            **self.says(),
        )
        if self.holder_id == aggregate.id:
            aggregate.brought_by = None

    @classmethod
    def facts(cls, holder_id: UUID, observation: Observation, *, in_trip: bool) -> dict[str, Any]:
        """The fields that all of these events share."""
        place = observation.position
        return {
            "holder_id": holder_id,
            "in_trip": in_trip,
            "observed_at": observation.observed_at,
            "position": place,
            "cell": cell_of(place) if place and not in_trip else None,
            "odometer_m": observation.odometer_m,
            "energy_percent": observation.energy_percent,
        }


class ZoneEvent(CarEvent):
    """The car crossed the border of a zone; `zones` are those that it is in now."""

    zone_id: Restricted[ZoneId]
    zones: Restricted[tuple[ZoneId, ...]]

    def says(self) -> dict[str, object]:
        return {"zones": self.zones}

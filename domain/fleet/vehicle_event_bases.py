"""Bases of the events that a car itself causes."""

from typing import Any, ClassVar
from uuid import UUID

from domain.fleet.state import Observation
from domain.kernel.aggregate import Event
from domain.kernel.ids import ZoneId
from domain.kernel.personal import Personal, Restricted
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant


class CarEvent(Event):
    """Something changed at the car: with its place, odometer and energy then, so that a reader needs no telemetry.

    `holder_id` is the member on the trip, whose key the place is stored under, or the car itself when nobody drives it.
    """

    subject: ClassVar[str] = "holder_id"
    SAYS: ClassVar[tuple[str, bool] | None] = None
    """The reading that the event itself is, and its value."""

    holder_id: UUID
    observed_at: Instant
    position: Personal[Position]
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

    @classmethod
    def facts(cls, holder_id: UUID, observation: Observation) -> dict[str, Any]:
        """The fields that all of these events share."""
        return {
            "holder_id": holder_id,
            "observed_at": observation.observed_at,
            "position": observation.position,
            "odometer_m": observation.odometer_m,
            "energy_percent": observation.energy_percent,
        }


class ZoneEvent(CarEvent):
    """The car crossed the border of a zone; `zones` are those that it is in now."""

    zone_id: Restricted[ZoneId]
    zones: Restricted[tuple[ZoneId, ...]]

    def says(self) -> dict[str, object]:
        return {"zones": self.zones}

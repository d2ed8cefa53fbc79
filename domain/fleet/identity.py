"""Which car of the fleet bears a VIN: one at a time, whichever service it is of."""

from datetime import datetime
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import VehicleId, derived_id


class VehicleIdentity(Aggregate):
    """seen -> (taken -> given up)*. A car hears and is heard by its VIN: two with the same would take each other's."""

    TOPIC = "fleet.vehicle_identity"
    SHARED = True  # a car may go from one service to another

    vin: str
    vehicle_id: VehicleId | None = None

    class Seen(Created):
        """The VIN comes to the fleet for the first time."""

        TOPIC = "fleet.vehicle_identity.seen"
        vin: str

    class Taken(Event):
        """A car bears it."""

        TOPIC = "fleet.vehicle_identity.taken"
        vehicle_id: VehicleId

        def apply(self, aggregate: "VehicleIdentity") -> None:
            aggregate.vehicle_id = self.vehicle_id

    class GivenUp(Event):
        """The car that bore it has left the fleet."""

        TOPIC = "fleet.vehicle_identity.given_up"
        vehicle_id: VehicleId

        def apply(self, aggregate: "VehicleIdentity") -> None:
            aggregate.vehicle_id = None

    @staticmethod
    def id_of(vin: str) -> UUID:
        return derived_id("fleet.vehicle_identity", vin)

    @classmethod
    def of(cls, vin: str, at: datetime) -> "VehicleIdentity":
        """A VIN that nobody has had yet."""
        return cls.begin(cls.Seen, id=cls.id_of(vin), timestamp=at, vin=vin)

    def take(self, vehicle_id: VehicleId, at: datetime) -> None:
        """Refused while another car bears it."""
        if self.vehicle_id is not None:
            detail = "a car with this VIN is in the fleet: check the number, or decommission that car first"
            refuse_if([Violation(code="vehicle.vin_taken", detail=detail, values={"vin": self.vin})])
        self.trigger_event(self.Taken, timestamp=at, vehicle_id=vehicle_id)

    def give_up(self, vehicle_id: VehicleId, at: datetime) -> None:
        """The car has left the fleet; if it does not bear it, nothing changes."""
        if self.vehicle_id == vehicle_id:
            self.trigger_event(self.GivenUp, timestamp=at, vehicle_id=vehicle_id)

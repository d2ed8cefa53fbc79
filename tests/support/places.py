"""Where the journeys go: a city of a service, with a home area around its middle."""

from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid4

from adapters.simulator.car import Car
from domain.fleet.commands import CommissionVehicle, DefineZone, PutIntoService
from domain.fleet.zones import ZoneKind
from domain.kernel.ids import VehicleId, ZoneId
from domain.kernel.messages import Command
from domain.kernel.units import Position


@dataclass(frozen=True)
class Place:
    """A city, and whose driving licences its members have."""

    service: str
    city_id: str
    middle: Position
    licence_country: str
    size: int = 5
    """So many cars it has."""

    def around(self, latitudes: float, longitudes: float) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
        """A rectangle around the middle as a GeoJSON multipolygon; half its height and width in degrees."""
        south, north = self.middle.latitude - latitudes, self.middle.latitude + latitudes
        west, east = self.middle.longitude - longitudes, self.middle.longitude + longitudes
        return ((((west, south), (east, south), (east, north), (west, north), (west, south)),),)

    def cars(self) -> list[Car]:
        """All in the middle."""
        return [
            Car(
                vehicle_id=uuid4(),
                vin=f"WBAZZZ{number:011d}",
                model="BMW i3",
                fuel_type="E",
                position=self.middle,
                energy_percent=80,
                odometer_m=1_000_000,
                random=Random(number),
            )
            for number in range(1, self.size + 1)
        ]

    def home_area(self) -> Command:
        """Where trips may end."""
        return DefineZone(
            zone_id=ZoneId(UUID(int=1)),
            city_id=self.city_id,
            kind=ZoneKind.HOME_AREA,
            name=self.city_id.title(),
            polygons=self.around(0.2, 0.4),
        )

    def offer(self, car: Car) -> tuple[Command, Command]:
        """What makes it a car of the fleet that members may take."""
        vehicle_id = VehicleId(car.vehicle_id)
        commission = CommissionVehicle(
            vehicle_id=vehicle_id,
            vin=car.vin,
            plate=f"B-DN {int(car.vin[-10:])}",
            make="BMW",
            model=car.model,
            propulsion="electric",
            city_id=self.city_id,
            position=car.position,
            energy_percent=car.energy_percent,
        )
        return commission, PutIntoService(vehicle_id=vehicle_id)


BERLIN = Place("drivenow-europe", "berlin", Position(latitude=52.5219, longitude=13.4132), "DE")
LONDON = Place("drivenow-europe", "london", Position(latitude=51.5136, longitude=-0.1365), "GB")
SEATTLE = Place("reachnow-usa", "seattle", Position(latitude=47.6062, longitude=-122.3321), "US")

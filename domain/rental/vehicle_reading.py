"""What rental reads off a car, and off the zones that it stands in."""

from collections.abc import Sequence

from domain.fleet.state import VehicleReadings
from domain.fleet.zone import Zone
from domain.fleet.zones import ZoneKind
from domain.kernel.errors import Violation
from domain.rental.car_reading import CarReading
from domain.unit_of_work import UnitOfWork


async def zones_of(newest: VehicleReadings, work: UnitOfWork) -> list[Zone]:
    """The zones that the car stands in, as far as they still count."""
    known = newest.zones
    zones = [await work.load(Zone, zone_id) for zone_id in (known.value if known else ())]
    return [zone for zone in zones if not zone.retired]


async def reading(newest: VehicleReadings, work: UnitOfWork) -> CarReading:
    """The car now; `None` where it never told."""
    names = [(zone.kind.value, zone.name) for zone in await zones_of(newest, work)]
    zones = tuple(sorted({name for pair in names for name in pair}))
    return reading_without_zones(newest).model_copy(update={"zones": zones})


def reading_without_zones(newest: VehicleReadings) -> CarReading:
    """All of it that the car tells itself."""
    position, odometer = newest.position, newest.odometer_m
    return CarReading(
        position=position.value if position else None,
        position_at=position.at if position else None,
        way_m=newest.way_m.value if newest.way_m else None,
        odometer_m=odometer.value if odometer else None,
        odometer_at=odometer.at if odometer else None,
        odometer_doubt=odometer.doubt if odometer else None,
        energy_percent=newest.energy_percent.value if newest.energy_percent else None,
    )


def misplaced(zones: Sequence[Zone]) -> list[Violation]:
    """Why a trip cannot end in these zones: it must be in a home area, and in no place where parking is not allowed."""
    kinds = {zone.kind for zone in zones}
    found = []
    if ZoneKind.HOME_AREA not in kinds:
        detail = "bring the car back into the home area"
        found.append(Violation(code="trip.end_outside_home_area", detail=detail, values={"zones": sorted(kinds)}))
    if ZoneKind.NO_PARKING in kinds:
        names = sorted(zone.name for zone in zones if zone.kind is ZoneKind.NO_PARKING)
        detail = "cars may not be left here: park outside this zone"
        found.append(Violation(code="trip.end_in_no_parking_zone", detail=detail, values={"zones": names}))
    return found

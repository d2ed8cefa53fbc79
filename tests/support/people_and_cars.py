"""Builders: members who may drive, cars that are ready, and the area that they belong to."""

from collections.abc import Awaitable, Callable
from datetime import date
from itertools import count
from uuid import UUID

from pydantic import TypeAdapter

from domain.dispatcher import CommandResult
from domain.fleet.commands import CommissionVehicle, DefineZone, ObserveVehicle, PutIntoService
from domain.fleet.state import Observation
from domain.fleet.zones import ZoneKind
from domain.kernel.calendar import Period
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId, ZoneId, derived_id
from domain.kernel.units import Position
from domain.members.commands import AddPaymentMethod, RegisterMember, SubmitLicence, VerifyEmail, VerifyLicence
from domain.members.facts import PostalAddress
from domain.rental.commands import PlaceReservation, StartTrip
from domain.rental.scheduled_commands import PlaceScheduledReservation
from domain.rental.scheduled_plan import Wish
from tests.support.world import World

HOME = ZoneId(derived_id("zone", "home"))
NO_PARKING = ZoneId(derived_id("zone", "no parking"))
ALEXANDERPLATZ = Position(latitude=52.5219, longitude=13.4132)

Taking = Callable[[World, MemberId, VehicleId], Awaitable[UUID]]
"""`reserved` or `started`: a member takes a car."""

_number = count()
_id: TypeAdapter[UUID] = TypeAdapter(UUID)


async def area(world: World) -> None:
    """The home area around Alexanderplatz, and a street in it where nobody may park."""
    await world.do(_zone(HOME, ZoneKind.HOME_AREA, "Berlin", 13.0, 52.3, 13.8, 52.7))
    await world.do(_zone(NO_PARKING, ZoneKind.NO_PARKING, "Karl-Liebknecht-Strasse", 13.40, 52.51, 13.405, 52.515))


async def member(
    world: World, name: str = "Ada", address: PostalAddress | None = None, city_id: str = "berlin"
) -> MemberId:
    """A member who may drive."""
    who = MemberId(derived_id("member", name, next(_number)))
    steps = (
        RegisterMember(
            member_id=who,
            city_id=city_id,
            name=name,
            email=f"{name.lower()}.{who.hex}@example.org",
            birth_date=date(1990, 5, 1),
            address=address,
        ),
        VerifyEmail(member_id=who),
        SubmitLicence(
            member_id=who,
            number=who.hex,
            country="DE",
            issued_on=date(2010, 1, 1),
            expires_on=date(2033, 1, 1),
        ),
        VerifyLicence(member_id=who),
        AddPaymentMethod(
            member_id=who, method_id="card", token=f"tok-{name}", brand="visa", expires_on=date(2030, 1, 1)
        ),
    )
    for step in steps:
        await world.do(step)
    return who


COMMISSIONED = 3
"""So many events it takes until a first car belongs to the fleet: its VIN is seen and taken, and it is commissioned."""


async def commissioned(world: World, plate: str = "B-AB 1", **facts: object) -> VehicleId:
    """A car that belongs to the fleet, and has not said anything yet."""
    which = VehicleId(derived_id("car", plate, next(_number)))
    usual: dict[str, object] = {
        "vehicle_id": which,
        "vin": f"WBA{which.int % 10**14:014d}",
        "plate": plate,
        "make": "BMW",
        "model": "BMW X1",
        "propulsion": "combustion",
        "city_id": "berlin",
    }
    await world.do(CommissionVehicle.model_validate({**usual, **facts}))
    return which


async def car(world: World, plate: str = "B-AB 1", **facts: object) -> VehicleId:
    """A car in service, parked at Alexanderplatz, its doors shut and locked."""
    which = await commissioned(world, plate, **facts)
    await says(world, which, odometer_m=1_000_000)
    await world.do(PutIntoService(vehicle_id=which))
    return which


async def says(world: World, which: VehicleId, **values: object) -> None:
    """The car reports; what is not given is as in a car that stands well parked."""
    usual: dict[str, object] = {
        "observed_at": world.now(),
        "position": ALEXANDERPLATZ,
        "energy_percent": 80.0,
        "locked": True,
        "doors_closed": True,
        "ignition_on": False,
        "zones": (HOME,),
    }
    observation = Observation.model_validate({**usual, **values})
    world.last_said[which] = observation
    await world.do(ObserveVehicle(vehicle_id=which, observation=observation))


async def reserved(world: World, who: MemberId, which: VehicleId) -> ReservationId:
    """The car is kept for the member."""
    reservation_id = ReservationId(_fresh("reservation"))
    placed = await world.do(PlaceReservation(reservation_id=reservation_id, member_id=who, vehicle_id=which))
    return ReservationId(made(placed))


async def scheduled(
    world: World, who: MemberId, period: Period, which: VehicleId | None = None, **asked: object
) -> ReservationId:
    """A car is promised to the member for a period."""
    facts: dict[str, object] = {"member_id": who, "period": period, "wish": Wish(vehicle_id=which) if which else None}
    command = PlaceScheduledReservation.model_validate({"reservation_id": _fresh("scheduled"), **facts, **asked})
    return ReservationId(made(await world.do(command)))


async def started(world: World, who: MemberId, which: VehicleId, held: ReservationId | None = None) -> TripId:
    """The member asked for a trip; whether it runs is for the car and the payment provider to say."""
    trip_id = TripId(_fresh("trip"))
    asked = await world.do(StartTrip(trip_id=trip_id, member_id=who, vehicle_id=which, reservation_id=held))
    return TripId(made(asked))


def made(answer: CommandResult) -> UUID:
    """The id of what an answer says was made, now or before."""
    return _id.validate_json(answer.value or "")


def _fresh(kind: str) -> UUID:
    return derived_id(kind, next(_number))


def _zone(
    zone_id: ZoneId, kind: ZoneKind, name: str, west: float, south: float, east: float, north: float
) -> DefineZone:
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return DefineZone(zone_id=zone_id, city_id="berlin", kind=kind, name=name, polygons=((ring,),))

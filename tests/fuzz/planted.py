"""Strangers whose things nobody else may see, one of them in another service, and the callers who must not see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from domain.fleet.commands import CommissionVehicle, ObserveVehicle, PutIntoService
from domain.fleet.state import Observation
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Actor, Metadata, Role
from domain.kernel.units import Position
from tests.support.city import City
from tests.support.places import SEATTLE, Place

PLACE = Position(latitude=52.512347, longitude=13.412347)

Headers = dict[str, str]


@dataclass(frozen=True)
class Person:
    """What is told of somebody, and stands nowhere else."""

    name: str
    email: str
    licence: str
    token: str
    """Of the payment method."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What identifies the person."""
        return self.name, self.email, self.licence


STRANGER = Person("Zaubermann", "zaubermann@example.org", "ZAUBER12345", "tok_visa_zauber")
FOREIGNER = Person("Fremdling", "fremdling@example.org", "FREMD12345", "tok_visa_fremd")
FOREIGN_CAR = "WBAZZZ00000099999", "FREMD 1"
MARKS = (*STRANGER.marks, str(PLACE.latitude), str(PLACE.longitude))
"""What must not be in any answer to somebody whom it does not concern."""
NOBODYS = (STRANGER.token, FOREIGNER.token, *FOREIGNER.marks, *FOREIGN_CAR)
"""What must not be in any answer: payment methods' tokens, and what belongs to another service."""


@dataclass(frozen=True)
class Planted:
    """Who asks, which ids are worth asking for, and which of them belong to strangers."""

    callers: Mapping[str, Headers]
    ids: Mapping[str, tuple[str, ...]]
    """By the name of the field or of the parameter."""
    strange: tuple[str, ...]
    """Ids of what belongs to strangers."""
    foreign: tuple[str, ...]
    """Ids of what belongs to another service."""
    spare: str
    """A member whom nobody else looks for."""


async def plant(city: City) -> Planted:
    """A member with a reservation, an invoice and a trip, a stranger beside them, and one in another service."""
    first = await city.member()
    trip = await city.start(city.cars[0], first)
    await city.drive(city.cars[0], 25, first)  # for what lasts no time costs nothing
    await city.end(trip, first)
    kept = await city.reserve(city.cars[0], first)
    stranger = await _register(STRANGER, city, city.place)
    foreigner = await _register(FOREIGNER, city, SEATTLE)
    strange_trip = await city.start(city.cars[1], stranger)
    await city.drive(city.cars[1], 25, stranger)
    await city.end(strange_trip, stranger)
    running = await city.start(city.cars[2], stranger)
    await _stands_at_the_marked_place(city, VehicleId(city.cars[2].vehicle_id))
    foreign_car = await _foreign_car(city)
    await city.settled()
    spare = await city.member()
    own, strange = [(await city.get("/v1/invoices", who))["invoices"] for who in (first, stranger)]
    callers = {role.value: city.token(role) for role in Role if role not in {Role.MEMBER, Role.SYSTEM}}
    ids = {
        "member_id": (first["X-Member"], stranger["X-Member"], foreigner["X-Member"]),
        "vehicle_id": (*(str(car.vehicle_id) for car in city.cars), foreign_car),
        "trip_id": (_id(trip), _id(strange_trip), _id(running)),
        "reservation_id": (_id(kept),),
        "invoice_id": (own[0]["invoice_id"], strange[0]["invoice_id"]),
    }
    foreign = (foreigner["X-Member"], foreign_car)
    subjects = (first["X-Member"], stranger["X-Member"], _id(trip), _id(running), str(city.cars[2].vehicle_id))
    ids |= {"subject": subjects, "subject_id": ids["trip_id"], "aggregate_id": (*subjects, *foreign)}
    hidden = (stranger["X-Member"], _id(strange_trip), _id(running), ids["invoice_id"][1])
    return Planted({**callers, "member": _bearer(first), "nobody": {}}, ids, hidden, foreign, spare["X-Member"])


async def _register(person: Person, city: City, place: Place) -> Headers:
    who = {"name": person.name, "email": person.email, "birth_date": "1980-02-03"}
    where = {"city_id": place.city_id, "service": place.service}
    me = (await city.post("/v1/members", who | where, {})).json()["id"]
    mine = await city.log_in(person.email, place)
    agent = city.token(Role.AGENT, service=place.service)
    licence = {"country": place.licence_country, "issued_on": "2015-01-01", "expires_on": "2039-01-01"}
    card = {"token": person.token, "brand": "visa", "expires_on": "2039-12-31"}
    for path, body, headers in (
        ("licence", {"number": person.licence, **licence}, mine),
        ("licence/verify", None, agent),
        ("payment-methods", card, mine),
    ):
        (await city.post(f"/v1/members/{me}/{path}", body, headers)).raise_for_status()
    return mine | {"X-Member": me}


async def _stands_at_the_marked_place(city: City, vehicle_id: VehicleId) -> None:
    city.cars[2].position = PLACE  # as it reports itself once a minute
    seen = Observation(observed_at=city.running.system.clock.now(), position=PLACE, locked=True)
    await city.give(ObserveVehicle(vehicle_id=vehicle_id, observation=seen))


async def _foreign_car(city: City) -> str:
    vehicle_id = VehicleId(uuid4())
    car = CommissionVehicle(
        vehicle_id=vehicle_id, vin=FOREIGN_CAR[0], plate=FOREIGN_CAR[1], make="BMW", model="BMW i3",
        propulsion="electric", city_id=SEATTLE.city_id, position=SEATTLE.middle, energy_percent=80,
    )  # fmt: skip
    by = Actor(role=Role.OPERATOR, id="test")
    for command in (car, PutIntoService(vehicle_id=vehicle_id)):
        metadata = Metadata.of(command, id=uuid4(), actor=by, service=SEATTLE.service)
        await city.running.system.dispatcher.dispatch(command, metadata)
    return str(vehicle_id)


def _id(path: str) -> str:
    return path.rpartition("/")[2]


def _bearer(member: Headers) -> Headers:
    return {"Authorization": member["Authorization"]}

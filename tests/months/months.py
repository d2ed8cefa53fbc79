"""Months of a small service that are made up: the real domain, rules and read models; people, cars and wishes by lot.

The same seed makes the same months, to the last cent.
"""

import heapq
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Protocol
from uuid import UUID

from domain.fleet.commands import DecommissionVehicle, NoteContact, PutIntoService, TakeOutOfService
from domain.kernel.demand import Ask, AskKind
from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId
from domain.kernel.units import Position
from domain.rental.commands import CancelReservation, EndTrip
from tests.months.towns import BERLIN, VIENNA, District, Town
from tests.projections.following import credit
from tests.support.people_and_cars import commissioned, member, reserved, says, started
from tests.support.world import World

BEGIN = datetime(2026, 1, 1, 5, tzinfo=UTC)
HOURS = {6: 2, 7: 6, 8: 9, 9: 5, 11: 2, 13: 3, 15: 3, 16: 6, 17: 9, 18: 7, 20: 3, 22: 2}
"""When people look for cars, by UTC, and how much more in one hour than in another."""
NEAR_M = 2_500
"""How far somebody goes to a car."""
LOW_PERCENT = 12.0
LOSES_INTEREST = 0.008
"""How likely somebody never looks for a car again, on any day."""
MODELS = ("BMW X1", "BMW i3", "MINI 3-Door", "MINI Clubman")

Move = Callable[[], Awaitable[None]]


class Notes(Protocol):
    """Where asks for cars are noted."""

    def note(self, ask: Ask, /) -> None: ...


@dataclass(frozen=True)
class Person:
    """A member; looks for a car near home in the morning, and anywhere later."""

    id: MemberId
    town: Town
    home: District
    eagerness: float
    """How likely they look for a car on a day."""


@dataclass
class Wheels:
    """What the months know of a car."""

    id: VehicleId
    town: Town
    place: Position
    zone: District
    odometer_m: int
    energy: float = 95.0
    free: bool = True


@dataclass
class Months:
    """What happens, in the order of time."""

    world: World
    notes: Notes
    days: int = 120
    towns: tuple[Town, ...] = (BERLIN, VIENNA)
    begin: datetime = BEGIN
    seed: int = 1
    _agenda: list[tuple[datetime, int, Move]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _cars: list[Wheels] = field(default_factory=list)
    _people: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    @property
    def end(self) -> datetime:
        return self.begin + timedelta(days=self.days)

    async def live(self) -> None:
        """All of it; at the end every car is sold, so that nothing of it goes on."""
        self.world.time = self.begin
        for town in self.towns:
            for district in town.districts:
                await self.world.do(district.zone())
            for number in range(town.cars):
                self._cars.append(await self._car(town, number))
            for number in range(town.members):
                self._at(self.begin + self._part(number / town.members) * 0.8, self._joins, town, number)
        for day in range(self.days):
            self._at(self.begin + timedelta(days=day), self._morning)
        await self._pass(self.end)
        await self._pass(self.end + timedelta(hours=3))  # whoever is on the way comes home
        for car in self._cars:
            await self.world.do(DecommissionVehicle(vehicle_id=car.id, reason="the months are over"))

    async def _pass(self, until: datetime) -> None:
        while self._agenda and self._agenda[0][0] < until:
            at, _, move = heapq.heappop(self._agenda)
            await self.world.advance(max(at - self.world.time, timedelta()))
            await move()

    def _at(self, when: datetime, do: Callable[..., Coroutine[Any, Any, None]], *about: object) -> None:
        heapq.heappush(self._agenda, (when, next(self._numbers), lambda: do(*about)))

    def _in(self, minutes: float, do: Callable[..., Coroutine[Any, Any, None]], *about: object) -> None:
        self._at(self.world.now() + timedelta(minutes=minutes), do, *about)

    def _part(self, of_all: float) -> timedelta:
        return timedelta(days=self.days) * of_all

    async def _joins(self, town: Town, number: int) -> None:
        who = await member(self.world, f"{town.city_id} {number}".title().replace(" ", ""), city_id=town.city_id)
        home = town.any_district(self._random)
        self._people.append(Person(who, town, home, self._random.uniform(0.1, 0.7)))
        if self._random.random() < 0.25:
            self._at(self.world.now() + self._part(self._random.random()), self._runs_out_of_money, who)

    async def _runs_out_of_money(self, who: MemberId) -> None:
        self.world.empty_cards.add(who)

    async def _car(self, town: Town, number: int) -> Wheels:
        zone = town.any_district(self._random)
        place, model = zone.somewhere(self._random), self._random.choice(MODELS)
        plate = f"{town.city_id[0].upper()}-DN {number + 1}"
        id = await commissioned(self.world, plate, city_id=town.city_id, model=model, position=place)
        car = Wheels(id, town, place, zone, odometer_m=1_000_000)
        await self._says(car)
        await self.world.do(PutIntoService(vehicle_id=id))
        return car

    async def _says(self, car: Wheels) -> None:
        await says(
            self.world,
            car.id,
            position=car.place,
            odometer_m=car.odometer_m,
            energy_percent=round(car.energy),
            zones=(car.zone.zone_id,),
        )

    async def _morning(self) -> None:
        """Low cars are filled, some cars lose contact for hours, and people make up their minds."""
        for car in self._cars:
            if car.free and car.energy < LOW_PERCENT:
                await self.world.do(TakeOutOfService(vehicle_id=car.id, reason="to be filled"))
                car.free = False
                self._in(self._random.uniform(60, 600), self._filled, car)
            elif car.free and self._random.random() < 0.02:
                await self.world.do(NoteContact(vehicle_id=car.id, online=False, at=self.world.now()))
                self._in(self._random.uniform(120, 1_000), self._heard_again, car)
        for who in [*self._people]:
            if self._random.random() < LOSES_INTEREST:
                self._people.remove(who)
            elif self._random.random() < who.eagerness:
                hour = self._random.choices(list(HOURS), list(HOURS.values()))[0]
                minutes = 60 * (hour - self.begin.hour) + self._random.uniform(0, 59)
                self._in(minutes, self._looks, who, hour)

    async def _filled(self, car: Wheels) -> None:
        car.energy = 95.0
        await self._says(car)
        await self.world.do(PutIntoService(vehicle_id=car.id))
        car.free = True

    async def _heard_again(self, car: Wheels) -> None:
        await self.world.do(NoteContact(vehicle_id=car.id, online=True, at=self.world.now()))

    async def _looks(self, who: Person, hour: int) -> None:
        district = who.home if hour < 12 else who.town.any_district(self._random)
        place = district.somewhere(self._random)
        near = sorted(
            (car for car in self._cars if car.town == who.town and place.distance_m(car.place) < NEAR_M),
            key=lambda car: place.distance_m(car.place),
        )
        offered = [car for car in near if car.free]
        self._note("search", who, place, codes=() if offered else ("search.nothing_found",))
        wanted = near if self._random.random() < 0.2 else offered  # some look at a list that is old
        if wanted and self._random.random() < 0.85:
            self._note("quote", who, wanted[0].place)
            if self._random.random() < 0.8:
                await self._reserves(who, wanted[0])
            elif self._random.random() < 0.5:
                await self._starts(who, wanted[0], None)

    async def _reserves(self, who: Person, car: Wheels) -> None:
        held = await self._asks("reservation", who, car, reserved(self.world, who.id, car.id))
        if held is not None:
            car.free = False
            later = self._random.uniform(2, 14)
            if self._random.random() < 0.85:
                self._in(later, self._starts, who, car, ReservationId(held))
            else:
                self._in(later, self._cancels, car, ReservationId(held))

    async def _cancels(self, car: Wheels, held: ReservationId) -> None:
        await self.world.do(CancelReservation(reservation_id=held))
        car.free = True

    async def _starts(self, who: Person, car: Wheels, held: ReservationId | None) -> None:
        trip = await self._asks("trip", who, car, started(self.world, who.id, car.id, held))
        if trip is not None:
            car.free = False
            self._in(self._random.uniform(9, 60), self._arrives, car, TripId(trip))

    async def _arrives(self, car: Wheels, trip: TripId) -> None:
        before, car.zone = car.place, car.town.any_district(self._random)
        car.place = car.zone.somewhere(self._random)
        driven = int(1.3 * before.distance_m(car.place)) + 500
        car.odometer_m += driven
        car.energy = max(3.0, car.energy - driven / 1_500)
        await self._says(car)
        await self.world.do(EndTrip(trip_id=trip))
        car.free = True
        if self._random.random() < 0.02:
            self._in(60 * 24, self._complains, trip)

    async def _complains(self, trip: TripId) -> None:
        await self.world.do(credit(trip, reason="the car was dirty"))

    async def _asks(self, kind: AskKind, who: Person, car: Wheels, asking: Awaitable[UUID]) -> UUID | None:
        """What came of it; nothing when it was refused, which is noted as the API notes it."""
        try:
            made = await asking
        except RefusedError as refused:
            self._note(kind, who, car.place, codes=tuple(violation.code for violation in refused.violations))
            return None
        self._note(kind, who, car.place)
        return made

    def _note(self, kind: AskKind, who: Person, place: Position, codes: tuple[str, ...] = ()) -> None:
        city, service = who.town.city_id, self.world.service
        self.notes.note(Ask(kind, service, self.world.now(), str(who.id), city, place, codes=codes))

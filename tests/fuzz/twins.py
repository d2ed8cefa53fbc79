"""Two cars that do the same, one of them with faults: what the backend makes of each."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.findings import Received
from adapters.mqtt.lookups import KnownVehicle
from adapters.mqtt.memory import twin_of
from adapters.mqtt.topics import of_vehicle
from adapters.simulator.car import Car, Message, offset
from adapters.simulator.faults import composed
from adapters.simulator.faults.cutting import OnlyChanges
from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import VehicleId, ZoneId, derived_id
from domain.kernel.messages import Role
from domain.kernel.units import Position
from tests.support.city import City
from tests.support.places import BERLIN

STEP = timedelta(seconds=20)
OF_A_BATCH = 10
"""Steps whose messages come in one batch."""
UNTIL_BACK = timedelta(hours=4)
"""After so long whatever a car has kept is sent."""
LAST_WORDS = 8
LEAST = 8
"""So many messages at least, by which whatever goes wrong has begun."""
EDGE = ZoneId(derived_id("edge"))

Act = tuple[Literal["drive", "stand", "open", "close", "unlock", "lock"], int]


class Explained(NamedTuple):
    """What a fault may change."""

    events: frozenset[str] = frozenset()
    """That the good car does not have."""
    readings: frozenset[str] = frozenset()
    """That are not those of the good car in the end."""


def _may(events: str = "", readings: str = "") -> Explained:
    return Explained(frozenset(events.split()), frozenset(readings.split()))


_CLOCK, _CONTACT = _may("clock_offset_changed"), _may("contact_lost contact_restored")
_ODOMETER = _may("", "odometer_m")
_PLACE = _may("located zone_entered zone_left")
_PIECES = _may("located")
_WAVERS = _may("energy_changed energy_low energy_restored faults_changed", "energy_percent")
_UNSEEN = _may("located moved_while_parked zone_entered zone_left")
EXPLAINED: Mapping[str, Explained] = {
    "airbag": _may("crash_detected", "crashed"),
    "energy-falls": _may("energy_low energy_changed energy_restored", "energy_percent"),
    "tank-103-percent": _may("energy_changed energy_low", "energy_percent"),
    "door-left-open": _may("unlocked doors_opened locked doors_closed left_open", "locked doors_closed"),
    "clock-ahead": _CLOCK, "clock-behind": _CLOCK, "clock-set-back": _CLOCK, "weeks-rolled-over": _CLOCK,
    "clock-loses-time": _CLOCK, "comes-and-goes": _WAVERS, "odometer-in-miles": _ODOMETER, "unknown-fix-type": _PLACE,
    "signals-one-by-one": _PIECES, "signals-in-groups": _PIECES, "only-changes": _PIECES,
    "lost-messages": _UNSEEN, "silent-for-minutes": _UNSEEN, "battery-lost": _CLOCK, "late-last-will": _CONTACT,
    "odometer-at-zero": _ODOMETER, "odometer-in-km": _ODOMETER, "odometer-coarse": _ODOMETER,
    "odometer-leaps": _ODOMETER, "odometer-backwards": _ODOMETER, "odometer-too-large": _ODOMETER,
    "no-fix": _PLACE, "inaccurate-fix": _PLACE, "wavering-fix": _PLACE, "frozen-receiver": _PLACE,
}  # fmt: skip
"""Whatever is not here changes nothing."""

CONSEQUENCES = frozenset(
    (
        *("command_requested", "command_failed", "not_answering", "taken_out_of_service"),
        *("contact_lost", "contact_restored", "task_opened", "task_closed"),
    )
)
"""Events that policies, the roll call and field work lead to, now or later, and not the car by what it says."""
SWALLOW = frozenset({"lost-messages", "silent-for-minutes", "out-of-order"})
"""What is lost, or comes after something newer, is not told."""
MOST_CROSSINGS = 3
"""So many times more a car at the edge of a zone may cross it."""
AS_NEW = timedelta(minutes=2)
COMPARED = ("locked", "doors_closed", "ignition_on", "crashed", "energy_percent", "odometer_m")
NEAR_M = 60.0
"""Within this the place of a wavering receiver is that of a good one."""


def zones(service: str, position: Position) -> frozenset[ZoneId]:
    """One, all that lies east of the middle: its edge runs through the place where all cars begin."""
    del service
    return frozenset({EDGE}) if position.longitude > BERLIN.middle.longitude else frozenset()


@dataclass
class Known:
    """Knows the cars of the pair."""

    cars: dict[str, KnownVehicle] = field(default_factory=dict)

    async def find(self, vins: set[str], /) -> dict[str, KnownVehicle]:
        return {vin: self.cars[vin] for vin in vins if vin in self.cars}

    async def find_anew(self, vins: set[str], /) -> dict[str, KnownVehicle]:
        return await self.find(vins)


class Life(NamedTuple):
    """What became of one of the two."""

    events: Counter[str]
    readings: VehicleReadings
    online: bool
    sent: int
    rubbish: int
    stored: int
    dead: int


async def lived(city: City, acts: Sequence[Act], faults: Sequence[str], seed: int) -> tuple[Life, Life]:
    """The good car and the one with faults."""
    cars = [_car(seed), _car(seed)]
    cars[1].faults = composed(faults, Random(seed))
    directory = Known()
    for car in cars:
        await city.give(*BERLIN.offer(car))
        directory.cars[car.vin] = KnownVehicle(VehicleId(car.vehicle_id), BERLIN.service)
    running = city.running
    writer = BatchWriter(
        running.system.dispatcher, running.telemetry, directory, zones=zones
    )  # fmt: skip
    begin = city.running.system.clock.now()  # nothing is older than what the fleet was told of a new car
    sent = {car.vin: _life(car, acts, begin) for car in cars}
    for first in range(0, max(map(len, sent.values())), OF_A_BATCH):
        batch = [(at, car, m) for car in cars for at, said in sent[car.vin][first : first + OF_A_BATCH] for m in said]
        await writer.write(
            [
                Received(of_vehicle(BERLIN.service, car.vin, message.channel), message.payload, at)
                for at, car, message in batch
            ]
        )
    good, faulty = [await _seen(city, car, [m for _, said in sent[car.vin] for m in said]) for car in cars]
    return good, faulty


def _car(seed: int) -> Car:
    return Car(
        vehicle_id=uuid4(), vin=f"WBAF{uuid4().int % 10**13:013d}", model="BMW i3", fuel_type="E",
        position=BERLIN.middle, energy_percent=80, odometer_m=5_000_000, random=Random(seed),
    )  # fmt: skip


def _life(car: Car, acts: Sequence[Act], begin: datetime) -> Sequence[tuple[datetime, list[Message]]]:
    """What it sends in each step, whatever it does; at last it says again and again how it is."""
    at, said = begin, list[tuple[datetime, list[Message]]]()

    def step() -> None:
        nonlocal at
        at += STEP
        car.advance(STEP.total_seconds())
        said.append((at, list(car.through_faults(car.telemetry(at), at))))

    step()
    for act, amount in acts:
        if act == "drive":
            car.ignition_on = True
            step()  # a car that is to be driven says first that it is on
        _do(car, act, amount)
        step()
        for _ in range(amount if act == "stand" else 0):
            step()
        while car.moving:
            step()
    while len(said) < LEAST:
        step()
    at += UNTIL_BACK
    for _ in range(LAST_WORDS):
        for fault in car.faults:
            if isinstance(fault, OnlyChanges):
                fault.said.clear()  # now and then such a car says everything
        step()
    return said


def _do(car: Car, act: str, amount: int) -> None:
    if act == "drive":
        car.destination, car.ignition_on = offset(car.position, 100 + 300 * amount, float(amount)), True
    elif act in {"open", "close"}:
        car.doors_closed = act == "close"
    elif act in {"unlock", "lock"}:
        car.locked = act == "lock"


async def _seen(city: City, car: Car, sent: Sequence[Message]) -> Life:
    pool = city.running.pool
    history = (await city.get(f"/v1/history/{car.vehicle_id}", city.token(Role.AUDITOR), limit="1000"))["events"]
    stored = await city.running.telemetry.twin(car.vin)
    vehicle = await city.running.store.load(Vehicle, UUID(str(car.vehicle_id)))
    assert stored is not None
    return Life(
        events=Counter(event["type"].removeprefix("fleet.vehicle.") for event in history),
        readings=twin_of(stored).readings(),
        online=vehicle.online,
        sent=sum(message.channel == "telemetry" for message in sent),
        rubbish=sum(message.channel == "telemetry" and not message.is_telemetry for message in sent),
        stored=await pool.fetchval("select count(*) from csbe.telemetry where vin = $1", car.vin),
        dead=await pool.fetchval(
            "select count(*) from csbe.dead_letters where topic like $1 and reason <> ''", f"%/{car.vin}/%"
        ),
    )


def _other_events(
    good: Counter[str], faulty: Counter[str], explained: set[str], faults: Sequence[str]
) -> Iterator[str]:
    for event, count in (faulty - good).items():
        most = MOST_CROSSINGS if event.startswith("zone_") else faulty.total()
        if event not in CONSEQUENCES and count > (most if event in explained else 0):
            yield f"{count} more {event}"
    if not SWALLOW & set(faults):
        missing = good - faulty
        yield from (f"{n} fewer {event}" for event, n in missing.items() if event not in explained | CONSEQUENCES)


def differences(good: Life, faulty: Life, faults: Sequence[str]) -> list[str]:
    """What is otherwise with the faulty car than with the good one, and not explained by its faults."""
    may = [EXPLAINED.get(name, Explained()) for name in faults]
    explained, readings = set().union(*(m.events for m in may)), set().union(*(m.readings for m in may))
    found = [*_other_events(good.events, faulty.events, explained, faults)]
    for name in COMPARED:
        one, other = good.readings.value(name), faulty.readings.value(name)
        if name not in readings and one != other and not (name == "crashed" and other is False):
            found.append(f"{name} is {other} and not {one}")
    here, there = good.readings.position, faulty.readings.position
    if here is None or there is None or here.value.distance_m(there.value) > NEAR_M:
        found.append(f"position is {there} and not {here}")
    elif abs(here.at - there.at) > AS_NEW:
        found.append(f"its place is of {there.at} and not of {here.at}")
    if not faulty.online:
        found.append("offline")
    if faulty.stored + faulty.dead != faulty.sent or faulty.dead != faulty.rubbish:
        found.append(f"of {faulty.sent}, {faulty.rubbish} of them rubbish: {faulty.stored} stored, {faulty.dead} dead")
    return found

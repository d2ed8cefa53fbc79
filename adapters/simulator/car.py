"""A simulated car: its state, what it says of itself, and what may be wrong with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

import orjson

from adapters.mqtt.topics import Channel
from domain.kernel.units import EARTH_RADIUS_M, Position

FuelType = Literal["P", "D", "E"]

LATITUDE, LONGITUDE = "Vehicle.CurrentLocation.Latitude", "Vehicle.CurrentLocation.Longitude"
SPEED, ODOMETER = "Vehicle.Speed", "Vehicle.TraveledDistance"
IGNITION = "Vehicle.LowVoltageSystemState"
FUEL = "Vehicle.Powertrain.FuelSystem.RelativeLevel"
CHARGE = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
DOORS = tuple(f"Vehicle.Cabin.Door.Row{row}.{side}" for row in (1, 2) for side in ("DriverSide", "PassengerSide"))


@dataclass(frozen=True)
class Message:
    """What a car gives to its radio."""

    channel: Channel
    body: Mapping[str, Any] | bytes
    """An object of JSON, or whatever else it may be."""
    retained: bool = False

    @property
    def payload(self) -> bytes:
        """As it is sent."""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)

    @property
    def parts(self) -> Mapping[str, Any]:
        """Of an object; whatever else it may be has none."""
        return {} if isinstance(self.body, bytes) else self.body

    @property
    def signals(self) -> dict[str, Any]:
        """What it says of the car; nothing when it is no telemetry or answer."""
        return dict(self.parts.get("signals", {}))

    @property
    def is_telemetry(self) -> bool:
        """Whether it is a proper one."""
        return self.channel == "telemetry" and not isinstance(self.body, bytes)

    def saying(self, **what: Any) -> "Message":
        """The same, but for this."""
        return replace(self, body={**self.parts, **what})

    def with_signals(self, **signals: Any) -> "Message":
        """The same, but for these signals: `**{SPEED: 0}`."""
        return self.saying(signals={**self.signals, **signals})


Messages = Sequence[Message]


@dataclass
class Fault:
    """Something that is wrong with one car. It stands between the car and its radio; this one changes nothing."""

    NAME: ClassVar[str] = ""

    random: Random = field(default_factory=lambda: Random(0))

    def sends(self, messages: Messages, now: "Now") -> Messages:
        """What is sent instead, in this order. Asked in each step, also when the car has nothing to say."""
        del now
        return [said for message in messages for said in self.says(message)]

    def says(self, message: Message) -> Messages:
        """What is sent instead of one message."""
        if message.is_telemetry:
            return self.tells(message)
        return self.answers(message) if message.channel == "responses" else [message]

    def tells(self, message: Message) -> Messages:
        """What is sent instead of telemetry."""
        return [message]

    def answers(self, message: Message) -> Messages:
        """What is sent instead of an answer to a command."""
        return [message]

    def drives(self, car: "Car") -> None:
        """What it does to the car in each step."""

    def obeys(self, command: str, car: "Car") -> bool:
        """Whether the car does what it is told."""
        del command, car
        return True


class Now(NamedTuple):
    """When a car sends."""

    car: "Car"
    at: datetime


@dataclass
class Car:
    """One car as it stands in the street."""

    vehicle_id: UUID
    vin: str
    model: str
    fuel_type: FuelType
    position: Position
    energy_percent: float
    odometer_m: int
    random: Random
    locked: bool = True
    ignition_on: bool = False
    doors_closed: bool = True
    speed_kmh: float = 0.0
    destination: Position | None = None
    seq: int = 0
    answered: dict[str, Message] = field(default_factory=dict)
    """The last command's id and the answer given to it."""
    asked: str | None = None
    """The id of the command that came last."""
    faults: list[Fault] = field(default_factory=list)
    """What is wrong with it; what the first makes of a message is what the second gets."""

    @property
    def moving(self) -> bool:
        return self.destination is not None and self.ignition_on

    def advance(self, seconds: float) -> None:
        """Drive towards the destination for some seconds at city speed; stop there and switch off."""
        self._drive(seconds)
        for fault in self.faults:
            fault.drives(self)

    def telemetry(self, at: datetime) -> Messages:
        """What it sends of itself now."""
        self.seq += 1
        return [Message("telemetry", {"ts": at.isoformat(), "seq": self.seq, "signals": self.signals()})]

    def through_faults(self, messages: Messages, at: datetime) -> Messages:
        """What is sent of these."""
        for fault in self.faults:
            messages = fault.sends(messages, Now(self, at))
        return messages

    def obeys(self, command: str) -> bool:
        """Whether it does what it is told."""
        obedient = [fault.obeys(command, self) for fault in self.faults]  # each is asked
        return all(obedient)

    def signals(self) -> dict[str, Any]:
        """The car's state under its COVESA VSS 6.0 names."""
        electric = self.fuel_type == "E"
        energy = {CHARGE: round(self.energy_percent, 1)} if electric else {FUEL: round(self.energy_percent)}
        return {
            LATITUDE: round(self.position.latitude, 7),
            LONGITUDE: round(self.position.longitude, 7),
            SPEED: round(self.speed_kmh, 1),
            ODOMETER: self.odometer_m,
            IGNITION: "ON" if self.ignition_on else "LOCK",
            **{f"{door}.IsLocked": self.locked for door in DOORS},
            **{f"{door}.IsOpen": not self.doors_closed for door in DOORS},
            **energy,
        }

    def _drive(self, seconds: float) -> None:
        if self.destination is None or not self.ignition_on:
            return
        self.speed_kmh = 25 + 25 * self.random.random()
        remaining_m = self.position.distance_m(self.destination)
        step_m = min(remaining_m, self.speed_kmh / 3.6 * seconds)
        self.odometer_m += round(step_m)
        self.energy_percent = max(1.0, self.energy_percent - step_m / 4_000)
        if step_m >= remaining_m:
            self.position, self.destination = self.destination, None
            self.speed_kmh, self.ignition_on = 0.0, False
            return
        self.position = _between(self.position, self.destination, step_m / remaining_m)


def offset(position: Position, distance_m: float, bearing_rad: float) -> Position:
    """The point some metres away (flat-earth approximation, good to 0.1 % within a city)."""
    dlat = math.degrees(distance_m * math.cos(bearing_rad) / EARTH_RADIUS_M)
    dlon = math.degrees(distance_m * math.sin(bearing_rad) / EARTH_RADIUS_M) / math.cos(math.radians(position.latitude))
    return Position(latitude=position.latitude + dlat, longitude=position.longitude + dlon)


def _between(start: Position, end: Position, share: float) -> Position:
    return Position(
        latitude=start.latitude + (end.latitude - start.latitude) * share,
        longitude=start.longitude + (end.longitude - start.longitude) * share,
    )

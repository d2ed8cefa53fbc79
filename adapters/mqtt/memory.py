"""What ingest remembers of a car between messages: the car as it shows itself, and what fleet was told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from adapters.mqtt.clock import CarClock, Steady
from adapters.mqtt.odometer import Odometer
from adapters.mqtt.places import Fix, Track
from adapters.mqtt.twin import Newest, Twin
from adapters.mqtt.zone_watch import ZoneWatch
from adapters.postgres.telemetry import UNKNOWN, StoredTwin
from domain.fleet.news import is_news
from domain.fleet.state import Observation, VehicleReadings
from domain.rulebook.model import FleetLimits


class LastTold(BaseModel):
    """What fleet was told last of one car."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    readings: VehicleReadings | None = None
    online: bool | None = None
    contact_changes: int = 0

    @classmethod
    def read(cls, stored: StoredTwin) -> "LastTold":
        return cls.model_validate_json(stored.told) if stored.told else cls()

    def written(self) -> str:
        """As JSON text."""
        return self.model_dump_json(exclude_none=True)

    def is_outdated_by(self, seen: Observation, limits: FleetLimits) -> bool:
        """Whether fleet would find news in it; at first, and while it takes the car for lost, in anything."""
        return self.readings is None or self.online is False or is_news(self.readings, seen, limits)

    def with_observation(self, seen: Observation) -> "LastTold":
        """After telling this: what it does not say stays as it was told before. Who says something is online."""
        heard = self.with_contact(online=True) if self.online is False else self
        return heard.model_copy(update={"readings": (self.readings or VehicleReadings()).with_observation(seen)})

    def with_contact(self, *, online: bool) -> "LastTold":
        """After telling that contact was lost or is back."""
        return self.model_copy(update={"online": online, "contact_changes": self.contact_changes + 1})

    def without_locks(self) -> "LastTold":
        """After an answer that fleet may take for a change of the locks: what the car shows of them is told again."""
        if self.readings is None:
            return self
        return self.model_copy(update={"readings": self.readings.model_copy(update={"locked": None})})


@dataclass(slots=True)
class RememberedVehicle:
    """Both halves, each stored by itself."""

    twin: Twin = field(default_factory=Twin)
    told: LastTold = field(default_factory=LastTold)
    _written: tuple[LastTold, str] | None = None
    """What fleet was told last, as text: mostly it was told nothing since."""

    @classmethod
    def read(cls, stored: StoredTwin) -> "RememberedVehicle":
        told = LastTold.read(stored)
        return cls(twin_of(stored), told, (told, stored.told) if stored.told else None)

    def written(self, heard_at: datetime) -> StoredTwin:
        """As JSON text."""
        if self._written is None or self._written[0] is not self.told:
            self._written = self.told, self.told.written()
        return StoredTwin(orjson.dumps(self.twin).decode(), self._written[1], heard_at=heard_at)


class Memory:
    """The cars that a process remembers, each at its revision; at most so many, those that spoke last.

    What is taken out to be worked on is not there until it is put back: what became of it is stored, or forgotten.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._cars: dict[str, tuple[int, RememberedVehicle]] = {}

    def revisions(self, vins: Iterable[str]) -> dict[str, int]:
        """Of each car the revision that is remembered."""
        return {vin: self._cars[vin][0] if vin in self._cars else UNKNOWN for vin in sorted(vins)}

    def take(self, vin: str, stored: StoredTwin) -> RememberedVehicle:
        """The car as it is stored, out of memory when that is at the same revision."""
        revision, car = self._cars.pop(vin, (UNKNOWN, None))
        return car if car is not None and revision == stored.revision else RememberedVehicle.read(stored)

    def put_back(self, vin: str, revision: int, car: RememberedVehicle) -> None:
        """It was stored under this revision."""
        self._cars[vin] = revision, car
        if len(self._cars) > self._most:
            del self._cars[next(iter(self._cars))]


def twin_of(stored: StoredTwin) -> Twin:
    """As it was written; a car that was never heard of has an empty one."""
    if not stored.twin:
        return Twin()
    told: dict[str, Any] = orjson.loads(stored.twin)  # as the dataclasses below have it
    clock, track, zones = told["clock"], told["track"], told["zones"]
    clock["steady"] = Steady(**clock["steady"]) if clock["steady"] else None
    for name in ("trusted", "suspect", "counted"):
        track[name] = Fix(**track[name]) if track[name] else None
    track["odometer"] = Odometer(**track["odometer"])
    return Twin(
        CarClock(**clock),
        Track(**track),
        Newest(**told["singles"]),
        {name: Newest(**parts) for name, parts in told["parts"].items()},
        ZoneWatch(**zones),
        told["anomalies"],
    )

"""What ingest remembers of a car between messages: the car as it shows itself, and what fleet was told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from adapters.mqtt.clock import CarClock, Steady
from adapters.mqtt.odometer import Odometer
from adapters.mqtt.places import Fix, Track
from adapters.mqtt.twin import Newest, Twin
from adapters.mqtt.zone_watch import ZoneWatch
from adapters.postgres.telemetry import UNKNOWN, StoredTwin
from domain.fleet.news import Kind, news
from domain.fleet.state import Observation, VehicleReadings
from domain.rulebook.model import FleetLimits

WAVERS: frozenset[Kind] = frozenset({"energy_percent", "fault_codes", "plugged_in"})
"""What comes and goes with a float that swings, or a contact that is loose."""
MOST_TOLD = 3
OFTEN = timedelta(minutes=10)
"""Within this each of them is told so many times; after that with the next message that speaks of it."""


class Told(NamedTuple):
    """How often something was told since then."""

    since: datetime
    times: int


class LastTold(BaseModel):
    """What fleet was told last of one car."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vehicle_id: UUID | None = None
    """The car of the fleet that bore the VIN then."""
    readings: VehicleReadings | None = None
    often: dict[Kind, Told] = {}
    """Of what wavers, how often it was told lately."""
    online: bool | None = Field(default=None, exclude=True)
    contact_changes: int = 0

    @classmethod
    def read(cls, stored: StoredTwin) -> "LastTold":
        told = cls.model_validate_json(stored.told) if stored.told else cls()
        return told.model_copy(update={"online": stored.online})

    def written(self) -> str:
        """As JSON text, but for `online`, which has a column."""
        return self.model_dump_json(exclude_none=True)

    def of(self, vehicle_id: UUID) -> "LastTold":
        """The same; when another car of the fleet bears the VIN now, fleet was told nothing of it yet."""
        if self.vehicle_id == vehicle_id:
            return self
        return LastTold(vehicle_id=vehicle_id, contact_changes=self.contact_changes)

    def is_outdated_by(self, seen: Observation, limits: FleetLimits) -> bool:
        """Whether fleet would find news in it; at first, and while it takes the car for lost, in anything.

        What wavers is no news when it was told often enough lately.
        """
        if self.readings is None or self.online is False:
            return True
        return any(not self._is_enough(kind, seen.observed_at) for kind in news(self.readings, seen, limits))

    def with_observation(self, seen: Observation, limits: FleetLimits) -> "LastTold":
        """After telling this: what it does not say stays as it was told before. Who says something is online."""
        heard = self.with_contact(online=True) if self.online is False else self
        known = self.readings or VehicleReadings()
        again = {kind: self._counted(kind, seen.observed_at) for kind in WAVERS.intersection(news(known, seen, limits))}
        return heard.model_copy(update={"readings": known.with_observation(seen), "often": {**self.often, **again}})

    def _is_enough(self, kind: Kind, at: datetime) -> bool:
        told = self.often.get(kind)
        return told is not None and told.times >= MOST_TOLD and abs(at - told.since) < OFTEN

    def _counted(self, kind: Kind, at: datetime) -> Told:
        told = self.often.get(kind)
        return Told(at, 1) if told is None or abs(at - told.since) >= OFTEN else Told(told.since, told.times + 1)

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

    def of(self, vehicle_id: UUID) -> "RememberedVehicle":
        """The same; of a car that has come from another service, without what that knew of it."""
        if (told := self.told.of(vehicle_id)) is not self.told:
            if self.told.vehicle_id is not None:
                self.twin.zones = ZoneWatch()
            self.told = told
        return self

    def written(self, heard_at: datetime) -> StoredTwin:
        """As JSON text."""
        if self._written is None or self._written[0] is not self.told:
            self._written = self.told, self.told.written()
        return StoredTwin(orjson.dumps(self.twin).decode(), self._written[1], self.told.online, heard_at=heard_at)


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

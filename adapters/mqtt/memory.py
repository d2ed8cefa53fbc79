"""What ingest remembers of a car between messages: the car as it shows itself, and what fleet was told of it."""

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, TypeAdapter

from adapters.mqtt.twin import Twin
from adapters.postgres.telemetry import StoredTwin
from domain.fleet.news import is_news
from domain.fleet.state import Observation, VehicleReadings
from domain.rulebook.model import FleetLimits

_TWIN = TypeAdapter(Twin)


class LastTold(BaseModel):
    """What fleet was told last of one car."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    readings: VehicleReadings | None = None
    online: bool | None = None
    contact_changes: int = 0

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

    @classmethod
    def read(cls, stored: StoredTwin) -> "RememberedVehicle":
        return cls(
            twin=twin_of(stored),
            told=LastTold.model_validate_json(stored.told) if stored.told else LastTold(),
        )

    def written(self) -> StoredTwin:
        """As JSON text."""
        return StoredTwin(_TWIN.dump_json(self.twin).decode(), self.told.model_dump_json(exclude_none=True))


def twin_of(stored: StoredTwin) -> Twin:
    """As it was written; a car that was never heard of has an empty one."""
    return _TWIN.validate_json(stored.twin) if stored.twin else Twin()

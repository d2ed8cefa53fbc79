"""What ingest remembers of a car between messages, and which changes are worth telling fleet."""

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, TypeAdapter

from adapters.mqtt.plausibility import Track
from adapters.mqtt.signals import MessageReadings
from adapters.postgres.telemetry import Memory
from domain.kernel.ids import ZoneId
from domain.kernel.units import Position

MOVED_M = 50.0
"""A parked car whose believed place is further than this from where fleet knows it has moved."""

_TRACK = TypeAdapter(Track)
_STATES = ("locked", "doors_closed", "ignition_on", "plugged_in", "fault_codes", "crashed")


class LastReported(BaseModel):
    """What fleet was told last of one car."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    readings: MessageReadings | None = None
    zones: frozenset[ZoneId] | None = None
    online: bool | None = None
    contact_changes: int = 0

    def with_readings(self, new: MessageReadings, zones: frozenset[ZoneId] | None) -> "LastReported":
        """After telling these: what they do not say stays as it was told before."""
        known = self.readings.model_dump() if self.readings else {}
        merged = MessageReadings.model_validate(known | new.model_dump(exclude_none=True))
        return self.model_copy(update={"readings": merged, "zones": self.zones if zones is None else zones})

    def with_contact(self, *, online: bool) -> "LastReported":
        """After telling that contact was lost or is back."""
        return self.model_copy(update={"online": online, "contact_changes": self.contact_changes + 1})


@dataclass(slots=True)
class VehicleMemory:
    """Both halves, each stored by itself."""

    track: Track = field(default_factory=Track)
    told: LastReported = field(default_factory=LastReported)

    @classmethod
    def read(cls, stored: Memory) -> "VehicleMemory":
        return cls(
            track=_TRACK.validate_json(stored.track) if stored.track else Track(),
            told=LastReported.model_validate_json(stored.told) if stored.told else LastReported(),
        )

    def written(self) -> Memory:
        """As JSON text."""
        return Memory(_TRACK.dump_json(self.track).decode(), self.told.model_dump_json())


def is_worth_telling(told: LastReported, new: MessageReadings, zones: frozenset[ZoneId] | None) -> bool:
    """Whether something that means something differs from what fleet knows: everything else stays telemetry."""
    old = told.readings
    if old is None:
        return True
    for name in _STATES:
        if _differs(getattr(old, name), getattr(new, name)):
            return True
    return (
        _differs(_whole(old.energy_percent), _whole(new.energy_percent))
        or _differs(told.zones, zones)
        or _moved(old, new)
    )


def _differs(old: object, new: object) -> bool:
    return new is not None and new != old


def _whole(percent: float | None) -> int | None:
    return None if percent is None else int(percent)


def _moved(old: MessageReadings, new: MessageReadings) -> bool:
    """Whether a car with its ignition off is somewhere else."""
    ignition_on = old.ignition_on if new.ignition_on is None else new.ignition_on
    return not ignition_on and new.position is not None and _far(old.position, new.position)


def _far(old: Position | None, new: Position) -> bool:
    return old is None or old.distance_m(new) > MOVED_M

"""What ingest remembers of a car between messages, and which changes are worth report fleet."""

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, TypeAdapter

from adapters.mqtt.plausibility import Track
from adapters.mqtt.signals import MessageReadings
from adapters.postgres.telemetry import StoredTrack
from domain.kernel.ids import ZoneId
from domain.kernel.units import Position

MOVED_M = 50.0
"""A parked car whose believed place is further than this from where fleet knows it has moved."""

_TRACK = TypeAdapter(Track)
_STATES = ("locked", "doors_closed", "ignition_on", "plugged_in", "fault_codes", "crashed")


class LastReported(BaseModel):
    """What fleet was reported last of one car."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    readings: MessageReadings | None = None
    zones: frozenset[ZoneId] | None = None
    online: bool | None = None
    contact_changes: int = 0

    def with_readings(self, new: MessageReadings, zones: frozenset[ZoneId] | None) -> "LastReported":
        """After report these: what they do not say stays as it was reported before. Who says something is online."""
        known = self.readings.model_dump() if self.readings else {}
        merged = MessageReadings.model_validate(known | new.model_dump(exclude_none=True))
        heard = self.with_contact(online=True) if self.online is False else self
        return heard.model_copy(update={"readings": merged, "zones": self.zones if zones is None else zones})

    def with_contact(self, *, online: bool) -> "LastReported":
        """After report that contact was lost or is back."""
        return self.model_copy(update={"online": online, "contact_changes": self.contact_changes + 1})


@dataclass(slots=True)
class RememberedVehicle:
    """Both halves, each stored by itself."""

    track: Track = field(default_factory=Track)
    reported: LastReported = field(default_factory=LastReported)

    @classmethod
    def read(cls, stored: StoredTrack) -> "RememberedVehicle":
        return cls(
            track=_TRACK.validate_json(stored.track) if stored.track else Track(),
            reported=LastReported.model_validate_json(stored.reported) if stored.reported else LastReported(),
        )

    def written(self) -> StoredTrack:
        """As JSON text."""
        return StoredTrack(_TRACK.dump_json(self.track).decode(), self.reported.model_dump_json())


def is_worth_reporting(reported: LastReported, new: MessageReadings, zones: frozenset[ZoneId] | None) -> bool:
    """Whether something that means something differs from what fleet knows: everything else stays telemetry."""
    old = reported.readings
    if old is None or reported.online is False:
        return True
    for name in _STATES:
        if _differs(getattr(old, name), getattr(new, name)):
            return True
    return (
        _differs(_whole(old.energy_percent), _whole(new.energy_percent))
        or _differs(reported.zones, zones)
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

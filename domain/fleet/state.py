"""What is known of a car right now, and how old each piece of it is."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from domain.kernel.ids import ZoneId
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant, Ordinal, Value

T = TypeVar("T")

ClockOffset = Annotated[int, Field(gt=-(2**33), lt=2**33)]
"""Seconds, up to 272 years either way."""
Doubt = Literal["contradicted", "coarse"]
"""Why a value may not be so: what else the car says speaks against it, or it is known only roughly."""


class Reading(Value, Generic[T]):
    """A value, when the car measured it, and what speaks against it."""

    value: T
    at: Instant
    doubt: Doubt | None = None


class Observation(Value):
    """What a car said of itself at `observed_at`; `None` where it said nothing."""

    observed_at: Instant
    position: Position | None = None
    speed_kmh: float | None = None
    odometer_m: Metres | None = None
    energy_percent: Percent | None = None
    locked: bool | None = None
    doors_closed: bool | None = None
    ignition_on: bool | None = None
    plugged_in: bool | None = None
    fault_codes: tuple[str, ...] | None = None
    """Active trouble codes (SAE J2012), sorted."""
    crashed: bool | None = None
    """An airbag has been deployed."""
    dirty: bool | None = None
    zones: tuple[ZoneId, ...] | None = None
    """Every zone that the car is in; `None` when nobody looked."""
    clock_ahead_s: ClockOffset | None = None
    """By how much its clock is ahead, as far as that is corrected; below zero when it is behind."""


KINDS = tuple(name for name in Observation.model_fields if name != "observed_at")
"""What a car can say of itself."""


class VehicleReadings(Value):
    """The newest reading of each kind, `None` where there is none."""

    position: Reading[Position] | None = None
    way_m: Reading[Metres] | None = None
    """How far its believed places lie apart, added up since it was first heard of: what it has driven at least."""
    speed_kmh: Reading[float] | None = None
    odometer_m: Reading[Metres] | None = None
    energy_percent: Reading[Percent] | None = None
    locked: Reading[bool] | None = None
    doors_closed: Reading[bool] | None = None
    ignition_on: Reading[bool] | None = None
    plugged_in: Reading[bool] | None = None
    fault_codes: Reading[tuple[str, ...]] | None = None
    crashed: Reading[bool] | None = None
    dirty: Reading[bool] | None = None
    zones: Reading[tuple[ZoneId, ...]] | None = None
    clock_ahead_s: Reading[ClockOffset] | None = None
    missing_messages: Ordinal | None = None
    """By its own count, so many of its messages have not come."""
    heard_at: Instant | None = None
    """When anything came from it last."""
    asked_at: Instant | None = None
    """Since when it has been asked for its state anew: until it is heard of, what is known may not be so any more."""

    def value(self, name: str) -> object:
        """The value of a reading, `None` when there is none."""
        reading: Reading[object] | None = getattr(self, name)
        return reading.value if reading else None

    @property
    def place(self) -> Position | None:
        """Where it is, as far as it said so since its ignition was switched last."""
        if self.position is None or (self.ignition_on is not None and self.position.at < self.ignition_on.at):
            return None
        return self.position.value

    def with_values(self, at: Instant, **values: object) -> "VehicleReadings":
        """A newer state: values that are `None` or older than what is known are left out."""
        fresh = {
            name: Reading(value=v, at=at) for name, v in values.items() if v is not None and self.is_newer(name, at)
        }
        return self.model_copy(update=fresh)

    def with_observation(self, seen: Observation) -> "VehicleReadings":
        """As `with_values`, of everything that was said at once."""
        return self.with_values(seen.observed_at, **{name: getattr(seen, name) for name in KINDS})

    def joined_with(self, other: "VehicleReadings") -> "VehicleReadings":
        """Of each kind the newer of both. Of one time and not the same, this one's: it was told last."""
        newer = {name: value for name, value in other if isinstance(value, Reading) and self._yields(name, value)}
        contact = {name: getattr(other, name) for name in ("missing_messages", "heard_at", "asked_at")}
        return self.model_copy(update=newer | {name: value for name, value in contact.items() if value is not None})

    def _yields(self, name: str, to: Reading[object]) -> bool:
        """The same of the same time may be doubted."""
        known: Reading[object] | None = getattr(self, name)
        return known is None or known.at < to.at or (known.at == to.at and known.value == to.value)

    def is_changed_by(self, name: str, observed: Observation) -> bool:
        """Whether the observation says something newer and different."""
        new = getattr(observed, name)
        if new is None:
            return False
        known: Reading[object] | None = getattr(self, name)
        return known is None or (known.value != new and known.at <= observed.observed_at)

    def is_newer(self, name: str, at: Instant) -> bool:
        """Whether a value measured then is not older than what is known."""
        known: Reading[object] | None = getattr(self, name)
        return known is None or known.at <= at

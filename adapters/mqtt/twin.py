"""A car as it shows itself: of each signal the newest value with its time, joined over messages in whatever order.

A car may send all signals at once, one at a time, in groups, or those alone that changed. Times are seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adapters.mqtt.anomalies import DEFAULT_LIMITS, NOTHING, Anomaly, Limits
from adapters.mqtt.clock import CarClock, Moment
from adapters.mqtt.places import Sample, Track, follow
from adapters.mqtt.signals import Part, Told
from adapters.mqtt.zone_watch import ZoneWatch
from domain.fleet.state import Doubt, Reading, VehicleReadings
from domain.kernel.trusted import trusted as trusted_value
from domain.kernel.units import Position

ENERGY = ("charge_percent", "current_charge_percent", "fuel_percent")
"""The charge of an electric car counts before a fuel level, and what it displays before what it measures."""
_AS_TOLD = ("speed_kmh", "ignition_on", "fault_codes")


@dataclass(slots=True)
class Newest:
    """Values by name, and the time of each."""

    values: dict[str, Any] = field(default_factory=dict)  # of any type that JSON has, as the signal's check gave it
    at: dict[str, float] = field(default_factory=dict)

    def take(self, told: Mapping[str, Any], moment: Moment) -> Mapping[str, Any]:
        """Take what is newer than what is known; a message that was overtaken tells what nothing has told since."""
        if moment.is_overtaken:
            told = {name: value for name, value in told.items() if self.at.get(name, -1.0) < moment.at}
        self.values.update(told)
        self.at.update(dict.fromkeys(told, moment.at))
        return told


class Group(NamedTuple):
    """Parts that make one reading together: what the reading is as soon as one of them has the value `one`."""

    reading: str
    one: bool
    then: bool

    def made_by(self, parts: Newest) -> bool:
        return self.then if self.one in parts.values.values() else not self.then

    def is_made_by(self, said: Mapping[Part, bool], parts: Newest) -> bool:
        """Whether what was just said of some parts makes it what it is; else others do, which were told before."""
        return len(said) == len(parts.values) or self.one in said.values() or self.one not in parts.values.values()

    def made_at(self, parts: Newest) -> float:
        """When the newest of the parts that make it what it is was told."""
        deciding = [parts.at[part] for part, value in parts.values.items() if value is self.one]
        return max(deciding or parts.at.values())


_GROUPS = {
    "open": Group("doors_closed", one=True, then=False),
    "locked": Group("locked", one=False, then=False),
    "plugged": Group("plugged_in", one=True, then=True),
    "airbags": Group("crashed", one=True, then=True),
}


class Heard(NamedTuple):
    """What a message leads to."""

    news: Mapping[str, Any]  # readings by name, each of its own type
    """The readings that it is the newest to speak of."""
    anomalies: frozenset[Anomaly]
    known: frozenset[str] = frozenset()
    """Those that are what they are by parts that were told before, and not by what was said now."""

    @property
    def told_now(self) -> Mapping[str, Any]:
        """The readings that the message by itself makes what they are."""
        if not self.known:
            return self.news
        return {name: value for name, value in self.news.items() if name not in self.known}


@dataclass(slots=True)
class Twin:
    """What is known of one car, beside the log."""

    clock: CarClock = field(default_factory=CarClock)
    track: Track = field(default_factory=Track)
    singles: Newest = field(default_factory=Newest)
    parts: dict[str, Newest] = field(default_factory=dict)
    zones: ZoneWatch = field(default_factory=ZoneWatch)
    anomalies: dict[str, int] = field(default_factory=dict)
    """How often there was each."""

    def hear(self, told: Told, moment: Moment, limits: Limits = DEFAULT_LIMITS) -> Heard:
        """Join what a message says; what is older than what is known changes nothing."""
        odd, news, known = moment.anomalies, dict[str, Any](), set[str]()
        if not moment.is_repeated:
            taken = self.singles.take(told.singles, moment)
            odd |= self._read_odometer(taken, news, moment.at, limits)
            odd |= self._find_place(taken, news, moment.at, limits)
            self._read_the_rest(taken, news)
            self._read_parts(told, news, known, moment)
        for anomaly in odd:
            self.anomalies[anomaly.value] = self.anomalies.get(anomaly.value, 0) + 1
        return Heard(news, odd, frozenset(known))

    def readings(self, limits: Limits = DEFAULT_LIMITS) -> VehicleReadings:
        """The newest of each kind, as decisions look at them."""
        values, at = self.singles.values, self.singles.at
        found = {name: _reading(values[name], at[name]) for name in _AS_TOLD if name in values}
        for name, parts in self.parts.items():
            group = _GROUPS[name]
            found[group.reading] = _reading(group.made_by(parts), group.made_at(parts))
        if energy := next((name for name in ENERGY if name in values), None):
            found["energy_percent"] = _reading(values[energy], at[energy])
        odometer, trusted = self.track.odometer, self.track.trusted
        if odometer.metres is not None and odometer.at is not None:
            found["odometer_m"] = _reading(odometer.metres, odometer.at, odometer.doubt)
        if trusted is not None:
            place = Position(latitude=trusted.latitude, longitude=trusted.longitude)
            found["position"] = _reading(place, trusted.at)
            found["way_m"] = _reading(int(self.track.distance_m), trusted.at)
        if self.zones.at is not None:
            found["zones"] = _reading(self.zones.zones, self.zones.at)
        if self.clock.newest_at is not None:
            found["clock_ahead_s"] = _reading(round(self.clock.offset_s(limits)), self.clock.newest_at)
        return VehicleReadings.model_validate({**found, "missing_messages": self.clock.missing})

    def accuracy_m(self, at: float, limits: Limits = DEFAULT_LIMITS) -> float | None:
        """Radius within which its receiver was sure to be then, if it said so."""
        accuracy_m: float | None = self._lately("accuracy_m", at, limits)
        return accuracy_m

    def _read_odometer(
        self, taken: Mapping[str, Any], news: dict[str, Any], at: float, limits: Limits
    ) -> frozenset[Anomaly]:
        metres = taken.get("odometer_m")
        if metres is None:
            return NOTHING
        odd = self.track.odometer.read(metres, at, limits)
        if Anomaly.ODOMETER not in odd:
            news["odometer_m"] = metres
        return odd | self.track.odometer.compare(self.track.distance_m, limits)

    def _find_place(
        self, taken: Mapping[str, Any], news: dict[str, Any], at: float, limits: Limits
    ) -> frozenset[Anomaly]:
        values = self.singles.values
        if ("latitude" not in taken and "longitude" not in taken) or not (
            "latitude" in values and "longitude" in values
        ):
            return NOTHING
        latitude, longitude = values["latitude"], values["longitude"]
        sample = Sample(
            at, latitude, longitude, self._speed_kmh(at, limits), news.get("odometer_m"),
            has_fix=values.get("has_fix", True), accuracy_m=self.accuracy_m(at, limits),
        )  # fmt: skip
        odd = follow(self.track, sample, limits)
        trusted = self.track.trusted
        if trusted and (trusted.at, trusted.latitude, trusted.longitude) == (at, latitude, longitude):
            news["position"] = trusted_value(Position, latitude=latitude, longitude=longitude)
        return odd

    def _speed_kmh(self, at: float, limits: Limits) -> float | None:
        speed_kmh: float | None = self._lately("speed_kmh", at, limits)
        return speed_kmh

    def _lately(self, name: str, at: float, limits: Limits) -> Any:
        """A value of its own type that was told close enough to a place to be about it, if one was."""
        told_at = self.singles.at.get(name)
        return None if told_at is None or abs(at - told_at) > limits.holds_s else self.singles.values[name]

    def _read_the_rest(self, taken: Mapping[str, Any], news: dict[str, Any]) -> None:
        for name in _AS_TOLD:
            if name in taken:
                news[name] = taken[name]
        if not taken.keys().isdisjoint(ENERGY):
            values = self.singles.values
            news["energy_percent"] = next(values[name] for name in ENERGY if name in values)

    def _read_parts(self, told: Told, news: dict[str, Any], known: set[str], moment: Moment) -> None:
        for name, said in told.parts.items():
            parts = self.parts.get(name)
            if parts is None:
                parts = self.parts[name] = Newest()
            if taken := parts.take(said, moment):
                group = _GROUPS[name]
                if not group.is_made_by(taken, parts):
                    known.add(group.reading)
                news[group.reading] = group.made_by(parts)


def moment_of(at: float) -> datetime:
    """As the domain speaks of times."""
    return datetime.fromtimestamp(at, UTC)


def _reading(value: Any, at: float, doubt: Doubt | None = None) -> Reading[Any]:
    return Reading(value=value, at=moment_of(at), doubt=doubt)

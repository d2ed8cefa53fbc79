"""A car as it shows itself: of each signal the newest value with its time, joined over messages in whatever order.

A car may send all signals at once, one at a time, in groups, or those alone that changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from adapters.mqtt.anomalies import DEFAULT_LIMITS, NOTHING, Anomaly, Limits
from adapters.mqtt.clock import CarClock, Moment
from adapters.mqtt.places import Sample, Track, follow
from adapters.mqtt.signals import Part, Told
from adapters.mqtt.zone_watch import ZoneWatch
from domain.fleet.state import Doubt, Reading, VehicleReadings
from domain.kernel.units import Position

Known = tuple[Any, datetime]  # a value of any type that JSON has, as the signal's check gave it

ENERGY = ("charge_percent", "current_charge_percent", "fuel_percent")
"""The charge of an electric car counts before a fuel level, and what it displays before what it measures."""
_AS_TOLD = ("speed_kmh", "ignition_on", "fault_codes")
SPEED_HOLDS = timedelta(seconds=15)
"""So long a speed told by itself counts for a place."""


class Group(NamedTuple):
    """Parts that make one reading together: what the reading is as soon as one of them has the value `one`."""

    reading: str
    one: bool
    then: bool


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


@dataclass(slots=True)
class Twin:
    """What is known of one car, beside the log."""

    clock: CarClock = field(default_factory=CarClock)
    track: Track = field(default_factory=Track)
    singles: dict[str, Known] = field(default_factory=dict)
    parts: dict[str, dict[Part, Known]] = field(default_factory=dict)
    zones: ZoneWatch = field(default_factory=ZoneWatch)
    anomalies: dict[Anomaly, int] = field(default_factory=dict)
    """How often there was each."""

    def hear(self, told: Told, moment: Moment, limits: Limits = DEFAULT_LIMITS) -> Heard:
        """Join what a message says; what is older than what is known changes nothing."""
        odd, news = moment.anomalies, dict[str, Any]()
        if not moment.is_repeated:
            taken = self._take(told, moment)
            odd |= self._read_odometer(taken, news, moment.at, limits)
            odd |= self._find_place(taken, news, moment.at, limits)
            self._read_the_rest(taken, news)
            self._read_parts(told, news, moment)
        for anomaly in odd:
            self.anomalies[anomaly] = self.anomalies.get(anomaly, 0) + 1
        return Heard(news, odd)

    def readings(self, limits: Limits = DEFAULT_LIMITS) -> VehicleReadings:
        """The newest of each kind, as decisions look at them."""
        found: dict[str, Reading[Any] | None] = {
            name: Reading(value=self.singles[name][0], at=self.singles[name][1])
            for name in _AS_TOLD
            if name in self.singles
        }
        found |= {group.reading: self._of_parts(name, group) for name, group in _GROUPS.items() if name in self.parts}
        energy = next((self.singles[name] for name in ENERGY if name in self.singles), None)
        if energy is not None:
            found["energy_percent"] = Reading(value=energy[0], at=energy[1])
        odometer, trusted = self.track.odometer, self.track.trusted
        if odometer.metres is not None and odometer.at is not None:
            doubt: Doubt | None = "contradicted" if odometer.is_doubted else None
            found["odometer_m"] = Reading(value=odometer.metres, at=odometer.at, doubt=doubt)
        if trusted is not None:
            found["position"] = Reading(value=trusted.position, at=trusted.at)
            found["way_m"] = Reading(value=int(self.track.distance_m), at=trusted.at)
        if self.zones.inside is not None and self.zones.at is not None:
            found["zones"] = Reading(value=tuple(sorted(self.zones.inside)), at=self.zones.at)
        if self.clock.newest_at is not None:
            ahead_s = round(self.clock.offset(limits).total_seconds())
            found["clock_ahead_s"] = Reading(value=ahead_s, at=self.clock.newest_at)
        return VehicleReadings.model_validate(found)

    def accuracy_m(self, at: datetime) -> float | None:
        """Radius within which its receiver was sure to be then, if it said so."""
        accuracy = self.singles.get("accuracy_m")
        return accuracy[0] if accuracy is not None and accuracy[1] == at else None

    def _take(self, told: Told, moment: Moment) -> dict[str, Any]:
        """The single values that are newer than what is known, and are known now."""
        taken = {name: value for name, value in told.singles.items() if _is_newer(self.singles.get(name), moment)}
        for name, value in taken.items():
            self.singles[name] = (value, moment.at)
        return taken

    def _read_odometer(
        self, taken: dict[str, Any], news: dict[str, Any], at: datetime, limits: Limits
    ) -> frozenset[Anomaly]:
        metres = taken.get("odometer_m")
        if metres is None:
            return NOTHING
        odd = self.track.odometer.read(metres, at, limits)
        if not odd:
            news["odometer_m"] = metres
        return odd | self.track.odometer.compare(self.track.distance_m, limits)

    def _find_place(
        self, taken: dict[str, Any], news: dict[str, Any], at: datetime, limits: Limits
    ) -> frozenset[Anomaly]:
        if "latitude" not in taken and "longitude" not in taken:
            return NOTHING
        if "latitude" not in self.singles or "longitude" not in self.singles:
            return NOTHING
        position = Position(latitude=self.singles["latitude"][0], longitude=self.singles["longitude"][0])
        sample = Sample(
            at,
            position,
            speed_kmh=self._speed(at),
            odometer_m=news.get("odometer_m"),
            has_fix=self.singles["has_fix"][0] if "has_fix" in self.singles else True,
            accuracy_m=taken.get("accuracy_m"),
        )
        odd = follow(self.track, sample, limits)
        if self.track.trusted is not None and self.track.trusted.position is position:
            news["position"] = position
        return odd

    def _speed(self, at: datetime) -> float | None:
        speed = self.singles.get("speed_kmh")
        return speed[0] if speed is not None and abs(at - speed[1]) <= SPEED_HOLDS else None

    def _read_the_rest(self, taken: dict[str, Any], news: dict[str, Any]) -> None:
        for name in _AS_TOLD:
            if name in taken:
                news[name] = taken[name]
        if any(name in taken for name in ENERGY):
            news["energy_percent"] = next(self.singles[name][0] for name in ENERGY if name in self.singles)

    def _read_parts(self, told: Told, news: dict[str, Any], moment: Moment) -> None:
        for name, said in told.parts.items():
            known = self.parts.setdefault(name, {})
            newer = {part: value for part, value in said.items() if _is_newer(known.get(part), moment)}
            if newer:
                known.update((part, (value, moment.at)) for part, value in newer.items())
                group = _GROUPS[name]
                one = any(value is group.one for value, _ in known.values())
                news[group.reading] = group.then if one else not group.then

    def _of_parts(self, name: str, group: Group) -> Reading[bool]:
        """As of the newest of the parts that make it what it is."""
        known = self.parts[name].values()
        deciding = [at for value, at in known if value is group.one]
        if deciding:
            return Reading(value=group.then, at=max(deciding))
        return Reading(value=not group.then, at=max(at for _, at in known))


def _is_newer(known: Known | None, moment: Moment) -> bool:
    """A message that was overtaken tells only what nothing has told since."""
    if known is None:
        return True
    return known[1] < moment.at if moment.is_overtaken else known[1] <= moment.at

"""From VSS signals to what the backend looks at: position, energy, locks, doors, ignition, plug, faults, crash."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from adapters.mqtt.payloads import SignalValue
from domain.kernel.units import FURTHEST_M

Part = str
"""One of several that together make a reading, as VSS names it, e.g. the door `Row1.DriverSide`."""

_DOOR = r"Vehicle\.Cabin\.Door\.(?P<part>Row[12]\.(DriverSide|PassengerSide|Left|Right))"
_GROUPS = {
    "open": re.compile(rf"({_DOOR}|Vehicle\.Body\.(?P<lid>Trunk\.(Front|Rear)|Hood))\.IsOpen"),
    "locked": re.compile(rf"({_DOOR}|Vehicle\.Body\.(?P<lid>Trunk\.Rear))\.IsLocked"),
    "plugged": re.compile(
        r"Vehicle\.Powertrain\.TractionBattery\.Charging\.ChargingPort\.(?P<part>\w+)\.IsChargingCableConnected"
    ),
    "airbags": re.compile(r"Vehicle\.Cabin\.Seat\.(?P<part>Row[12]\.\w+)\.Airbag\.IsDeployed"),
}
_IGNITION = {"UNDEFINED": None, "LOCK": False, "OFF": False, "ACC": False, "ON": True, "START": True}

_AIDS = ("", "_SATELLITE_BASED_AUGMENTATION", "_GROUND_BASED_AUGMENTATION", "_SATELLITE_AND_GROUND_BASED_AUGMENTATION")
_FIXES = {"NONE", *(dimensions + aid for dimensions in ("TWO_D", "THREE_D") for aid in _AIDS)}
_PLACE = {
    "latitude": "Vehicle.CurrentLocation.Latitude",
    "longitude": "Vehicle.CurrentLocation.Longitude",
}
"""One half of a place is none: the other may be long ago."""
_FIX = "Vehicle.CurrentLocation.GNSSReceiver.FixType"


class NotBelievableError(ValueError):
    """The value is of another type than the signal has, or out of the bounds that VSS and physics give it."""


def _within(least: float, most: float) -> Callable[[SignalValue], float]:
    def check(value: SignalValue) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise NotBelievableError
        return value

    return check


def _metres(value: SignalValue) -> int:
    return round(_within(0, FURTHEST_M)(value))


def _ignition(value: SignalValue) -> bool | None:
    if not isinstance(value, str) or value not in _IGNITION:
        raise NotBelievableError
    return _IGNITION[value]


def _has_fix(value: SignalValue) -> bool:
    if not isinstance(value, str) or value not in _FIXES:
        raise NotBelievableError
    return value != "NONE"


def _faults(value: SignalValue) -> list[str]:
    if not isinstance(value, list):
        raise NotBelievableError
    return sorted(set(value))


_SINGLE: dict[str, tuple[str, Callable[[SignalValue], Any]]] = {
    _PLACE["latitude"]: ("latitude", _within(-90, 90)),
    _PLACE["longitude"]: ("longitude", _within(-180, 180)),
    "Vehicle.CurrentLocation.HorizontalAccuracy": ("accuracy_m", _within(0, inf)),
    _FIX: ("has_fix", _has_fix),
    "Vehicle.Speed": ("speed_kmh", _within(-100, 500)),
    "Vehicle.TraveledDistance": ("odometer_m", _metres),
    "Vehicle.Powertrain.FuelSystem.RelativeLevel": ("fuel_percent", _within(0, 100)),
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current": ("current_charge_percent", _within(0, 100)),
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed": ("charge_percent", _within(0, 100)),
    "Vehicle.LowVoltageSystemState": ("ignition_on", _ignition),
    "Vehicle.Diagnostics.DTCList": ("fault_codes", _faults),
}


class Told(NamedTuple):
    """What one message says, each value by itself, by our names."""

    singles: Mapping[str, Any]  # each as its check gives it
    parts: Mapping[str, Mapping[Part, bool]]
    """`open`, `locked`, `plugged`, `airbags`: of each part that it speaks of."""
    left_out: tuple[str, ...] = ()
    """Names of the values that cannot be true: each spoils itself alone."""


def told_by(signals: Mapping[str, SignalValue], spoiled: Collection[str] = ()) -> Told:
    """The one place where what a car says becomes what the backend looks at; other signals are stored only.

    `spoiled` are the paths of those that were no signals.
    """
    plan = _plan(tuple(signals))
    singles: dict[str, Any] = {}
    parts: dict[str, Mapping[Part, bool]] = {}
    left_out: list[str] = []
    for path, name, check in plan.singles:
        try:
            believed = check(signals[path])
        except NotBelievableError:
            left_out.append(name)
        else:
            if believed is not None:
                singles[name] = believed
    for name, paths in plan.parts:
        said = {part: value for part, path in paths if isinstance(value := signals[path], bool)}
        if said:
            parts[name] = said
        left_out += [name] * (len(paths) - len(said))
    if (left_out or spoiled) and any(name in left_out or path in spoiled for name, path in _PLACE.items()):
        singles = {name: value for name, value in singles.items() if name not in _PLACE}
    if "has_fix" in left_out or _FIX in spoiled:
        singles["has_fix"] = None  # it says something of its fix, and nobody knows what
    return Told(singles, parts, tuple(left_out))


class _Plan(NamedTuple):
    """What to look for in a message that has the signals of certain paths; most messages of a car have the same."""

    singles: tuple[tuple[str, str, Callable[[SignalValue], Any]], ...]
    """Path, our name, and how the value is checked."""
    parts: tuple[tuple[str, tuple[tuple[Part, str], ...]], ...]
    """Of each group the parts, each with its path."""


@lru_cache(maxsize=2_000)
def _plan(paths: tuple[str, ...]) -> _Plan:
    singles: list[tuple[str, str, Callable[[SignalValue], Any]]] = []
    parts: dict[str, list[tuple[Part, str]]] = {}
    for path in paths:
        name, check, part = _meaning(path)
        if check is not None:
            singles.append((path, name, check))
        elif part:
            parts.setdefault(name, []).append((part, path))
    return _Plan(tuple(singles), tuple((name, tuple(of)) for name, of in parts.items()))


class _Meaning(NamedTuple):
    """By which name a signal goes, and how it is checked or which part it is about; neither when it is not used."""

    name: str = ""
    check: Callable[[SignalValue], Any] | None = None
    part: Part = ""


@lru_cache(maxsize=10_000)
def _meaning(path: str) -> _Meaning:
    if single := _SINGLE.get(path):
        return _Meaning(*single)
    for name, pattern in _GROUPS.items():
        if found := pattern.fullmatch(path):
            named = found.groupdict()
            return _Meaning(name, part=named["part"] or named["lid"])
    return _Meaning()

"""From VSS signals to what the backend talks about: position, energy, locks, doors, ignition, plug, faults, crash."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from adapters.mqtt.payloads import SignalValue
from domain.kernel.units import Latitude, Longitude, Metres, Percent, Position

_DOOR = r"Vehicle\.Cabin\.Door\.Row[12]\.(DriverSide|PassengerSide|Left|Right)"
_DOOR_OPEN = re.compile(rf"{_DOOR}\.IsOpen|Vehicle\.Body\.(Trunk\.(Front|Rear)|Hood)\.IsOpen")
_DOOR_LOCKED = re.compile(rf"{_DOOR}\.IsLocked|Vehicle\.Body\.Trunk\.Rear\.IsLocked")
_PLUGGED = re.compile(r"Vehicle\.Powertrain\.TractionBattery\.Charging\.ChargingPort\.\w+\.IsChargingCableConnected")
_AIRBAG = re.compile(r"Vehicle\.Cabin\.Seat\.Row[12]\.\w+\.Airbag\.IsDeployed")
_GROUPS = {"open": _DOOR_OPEN, "locked": _DOOR_LOCKED, "plugged": _PLUGGED, "airbags": _AIRBAG}
_IGNITION = {"LOCK": False, "OFF": False, "ACC": False, "ON": True, "START": True}
_SINGLE = {  # of two that mean the same, the first counts
    "Vehicle.CurrentLocation.Latitude": "latitude",
    "Vehicle.CurrentLocation.Longitude": "longitude",
    "Vehicle.Speed": "speed_kmh",
    "Vehicle.TraveledDistance": "odometer_m",
    "Vehicle.Powertrain.FuelSystem.RelativeLevel": "fuel_percent",
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed": "charge_percent",
    "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current": "charge_percent",
    "Vehicle.LowVoltageSystemState": "ignition",
    "Vehicle.Diagnostics.DTCList": "faults",
}

_LAST_FIRST = tuple(reversed(_SINGLE.items()))


def _known_state(value: str) -> str:
    if value not in _IGNITION and value != "UNDEFINED":
        msg = f"must be one of UNDEFINED, {', '.join(_IGNITION)}"
        raise ValueError(msg)
    return value


class _Signals(BaseModel):
    """The signals that are used, with the bounds that VSS gives them; others are stored but not looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    speed_kmh: Annotated[float, Field(ge=-100, le=500)] | None = None
    odometer_m: Metres | None = None
    fuel_percent: Percent | None = None
    charge_percent: Percent | None = None
    ignition: Annotated[str, AfterValidator(_known_state)] | None = None
    faults: list[str] | None = None
    open: list[bool] | None = None
    locked: list[bool] | None = None
    plugged: list[bool] | None = None
    airbags: list[bool] | None = None


class MessageReadings(BaseModel):
    """What one message says of the car; `None` where it says nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: Position | None = None
    speed_kmh: float | None = None
    odometer_m: Metres | None = None
    energy_percent: Percent | None = None
    """State of charge of an electric car, else the fuel level."""
    locked: bool | None = None
    """Every door and the boot."""
    doors_closed: bool | None = None
    ignition_on: bool | None = None
    plugged_in: bool | None = None
    fault_codes: tuple[str, ...] | None = None
    """Active trouble codes (SAE J2012), sorted."""
    crashed: bool | None = None
    """An airbag has been deployed."""


class Believable(NamedTuple):
    """What can be true of a message's signals, and what cannot."""

    readings: MessageReadings
    left_out: tuple[str, ...] = ()
    """Names of the values out of the bounds that VSS gives them, or of another type: each spoils itself alone."""


def readings_of(signals: Mapping[str, SignalValue]) -> Believable:
    """The one place where what a car says becomes what the backend talks about."""
    told = _sorted_out(signals)
    left_out: tuple[str, ...] = ()
    try:
        found = _Signals.model_validate(told)
    except ValidationError as error:
        left_out = tuple(_removed(told, problem["loc"]) for problem in reversed(error.errors()))
        found = _Signals.model_validate(told)
    if found.latitude is None or found.longitude is None:
        halves = {"latitude": found.latitude, "longitude": found.longitude}
        left_out += tuple(name for name, half in halves.items() if half is not None)
        return Believable(_readings(found, None), left_out)
    return Believable(_readings(found, Position(latitude=found.latitude, longitude=found.longitude)), left_out)


def _removed(told: dict[str, Any], place: tuple[int | str, ...]) -> str:
    """Take a value out, or one of a list, the last first; returns the name of what it is about."""
    name = str(place[0])
    if len(place) > 1 and isinstance(told[name], list) and name in _GROUPS:
        del told[name][int(place[1])]
    else:
        told.pop(name, None)
    return name


def _readings(found: _Signals, position: Position | None) -> MessageReadings:
    return MessageReadings(
        position=position,
        speed_kmh=found.speed_kmh,
        odometer_m=found.odometer_m,
        energy_percent=found.fuel_percent if found.charge_percent is None else found.charge_percent,
        locked=all(found.locked) if found.locked else None,
        doors_closed=not any(found.open) if found.open else None,
        ignition_on=_IGNITION.get(found.ignition) if found.ignition else None,
        plugged_in=any(found.plugged) if found.plugged else None,
        fault_codes=None if found.faults is None else tuple(sorted(set(found.faults))),
        crashed=any(found.airbags) if found.airbags else None,
    )


def _sorted_out(
    signals: Mapping[str, SignalValue],
) -> dict[str, Any]:  # values are validated by the model that takes them
    """Signals that are used, by our names; several doors make one list."""
    found: dict[str, Any] = {name: signals[path] for path, name in _LAST_FIRST if path in signals}
    for path, value in signals.items():
        if (group := _group_of(path)) is not None:
            if group in found:
                found[group].append(value)
            else:
                found[group] = [value]
    return found


@lru_cache(maxsize=10_000)
def _group_of(path: str) -> str | None:
    """Of which of our lists a signal is a part."""
    return next((name for name, pattern in _GROUPS.items() if pattern.fullmatch(path)), None)

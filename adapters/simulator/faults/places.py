"""Receivers that do not know where they are."""

import math
from dataclasses import dataclass

from adapters.simulator.car import LATITUDE, LONGITUDE, Fault, Message, Messages, offset
from domain.kernel.units import Position

FIX, ACCURACY = "Vehicle.CurrentLocation.GNSSReceiver.FixType", "Vehicle.CurrentLocation.HorizontalAccuracy"


@dataclass
class WrongPlace(Fault):
    """Says another place; each of these has its own way."""

    sent: int = 0

    def shows(self, place: Position) -> dict[str, object]:
        """Signals in the place of those that were to be said."""
        return _at(place)

    def tells(self, message: Message) -> Messages:
        signals = message.signals
        if not {LATITUDE, LONGITUDE} <= signals.keys():
            return [message]
        self.sent += 1
        right = Position(latitude=signals[LATITUDE], longitude=signals[LONGITUDE])
        return [message.with_signals(**self.shows(right))]


def _at(place: Position) -> dict[str, object]:
    return {LATITUDE: round(place.latitude, 7), LONGITUDE: round(place.longitude, 7)}


class NoFix(WrongPlace):
    """Of every five fixes, two are none: 0/0, and the receiver says so."""

    NAME = "no-fix"

    def shows(self, place: Position) -> dict[str, object]:
        if self.sent % 5 in {1, 2, 3}:
            return {**_at(place), FIX: "THREE_D"}
        return {LATITUDE: 0.0, LONGITUDE: 0.0, FIX: "NONE"}


class InaccurateFix(WrongPlace):
    """Three of five fixes are 2 km north, and the receiver says that it is not sure."""

    NAME = "inaccurate-fix"

    def shows(self, place: Position) -> dict[str, object]:
        if self.sent % 5 in {0, 1}:
            return {**_at(place), ACCURACY: 4.0}
        return {**_at(offset(place, 2_000, 0.0)), ACCURACY: 2_500.0}


class UnknownFix(WrongPlace):
    """Three of five fixes are 2 km north, from the first on, and the receiver calls them by a word that VSS has not."""

    NAME = "unknown-fix-type"

    def shows(self, place: Position) -> dict[str, object]:
        if self.sent % 5 in {0, 4}:
            return {**_at(place), FIX: "THREE_D"}
        return {**_at(offset(place, 2_000, 0.0)), FIX: "DEAD_RECKONING"}


class WaveringFix(WrongPlace):
    """Fixes waver by 15 m around the place, as at the edge of a zone."""

    NAME = "wavering-fix"

    def shows(self, place: Position) -> dict[str, object]:
        return _at(offset(place, 15, 2 * math.pi * self.random.random()))


@dataclass
class FrozenReceiver(WrongPlace):
    """On the road it tells one place again and again, for as many messages as it then tells the right one."""

    NAME = "frozen-receiver"

    every: int = 2
    moved: int = 0
    true: Position | None = None
    told: Position | None = None

    def shows(self, place: Position) -> dict[str, object]:
        self.moved += place != self.true
        self.true = place
        if self.told is None or self.moved // self.every % 2 == 0:
            self.told = place
        return _at(self.told)


@dataclass
class DriftingFix(WrongPlace):
    """Some fixes are hundreds of metres off, and nothing else says so."""

    NAME = "drifting-fix"

    share: float = 0.3

    def shows(self, place: Position) -> dict[str, object]:
        if self.random.random() >= self.share:
            return _at(place)
        return _at(offset(place, 300 + 200 * self.random.random(), 2 * math.pi * self.random.random()))

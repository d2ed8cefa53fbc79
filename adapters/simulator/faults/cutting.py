"""How a car cuts its state into messages."""

from dataclasses import dataclass, field
from typing import Any

from adapters.simulator.car import IGNITION, LATITUDE, LONGITUDE, ODOMETER, SPEED, Fault, Message, Messages, Now


class Cut(Fault):
    """Several messages in the place of one, each with a count of its own; each of these has its own way."""

    def pieces(self, signals: dict[str, Any]) -> list[dict[str, Any]]:
        """What each of them says."""
        return [signals]

    def sends(self, messages: Messages, now: Now) -> Messages:
        sent: list[Message] = []
        for message in messages:
            sent += self._cut(message, now) if message.is_telemetry else [message]
        return sent

    def _cut(self, message: Message, now: Now) -> Messages:
        first, *others = self.pieces(message.signals) or [{}]
        cut = [message.saying(signals=first)]
        for other in others:
            now.car.seq += 1
            cut.append(message.saying(signals=other, seq=now.car.seq))
        return cut


class SignalsOneByOne(Cut):
    """Each signal in a message of its own."""

    NAME = "signals-one-by-one"

    def pieces(self, signals: dict[str, Any]) -> list[dict[str, Any]]:
        return [{name: value} for name, value in signals.items()]


class SignalsInGroups(Cut):
    """Place, doors and the rest, each in a message of its own."""

    NAME = "signals-in-groups"

    def pieces(self, signals: dict[str, Any]) -> list[dict[str, Any]]:
        groups: dict[str, dict[str, Any]] = {}
        for name, value in signals.items():
            groups.setdefault(_group(name), {})[name] = value
        return list(groups.values())


def _group(name: str) -> str:
    if name in {LATITUDE, LONGITUDE, SPEED}:
        return "place"
    return "state" if name in {ODOMETER, IGNITION} else name.split(".")[1]


class OdometerApart(Cut):
    """The odometer only in messages of its own."""

    NAME = "odometer-apart"

    def pieces(self, signals: dict[str, Any]) -> list[dict[str, Any]]:
        odometer = {ODOMETER: signals.pop(ODOMETER)} if ODOMETER in signals else {}
        return [piece for piece in (signals, odometer) if piece]


@dataclass
class OnlyChanges(Fault):
    """Only what differs from what it said last."""

    NAME = "only-changes"

    said: dict[str, Any] = field(default_factory=dict)

    def tells(self, message: Message) -> Messages:
        changed = {name: value for name, value in message.signals.items() if self.said.get(name) != value}
        self.said |= changed
        return [message.saying(signals=changed)]

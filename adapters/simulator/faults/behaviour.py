"""Cars that do something else than they say, or than they were told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.simulator.car import CHARGE, DOORS, FUEL, Car, Fault, Message, Messages, Now, offset

AIRBAG = "Vehicle.Cabin.Seat.Row1.DriverSide.Airbag.IsDeployed"
REAR_DOOR = DOORS[-1]
FACTORY_LOCK_KMH = 25


@dataclass
class NeverUnlocks(Fault):
    """Of those that it gets, it does not carry out some unlocks, and says nothing of it."""

    NAME = "never-unlocks"

    share: float = 1.0

    def obeys(self, command: str, car: Car) -> bool:
        del car
        return not command.startswith("unlock") or self.random.random() >= self.share


@dataclass
class LateAnswers(Fault):
    """It does what it is told, and says so long after that was given up."""

    NAME = "late-answers"

    late: timedelta = timedelta(seconds=90)
    kept: list[tuple[datetime, Message]] = field(default_factory=list)

    def sends(self, messages: Messages, now: Now) -> Messages:
        self.kept += [(now.at + self.late, message) for message in messages if message.channel == "responses"]
        due = [message for when, message in self.kept if when <= now.at]
        self.kept = [(when, message) for when, message in self.kept if when > now.at]
        return [*due, *(message for message in messages if message.channel != "responses")]


@dataclass
class AnswersForAnother(Fault):
    """It claims to have done what another car was told."""

    NAME = "answers-for-another"

    other: Car | None = None
    answered: set[str] = field(default_factory=set)

    def sends(self, messages: Messages, now: Now) -> Messages:
        asked = self.other.asked if self.other else None
        if asked is None or asked in self.answered:
            return messages
        self.answered.add(asked)
        claim = {"id": asked, "status": "done", "ts": now.at.isoformat(), "signals": now.car.signals()}
        return [Message("responses", claim), *messages]


class DoorLeftOpen(Fault):
    """It says that it is locked, with a rear door open and unlocked in the same message."""

    NAME = "door-left-open"

    def tells(self, message: Message) -> Messages:
        return self.answers(message)

    def answers(self, message: Message) -> Messages:
        if not message.signals.get(f"{REAR_DOOR}.IsLocked"):
            return [message]
        return [message.with_signals(**{f"{REAR_DOOR}.IsOpen": True, f"{REAR_DOOR}.IsLocked": False})]


@dataclass
class FactoryLock(Fault):
    """It locks its doors by itself once it drives at 25 km/h."""

    NAME = "factory-lock"

    def drives(self, car: Car) -> None:
        if car.speed_kmh >= FACTORY_LOCK_KMH:
            car.locked = True


@dataclass
class DrivesOn(Fault):
    """Told to lock, it is driven on for a kilometre instead."""

    NAME = "drives-on"

    left: bool = False

    def obeys(self, command: str, car: Car) -> bool:
        if command != "lock" or self.left:
            return True
        self.left = True
        car.destination, car.ignition_on = offset(car.position, 1_000, 0.0), True
        return False


@dataclass
class AirbagWentOff(Fault):
    """An airbag has gone off."""

    NAME = "airbag"

    from_message: int = 4
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        return [message.with_signals(**{AIRBAG: self.sent >= self.from_message})]


@dataclass
class EnergyFalls(Fault):
    """14 %, and 3 % a few messages later."""

    NAME = "energy-falls"

    from_message: int = 4
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        level = 3.0 if self.sent >= self.from_message else 14.0
        return [message.with_signals(**{name: level for name in (FUEL, CHARGE) if name in message.signals})]

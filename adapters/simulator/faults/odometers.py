"""Odometers that say something else than the way that was driven."""

from dataclasses import dataclass

from adapters.simulator.car import ODOMETER, Fault, Message, Messages

MILE_M = 1609.344


@dataclass
class WrongOdometer(Fault):
    """Shows something else; each of these has its own way."""

    sent: int = 0

    def shows(self, metres: int) -> int:
        """What it shows when it should show this."""
        return metres

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        return self.answers(message)

    def answers(self, message: Message) -> Messages:
        if ODOMETER not in message.signals:
            return [message]
        return [message.with_signals(**{ODOMETER: self.shows(message.signals[ODOMETER])})]


class OdometerAtZero(WrongOdometer):
    """It stands at 0, however far the car drives."""

    NAME = "odometer-at-zero"

    def shows(self, metres: int) -> int:
        return min(metres, 0)


class OdometerInKilometres(WrongOdometer):
    """It counts kilometres where metres are meant."""

    NAME = "odometer-in-km"

    def shows(self, metres: int) -> int:
        return metres // 1000


class OdometerInMiles(WrongOdometer):
    """It counts whole miles, and says them in metres, rounded."""

    NAME = "odometer-in-miles"

    def shows(self, metres: int) -> int:
        return round(metres // MILE_M * MILE_M)


class CoarseOdometer(WrongOdometer):
    """It counts in whole kilometres."""

    NAME = "odometer-coarse"

    def shows(self, metres: int) -> int:
        return metres // 1000 * 1000


@dataclass
class OdometerLeaps(WrongOdometer):
    """It is raised by 3,000,000,000 m from some message on."""

    NAME = "odometer-leaps"

    leaps_at: int = 4

    def shows(self, metres: int) -> int:
        return metres + (3_000_000_000 if self.sent >= self.leaps_at else 0)


@dataclass
class OdometerBackwards(WrongOdometer):
    """It loses 500 m with each message."""

    NAME = "odometer-backwards"

    def shows(self, metres: int) -> int:
        return max(0, metres - 500 * self.sent)


class OdometerTooLarge(WrongOdometer):
    """It says 2^63, which no signed number of 64 bits can be."""

    NAME = "odometer-too-large"

    def shows(self, metres: int) -> int:
        return max(metres, 2**63)

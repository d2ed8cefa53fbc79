"""Values and whole messages that cannot be."""

from dataclasses import dataclass
from typing import Any, ClassVar

from adapters.simulator.car import CHARGE, FUEL, Fault, Message, Messages

YEAR_ONE = "0001-01-01T00:00:00+14:00"
TOO_LONG = 64 * 1024 + 1


class WrongValue(Fault):
    """Says something more in all telemetry; each of these something of its own."""

    SIGNALS: ClassVar[dict[str, Any]] = {}

    def tells(self, message: Message) -> Messages:
        return [message.with_signals(**self.SIGNALS)]


class OverfullTank(Fault):
    """103 % of fuel or charge, which is usual for some makes."""

    NAME = "tank-103-percent"

    def tells(self, message: Message) -> Messages:
        return [message.with_signals(**{name: 103.0 for name in (FUEL, CHARGE) if name in message.signals})]


@dataclass
class ComesAndGoes(Fault):
    """Every other message has a level that is 8 % lower, and a trouble code."""

    NAME = "comes-and-goes"

    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        wavers = self.sent % 2
        levels = {name: message.signals[name] - 8 * wavers for name in (FUEL, CHARGE) if name in message.signals}
        codes = ["P0301"] if wavers else []
        return [message.with_signals(**levels, **{"Vehicle.Diagnostics.DTCList": codes})]


class NoListOfFaults(WrongValue):
    """The list of trouble codes is null."""

    NAME = "dtc-list-null"
    SIGNALS: ClassVar[dict[str, Any]] = {"Vehicle.Diagnostics.DTCList": None}


class NulInAName(WrongValue):
    """A signal has the character NUL in its name."""

    NAME = "nul-in-a-name"
    SIGNALS: ClassVar[dict[str, Any]] = {"Vehicle.Sp\x00eed": 1}


@dataclass
class Rubbish(Fault):
    """Besides what it should, it sends what cannot be used; each of these has its own."""

    RUBBISH: ClassVar[bytes] = b""

    every: int = 3
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        return [message] if self.sent % self.every else [Message("telemetry", self.RUBBISH), message]


class NulForAMessage(Rubbish):
    """An object whose only name is the character NUL."""

    NAME = "nul-for-a-message"
    RUBBISH = rb'{"\u0000": 1}'


class YearOne(Rubbish):
    """Measured in the year 1, ahead of UTC: before the first moment that there is."""

    NAME = "year-one"
    RUBBISH = b'{"ts": "%s", "seq": 1, "signals": {}}' % YEAR_ONE.encode()


class NotJson(Rubbish):
    """Bytes that are no JSON."""

    NAME = "not-json"
    RUBBISH = b"\xff\x00garbage"


class TooLong(Rubbish):
    """More than 64 KiB."""

    NAME = "too-long"
    RUBBISH = b'{"ts": "2026-01-01T00:00:00Z", "seq": 1, "signals": {}}'.ljust(TOO_LONG)


class AnswersFromYearOne(Fault):
    """Its answers are measured in the year 1."""

    NAME = "answers-from-year-one"

    def answers(self, message: Message) -> Messages:
        return [message.saying(ts=YEAR_ONE)]

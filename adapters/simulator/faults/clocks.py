"""Clocks that are wrong, and counts that are."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.simulator.car import Fault, Message, Messages, Now

WEEKS_1024 = timedelta(weeks=1024)
"""After so many, a receiver of GPS counts its weeks from 0 again."""
BIRTH_OF_GPS = datetime(1980, 1, 6, tzinfo=UTC)


@dataclass
class WrongClock(Fault):
    """Off by some time, from some message on; each of these by its own."""

    off_by: timedelta = timedelta()
    from_message: int = 0
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        return self.answers(message)

    def answers(self, message: Message) -> Messages:
        if self.sent < self.from_message:
            return [message]
        shown = datetime.fromisoformat(message.parts["ts"]) + self.off_by
        return [message.saying(ts=shown.isoformat())]


@dataclass
class ClockAhead(WrongClock):
    """A minute fast."""

    NAME = "clock-ahead"
    off_by: timedelta = timedelta(seconds=60)


@dataclass
class ClockBehind(WrongClock):
    """Five minutes slow."""

    NAME = "clock-behind"
    off_by: timedelta = timedelta(minutes=-5)


@dataclass
class ClockLosesTime(Fault):
    """It loses nine seconds in each minute, until it is twenty minutes behind."""

    NAME = "clock-loses-time"

    share: float = 0.15
    at_most: timedelta = timedelta(minutes=20)
    since: datetime | None = None

    def sends(self, messages: Messages, now: Now) -> Messages:
        self.since = self.since or now.at
        lost = min(self.share * (now.at - self.since), self.at_most)
        return [_behind(message, lost) if message.is_telemetry else message for message in messages]


def _behind(message: Message, by: timedelta) -> Message:
    return message.saying(ts=(datetime.fromisoformat(message.parts["ts"]) - by).isoformat())


@dataclass
class ClockSetBack(WrongClock):
    """Set back by an hour while it runs."""

    NAME = "clock-set-back"
    off_by: timedelta = timedelta(hours=-1)
    from_message: int = 4


@dataclass
class WeeksRolledOver(WrongClock):
    """Set back by 1024 weeks while it runs."""

    NAME = "weeks-rolled-over"
    off_by: timedelta = -WEEKS_1024
    from_message: int = 4


@dataclass
class CountsAnew(Fault):
    """It begins to count from 0 again after some messages, as after a restart."""

    NAME = "counts-anew"

    every: int = 5
    sent: int = 0
    lost: int = 0

    def tells(self, message: Message) -> Messages:
        if self.sent % self.every == 0:
            self.lost = message.parts["seq"]
        self.sent += 1
        return [message.saying(seq=max(0, message.parts["seq"] - self.lost))]


@dataclass
class BatteryLost(Fault):
    """Once it knows neither count nor time: it counts from 0, and from 6 January 1980, until satellites tell it."""

    NAME = "battery-lost"

    at_message: int = 4
    for_messages: int = 5
    sent: int = 0
    lost: int = 0
    since: datetime | None = None

    def sends(self, messages: Messages, now: Now) -> Messages:
        return [self._restarted(message, now.at) if message.is_telemetry else message for message in messages]

    def _restarted(self, message: Message, at: datetime) -> Message:
        self.sent += 1
        if self.sent < self.at_message:
            return message
        if self.since is None:
            self.lost, self.since = message.parts["seq"], at
        counted = message.saying(seq=message.parts["seq"] - self.lost)
        if self.sent >= self.at_message + self.for_messages:
            return counted
        return counted.saying(ts=(BIRTH_OF_GPS + (at - self.since)).isoformat())


@dataclass
class RepeatedSeq(Fault):
    """Every third message has the count of the one before it."""

    NAME = "repeated-seq"

    every: int = 3
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        return [message if self.sent % self.every else message.saying(seq=max(0, message.parts["seq"] - 1))]

"""Messages that come twice, late, in another order, or never."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.simulator.car import Car, Fault, Message, Messages, Now


@dataclass
class LostMessages(Fault):
    """Some telemetry is never sent."""

    NAME = "lost-messages"

    share: float = 0.3

    def says(self, message: Message) -> Messages:
        return [] if message.channel == "telemetry" and self.random.random() < self.share else [message]


class SentTwice(Fault):
    """Each message comes twice."""

    NAME = "sent-twice"

    def says(self, message: Message) -> Messages:
        return [message, message]


@dataclass
class SentAgain(Fault):
    """Each telemetry comes again after the one that follows it."""

    NAME = "sent-again"

    before: Message | None = None

    def tells(self, message: Message) -> Messages:
        sent = [message, *([self.before] if self.before else [])]
        self.before = message
        return sent


@dataclass
class OutOfOrder(Fault):
    """Now and then a telemetry message is overtaken by the next."""

    NAME = "out-of-order"

    every: int = 3
    sent: int = 0
    kept: Message | None = None

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        if self.sent % self.every == 0:
            self.kept = message
            return []
        sent = [message, *([self.kept] if self.kept else [])]
        self.kept = None
        return sent


@dataclass
class NoNetwork(Fault):
    """Once out of reach for a while, after some messages; each of these has its own while."""

    after_messages: int = 4
    lasts: timedelta = timedelta()
    sent: int = 0
    since: datetime | None = None
    is_away: bool = False

    def look(self, messages: Messages, at: datetime) -> None:
        """Whether it has gone away, or is back."""
        self.sent += sum(message.channel == "telemetry" for message in messages)
        if self.since is None and self.sent > self.after_messages:
            self.since = at
        self.is_away = self.since is not None and at < self.since + self.lasts

    def obeys(self, command: str, car: Car) -> bool:
        del command, car
        return not self.is_away


@dataclass
class SilentForMinutes(NoNetwork):
    """Says nothing for minutes, hears nothing, and is back; what it had to say is lost."""

    NAME = "silent-for-minutes"
    lasts: timedelta = timedelta(minutes=3)

    def sends(self, messages: Messages, now: Now) -> Messages:
        self.look(messages, now.at)
        return [] if self.is_away else messages


@dataclass
class KeptForHours(NoNetwork):
    """Keeps what it has to say for hours, and sends it all at once when it is back."""

    NAME = "kept-for-hours"
    lasts: timedelta = timedelta(hours=3)

    kept: list[Message] = field(default_factory=list)

    def sends(self, messages: Messages, now: Now) -> Messages:
        self.look(messages, now.at)
        self.kept += messages
        if self.is_away:
            return []
        flushed, self.kept = self.kept, []
        return flushed


@dataclass
class LateLastWill(Fault):
    """The broker finds only now that an earlier connection is dead, while the car speaks over a newer one."""

    NAME = "late-last-will"

    every: int = 6
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        will = Message("status", b"offline", retained=True)
        return [message] if self.sent % self.every else [will, message]


@dataclass
class StatusCleared(Fault):
    """An empty status, as one clears what the broker retains."""

    NAME = "status-cleared"

    every: int = 3
    sent: int = 0

    def tells(self, message: Message) -> Messages:
        self.sent += 1
        cleared = Message("status", b"", retained=True)
        return [message] if self.sent % self.every else [message, cleared]

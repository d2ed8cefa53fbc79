"""What ingest and gateway report about themselves. The composition root gives them something that counts."""

from typing import Literal, Protocol


class BrokerMetrics(Protocol):
    """Called by whoever works with the broker; must be quick and must not fail."""

    def refused(self, what: Literal["subscription", "command"]) -> None:
        """The broker said no."""


class IngestMetrics(BrokerMetrics, Protocol):
    """Called by ingest."""

    def connected(self, *, up: bool) -> None:
        """The broker has granted what ingest listens to, or the connection went away."""

    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None:
        """A batch is durable and acknowledged; `lag_s` is how long its oldest message waited."""

    def message(self, channel: str, result: str) -> None:
        """A message was dealt with: `stored`, `reported`, `dead_letter`, or an anomaly's name."""

    def left_out(self, name: str) -> None:
        """A value of a car was left out, as it cannot be true; `unknown` when it is none of those that are used."""

    def missing(self, messages: int) -> None:
        """By the count of a car, so many of its messages have not come before this one."""

    def let_go(self, messages: int) -> None:
        """So many messages of QoS 0 found no room in memory."""

    def outage(self, error: str) -> None:
        """The database could not be reached; the batch waits."""


class NoMetrics:
    """Counts nothing."""

    def refused(self, what: Literal["subscription", "command"]) -> None: ...
    def connected(self, *, up: bool) -> None: ...
    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None: ...
    def message(self, channel: str, result: str) -> None: ...
    def left_out(self, name: str) -> None: ...
    def missing(self, messages: int) -> None: ...
    def let_go(self, messages: int) -> None: ...
    def outage(self, error: str) -> None: ...

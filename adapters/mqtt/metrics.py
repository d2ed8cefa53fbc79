"""What ingest and gateway report about themselves. The composition root gives them something that counts."""

from collections import Counter
from dataclasses import dataclass, field
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

    def messages(self, channel: str, result: str, count: int) -> None:
        """So many messages were dealt with: `stored`, `reported`, `dead_letter`, or an anomaly's name."""

    def left_out(self, name: str, count: int) -> None:
        """So many values of cars were left out, as they cannot be true; `unknown` are none of those that are used."""

    def missing(self, messages: int) -> None:
        """By the count of a car, so many of its messages have not come before this one."""

    def let_go(self, messages: int) -> None:
        """So many messages of QoS 0 found no room in memory."""

    def outage(self, error: str) -> None:
        """The database could not be reached; the batch waits."""


@dataclass(slots=True)
class Tally:
    """What became of a batch, told once it is durable: a batch that is halved is worked on again."""

    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages by channel and result."""
    left_out: Counter[str] = field(default_factory=Counter)
    missing: int = 0

    def tell(self, metrics: IngestMetrics) -> None:
        for (channel, result), count in self.results.items():
            metrics.messages(channel, result, count)
        for name, count in self.left_out.items():
            metrics.left_out(name, count)
        if self.missing:
            metrics.missing(self.missing)


class NoMetrics:
    """Counts nothing."""

    def refused(self, what: Literal["subscription", "command"]) -> None: ...
    def connected(self, *, up: bool) -> None: ...
    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None: ...
    def messages(self, channel: str, result: str, count: int) -> None: ...
    def left_out(self, name: str, count: int) -> None: ...
    def missing(self, messages: int) -> None: ...
    def let_go(self, messages: int) -> None: ...
    def outage(self, error: str) -> None: ...

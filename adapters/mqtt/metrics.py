"""What ingest reports about itself. The composition root gives it something that counts."""

from typing import Protocol


class IngestMetrics(Protocol):
    """Called by ingest; must be quick and must not fail."""

    def connected(self, *, up: bool) -> None:
        """The connection to the broker came up or went away."""

    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None:
        """A batch is durable and acknowledged; `lag_s` is how long its oldest message waited."""

    def message(self, channel: str, result: str) -> None:
        """A message was dealt with: `stored`, `reported`, `dead_letter`, or an anomaly's name."""

    def outage(self, error: str) -> None:
        """The database could not be reached; the batch waits."""


class NoMetrics:
    """Counts nothing."""

    def connected(self, *, up: bool) -> None: ...
    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None: ...
    def message(self, channel: str, result: str) -> None: ...
    def outage(self, error: str) -> None: ...

"""What a batch of messages leads to, to be stored at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson
import structlog

from adapters.mqtt.clock import Moment
from adapters.mqtt.metrics import Tally
from adapters.mqtt.payloads import SignalValue, TelemetryMessage
from adapters.mqtt.signals import Told, told_by
from adapters.mqtt.twin import ENERGY, Heard
from adapters.postgres.telemetry import DeadLetter, TelemetryRow

log = structlog.get_logger(__name__)


class Received(NamedTuple):
    """A message as it came from the broker."""

    topic: str
    payload: bytes
    received_at: datetime
    traceparent: str | None = None
    """The trace that its sender made it a part of, unchecked."""


@dataclass
class Findings:
    """Rows of telemetry, dead letters, and what is counted of both."""

    rows: list[TelemetryRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def told_by(self, signals: Mapping[str, SignalValue], strange: frozenset[str]) -> Told:
        """What signals say; the values that cannot be true are counted, and the strange names."""
        told = told_by(signals, strange)
        self.tally.left_out.update(told.left_out)
        if strange:
            self.tally.left_out["unknown"] += len(strange)
        return told

    def keep(
        self, vin: str, service: str, message: Received, telemetry: TelemetryMessage, told: Told, heard: Heard
    ) -> None:
        """The message as it came, with what was odd about it."""
        said = told.singles
        row = TelemetryRow(
            received_at=message.received_at, measured_at=telemetry.ts, vin=vin, service=service, seq=telemetry.seq,
            latitude=said.get("latitude"), longitude=said.get("longitude"),
            speed_kmh=said.get("speed_kmh"), odometer_m=said.get("odometer_m"),
            energy_percent=next((said[name] for name in ENERGY if name in said), None),
            anomalies=",".join(sorted(heard.anomalies)), signals=orjson.dumps(telemetry.signals).decode(),
        )  # fmt: skip
        self.rows.append(row)

    def count(self, heard: Heard, moment: Moment) -> None:
        """What was odd about a message, and how many have not come before it."""
        for anomaly in heard.anomalies:
            self.tally.results["telemetry", anomaly.value] += 1
        self.tally.missing += moment.missing

    def bury(self, message: Received, channel: str, reason: str) -> None:
        """It cannot be used."""
        self.dead.append(DeadLetter(message.received_at, message.topic, message.payload, reason))
        self.tally.results[channel, "dead_letter"] += 1

    def bury_for_a_bug(self, message: Received, channel: str, error: Exception) -> None:
        """It cannot be used because of a mistake of ours."""
        log.error("ingest_failed_on_message", channel=channel, exc_info=error)
        self.bury(message, channel, f"internal error: {type(error).__name__}")

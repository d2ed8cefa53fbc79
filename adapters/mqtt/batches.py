"""One batch of messages: read, judged, told to fleet where it means something, and stored."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import orjson
import structlog

from adapters import tracing
from adapters.mqtt import commands, payloads, topics
from adapters.mqtt.memory import VehicleMemory, is_worth_telling
from adapters.mqtt.metrics import IngestMetrics, NoMetrics
from adapters.mqtt.payloads import BadPayloadError
from adapters.mqtt.plausibility import DEFAULT_LIMITS, Limits, Sample, Verdict, screen
from adapters.mqtt.signals import Readings, readings_of
from adapters.mqtt.topics import Address
from adapters.postgres.database import TRY_AGAIN
from adapters.postgres.telemetry import DeadLetter, TelemetryRow, TelemetryStore
from domain.kernel.dispatcher import Answered
from domain.kernel.errors import CommandIdReusedError, DomainError, VersionConflictError
from domain.kernel.ids import CommandId, VehicleId, ZoneId
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.units import Position

_FAILS_THE_BATCH: tuple[type[Exception], ...] = (VersionConflictError, *TRY_AGAIN)

log = structlog.get_logger(__name__)

_BUGS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError)
"""A mistake of our own over one message must not stop all other cars: it becomes a dead letter and a log entry."""


class Received(NamedTuple):
    """A message as it came from the broker."""

    topic: str
    payload: bytes
    received_at: datetime
    traceparent: str | None = None
    """The trace that its sender made it a part of, unchecked."""


class KnownVehicle(NamedTuple):
    """A vehicle of ours."""

    vehicle_id: VehicleId
    service: str


class Dispatches(Protocol):
    """The one way in."""

    async def dispatch(self, command: Command, metadata: Metadata) -> Answered: ...


class VehicleDirectory(Protocol):
    """Finds vehicles by VIN."""

    async def find(self, vin: str, /) -> KnownVehicle | None: ...


Zones = Callable[[str, Position], frozenset[ZoneId]]
"""The zones of a service that contain a position."""


@dataclass
class _Car:
    """One car's part of a batch."""

    vin: str
    known: KnownVehicle
    memory: VehicleMemory
    messages: list[tuple[Address, Received]] = field(default_factory=list)


@dataclass
class _Findings:
    """What a batch leads to, to be stored at its end."""

    rows: list[TelemetryRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


class BatchWriter:
    """Makes a batch of messages durable. Doing it again, in whole or in part, adds nothing to the event log.

    Fleet is told before the batch commits, under command ids that follow from the message: a crash in between tells it
    again, which changes nothing, and never leaves it untold.
    """

    def __init__(
        self, dispatcher: Dispatches, telemetry: TelemetryStore, directory: VehicleDirectory, *,
        zones: Zones, limits: Limits = DEFAULT_LIMITS, metrics: IngestMetrics | None = None,
    ) -> None:  # fmt: skip
        self._dispatcher = dispatcher
        self._telemetry = telemetry
        self._directory = directory
        self._zones = zones
        self._limits = limits
        self._metrics = metrics or NoMetrics()

    async def write(self, received: Sequence[Received]) -> None:
        """Raises the database's connection errors; nothing is stored then, and the same batch can be given again."""
        found = _Findings()
        cars = await self._by_car(received, found)
        async with self._telemetry.batch(*(m.received_at for m in received)) as batch:
            for vin, stored in (await batch.remember(cars)).items():
                cars[vin].memory = VehicleMemory.read(stored)
            results = await asyncio.gather(
                *(self._work_through(car, found) for car in cars.values()), return_exceptions=True
            )
            for failure in (r for r in results if r is not None):
                raise failure
            await batch.store(found.rows, {vin: car.memory.written() for vin, car in cars.items()}, found.dead)

    async def _by_car(self, received: Sequence[Received], found: _Findings) -> dict[str, _Car]:
        cars: dict[str, _Car] = {}
        for message in received:
            address = topics.parse(message.topic)
            if address is None:
                self._bury(
                    found, message, "unknown", "topic is not csbe/v1/{service}/vehicles/{17-character VIN}/{channel}"
                )
                continue
            car = cars.get(address.vin)
            known = car.known if car else await self._directory.find(address.vin)
            if known is None:
                self._bury(found, message, address.channel, "no vehicle has this VIN")
            elif known.service != address.service:
                self._bury(found, message, address.channel, f"this vehicle belongs to service {known.service}")
            else:
                car = cars.setdefault(address.vin, _Car(address.vin, known, VehicleMemory()))
                car.messages.append((address, message))
        return cars

    async def _work_through(self, car: _Car, found: _Findings) -> None:
        """One car's messages in order."""
        for address, message in car.messages:
            try:
                result = await self._take(car, address, message, found)
                self._metrics.message(address.channel, result)
            except BadPayloadError as error:
                self._bury(found, message, address.channel, str(error))
            except _FAILS_THE_BATCH:
                raise
            except DomainError as error:
                self._bury(found, message, address.channel, f"refused: {error}")
            except _BUGS as error:
                log.exception("ingest_failed_on_message", channel=address.channel)
                self._bury(found, message, address.channel, f"internal error: {type(error).__name__}")

    async def _take(self, car: _Car, address: Address, message: Received, found: _Findings) -> str:
        match address.channel:
            case "telemetry":
                return await self._take_telemetry(car, message, found)
            case "responses":
                return await self._take_response(car, message)
            case "status":
                return await self._take_status(car, message)

    async def _take_telemetry(self, car: _Car, message: Received, found: _Findings) -> str:
        telemetry = payloads.parse_telemetry(message.payload)
        readings = readings_of(telemetry.signals)
        sample = Sample(
            seq=telemetry.seq, at=telemetry.ts, received_at=message.received_at,
            position=readings.position, speed_kmh=readings.speed_kmh, odometer_m=readings.odometer_m,
        )  # fmt: skip
        track, verdict = screen(car.memory.track, sample, self._limits)
        car.memory = car.memory._replace(track=track)
        found.rows.append(_row(car, message, telemetry, readings, verdict))
        for oddity in verdict.oddities:
            self._metrics.message("telemetry", oddity.value)
        if not verdict.is_news:
            return "stored"
        return await self._tell(car, message, telemetry.seq, verdict, readings)

    async def _tell(self, car: _Car, message: Received, seq: int, verdict: Verdict, readings: Readings) -> str:
        """Tell fleet what has changed, if anything that means something has."""
        if not verdict.position_is_good:
            readings = readings.model_copy(update={"position": None})
        zones = None if readings.position is None else self._zones(car.known.service, readings.position)
        if not is_worth_telling(car.memory.told, readings, zones):
            return "stored"
        command = commands.observe(car.known.vehicle_id, verdict.at, readings, zones)
        await self._dispatch(car, message, command, commands.telemetry_id(car.vin, seq, verdict.at))
        self._remember(car, readings, zones)
        return "told"

    async def _take_response(self, car: _Car, message: Received) -> str:
        response = payloads.parse_response(message.payload)
        at = min(response.ts, message.received_at)
        readings = self._believable(car, readings_of(response.signals or {}), response.ts, message.received_at)
        zones = None if readings.position is None else self._zones(car.known.service, readings.position)
        command = commands.answer(car.known.vehicle_id, response, at, readings, zones)
        await self._dispatch(car, message, command, commands.response_id(response.id), correlation=response.id)
        if response.status == "done" and response.signals:
            self._remember(car, readings, zones)
        return "told"

    def _believable(self, car: _Car, readings: Readings, at: datetime, received_at: datetime) -> Readings:
        """With the last believed place instead of one that is frozen, impossible or overtaken."""
        sample = Sample(
            at=at, received_at=received_at,
            position=readings.position, speed_kmh=readings.speed_kmh, odometer_m=readings.odometer_m,
        )  # fmt: skip
        track, verdict = screen(car.memory.track, sample, self._limits)
        car.memory = car.memory._replace(track=track)
        if verdict.position_is_good or track.trusted is None or readings.position is None:
            return readings
        return readings.model_copy(update={"position": track.trusted.position})

    async def _take_status(self, car: _Car, message: Received) -> str:
        online = payloads.parse_status(message.payload) == "online"
        told = car.memory.told
        if told.online is online:
            return "stored"
        command = commands.contact(car.known.vehicle_id, message.received_at, online=online)
        await self._dispatch(car, message, command, commands.contact_id(car.vin, told.contact_changes))
        car.memory = car.memory._replace(told=told.with_contact(online=online))
        return "told"

    def _remember(self, car: _Car, readings: Readings, zones: frozenset[ZoneId] | None) -> None:
        car.memory = car.memory._replace(told=car.memory.told.with_readings(readings, zones))

    async def _dispatch(
        self, car: _Car, message: Received, command: Command, command_id: CommandId, correlation: UUID | None = None
    ) -> None:
        metadata = Metadata(
            command_id=command_id, command=command.NAME, actor=Actor(role=Role.DEVICE, id=str(car.known.vehicle_id)),
            service=car.known.service, correlation_id=correlation or command_id,
        )  # fmt: skip
        try:
            with _span(message):
                await self._dispatcher.dispatch(command, metadata)
        except CommandIdReusedError:
            # It came again after a crash, and zones or time of receipt have changed since: the first telling stands.
            log.info("ingest_already_told", command=command.NAME)

    def _bury(self, found: _Findings, message: Received, channel: str, reason: str) -> None:
        found.dead.append(DeadLetter(message.received_at, message.topic, message.payload, reason))
        self._metrics.message(channel, "dead_letter")


def _span(message: Received) -> AbstractContextManager[object]:
    """Of a message that is told; one that says nothing new has none. Its topic stays out, for it names the car."""
    channel = message.topic.rpartition("/")[2]
    facts = {
        "messaging.system": "mqtt", "messaging.operation.type": "process", "messaging.operation.name": "process",
        "messaging.destination.template": topics.of_vehicle("{service}", "{vin}", channel),
    }  # fmt: skip
    return tracing.span(f"process {channel}", tracing.SpanKind.CONSUMER, facts, parent=message.traceparent)


def _row(
    car: _Car, message: Received, telemetry: payloads.TelemetryMessage, readings: Readings, verdict: Verdict
) -> TelemetryRow:
    place = readings.position
    return TelemetryRow(
        received_at=message.received_at, measured_at=telemetry.ts,
        vin=car.vin, service=car.known.service, seq=telemetry.seq,
        latitude=place.latitude if place else None, longitude=place.longitude if place else None,
        speed_kmh=readings.speed_kmh, odometer_m=readings.odometer_m, energy_percent=readings.energy_percent,
        oddities=tuple(sorted(verdict.oddities)), signals=orjson.dumps(telemetry.signals).decode(),
    )  # fmt: skip

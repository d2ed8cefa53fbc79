"""One batch of messages: read, judged, reported to fleet where it means something, and stored."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog

from adapters import tracing
from adapters.mqtt import commands, payloads, topics
from adapters.mqtt.anomalies import DEFAULT_LIMITS, Limits
from adapters.mqtt.clock import Moment, Stamp
from adapters.mqtt.findings import Findings, Received
from adapters.mqtt.lookups import KnownVehicle, VehicleDirectory, ZoneLookup
from adapters.mqtt.memory import LastTold, Memory, RememberedVehicle
from adapters.mqtt.metrics import IngestMetrics, NoMetrics
from adapters.mqtt.payloads import BadPayloadError
from adapters.mqtt.signals import Told
from adapters.mqtt.topics import VehicleAddress
from adapters.mqtt.twin import Heard, moment_of
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.telemetry import TelemetryStore
from domain.dispatcher import CommandResult
from domain.fleet.commands import ObserveVehicle
from domain.fleet.state import KINDS, Observation
from domain.kernel.errors import CommandIdReusedError, DomainError, VersionConflictError
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.trusted import trusted
from domain.rulebook.model import FleetLimits

_FAILS_THE_BATCH: tuple[type[Exception], ...] = (VersionConflictError, *TRANSIENT_ERRORS)

log = structlog.get_logger(__name__)

_USUAL = FleetLimits()
_NOTHING_SAID = dict.fromkeys(KINDS)
_BUGS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError)
"""A mistake of our own over one message must not stop all other cars: it becomes a dead letter and a log entry."""


class Dispatches(Protocol):
    """The one way in."""

    async def dispatch(self, command: Command, metadata: Metadata) -> CommandResult: ...


@dataclass
class _Car:
    """One car's part of a batch."""

    vin: str
    known: KnownVehicle
    memory: RememberedVehicle = field(init=False)
    """From when its row is locked."""
    messages: deque[tuple[VehicleAddress, Received]] = field(default_factory=deque)
    """Those that are still to be taken."""


class _Report(NamedTuple):
    """What fleet is to be reported because of a message, and what it then knows of the car."""

    message: Received
    channel: str
    command: Command
    command_id: CommandId
    told: LastTold
    correlation: UUID | None = None


def _usual(service: str) -> FleetLimits:
    """Of a service that says nothing of its own."""
    del service
    return _USUAL


class BatchWriter:
    """Makes a batch of messages durable. Doing it again, in whole or in part, adds nothing to the event log.

    Fleet is told before the batch commits, under command ids that follow from the message: a crash in between tells it
    again, which changes nothing, and never leaves it untold.
    """

    def __init__(
        self, dispatcher: Dispatches, telemetry: TelemetryStore, directory: VehicleDirectory, *,
        zones: ZoneLookup, rules: Callable[[str], FleetLimits] = _usual,
        limits: Limits = DEFAULT_LIMITS, metrics: IngestMetrics | None = None,
    ) -> None:  # fmt: skip
        self._dispatcher = dispatcher
        self._telemetry = telemetry
        self._directory = directory
        self._zones = zones
        self._rules = rules
        self._limits = limits
        self._metrics = metrics or NoMetrics()
        self._memory = Memory()

    async def write(self, received: Sequence[Received]) -> None:
        """Raises the database's connection errors; nothing is stored then, and the same batch can be given again.

        What cannot be stored for any other reason is halved until the message to blame is found: it alone is a dead
        letter.
        """
        try:
            await self._write(received)
        except _FAILS_THE_BATCH:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, the one to blame is found, and no other car waits)
            self._telemetry.days.forget()
            if len(received) == 1:
                await self._write_alone(received[0], error)
                return
            half = len(received) // 2
            await self.write(received[:half])
            await self.write(received[half:])

    async def _write_alone(self, message: Received, error: Exception) -> None:
        """Once more, for a partition that was gone is made again; what fails again is to blame itself."""
        try:
            await self._write([message])
        except _FAILS_THE_BATCH:
            raise
        except Exception:  # noqa: BLE001 (the first error is the one that is told)
            await self._bury(message, error)

    async def _bury(self, message: Received, error: Exception) -> None:
        found, address = Findings(), topics.parse(message.topic)
        found.bury_for_a_bug(message, address.channel if address else "unknown", error)
        async with self._telemetry.batch(message.received_at) as batch:
            await batch.store([], {}, found.dead)
        found.tally.tell(self._metrics)

    async def _write(self, received: Sequence[Received]) -> None:
        found = Findings()
        cars = await self._by_car(received, found)
        async with self._telemetry.batch(*(m.received_at for m in received)) as batch:
            stored = await batch.remember(self._memory.revisions(cars))
            for vin, twin in stored.items():
                cars[vin].memory = self._memory.take(vin, twin).of(cars[vin].known.vehicle_id)
            reports = [
                (car, reported) for car in cars.values() if (reported := self._until_report(car, found)) is not None
            ]
            results = await asyncio.gather(
                *(self._report(car, report, found) for car, report in reports), return_exceptions=True
            )
            for failure in (r for r in results if r is not None):
                raise failure
            twins = {vin: car.memory.written(received[-1].received_at) for vin, car in cars.items()}
            await batch.store(found.rows, twins, found.dead)
        found.tally.tell(self._metrics)
        for vin, car in cars.items():
            self._memory.put_back(vin, stored[vin].revision + 1, car.memory)

    async def _by_car(self, received: Sequence[Received], found: Findings) -> dict[str, _Car]:
        cars: dict[str, _Car] = {}
        addresses = [topics.parse(message.topic) for message in received]
        vehicles = await self._vehicles([address for address in addresses if address])
        for address, message in zip(addresses, received, strict=True):
            if address is None:
                found.bury(message, "unknown", "topic is not csbe/v1/{service}/vehicles/{17-character VIN}/{channel}")
                continue
            known = vehicles.get(address.vin)
            if known is None:
                found.bury(message, address.channel, "no vehicle has this VIN")
            elif known.service != address.service:
                found.bury(message, address.channel, f"this vehicle belongs to service {known.service}")
            else:
                if address.vin not in cars:
                    cars[address.vin] = _Car(address.vin, known)
                cars[address.vin].messages.append((address, message))
        return cars

    async def _vehicles(self, addresses: Sequence[VehicleAddress]) -> Mapping[str, KnownVehicle]:
        """Whose VINs these are; one that speaks for another service than it was known in may have gone there."""
        vehicles = await self._directory.find({address.vin for address in addresses})
        moved = {a.vin for a in addresses if (known := vehicles.get(a.vin)) and known.service != a.service}
        return {**vehicles, **await self._directory.find_anew(moved)} if moved else vehicles

    def _until_report(self, car: _Car, found: Findings) -> _Report | None:
        """Take one car's messages in order, up to the first that fleet is to be reported of."""
        while car.messages:
            address, message = car.messages.popleft()
            try:
                report = self._take(car, address, message, found)
            except BadPayloadError as error:
                found.bury(message, address.channel, str(error))
            except _BUGS as error:
                found.bury_for_a_bug(message, address.channel, error)
            else:
                if report is not None:
                    return report
                found.tally.results[address.channel, "stored"] += 1
        return None

    async def _report(self, car: _Car, first: _Report, found: Findings) -> None:
        """Tell fleet, and work through the messages of the car that come after that."""
        report: _Report | None = first
        while report is not None:
            try:
                await self._dispatch(car, report)
            except _FAILS_THE_BATCH:
                raise
            except DomainError as error:
                found.bury(report.message, report.channel, f"refused: {error}")
            except _BUGS as error:
                found.bury_for_a_bug(report.message, report.channel, error)
            else:
                car.memory.told = report.told
                found.tally.results[report.channel, "reported"] += 1
            report = self._until_report(car, found)

    def _take(self, car: _Car, address: VehicleAddress, message: Received, found: Findings) -> _Report | None:
        match address.channel:
            case "telemetry":
                return self._take_telemetry(car, message, found)
            case "responses":
                return self._take_response(car, message, found)
            case "status":
                return self._take_status(car, message)

    def _take_telemetry(self, car: _Car, message: Received, found: Findings) -> _Report | None:
        telemetry, strange = payloads.parse_telemetry(message.payload)
        told = found.told_by(telemetry.signals, strange)
        stamp = Stamp(telemetry.ts.timestamp(), message.received_at.timestamp(), telemetry.seq)
        heard, moment = self._hear(car, told, stamp, found)
        found.keep(car.vin, car.known.service, message, telemetry, told, heard)
        told_now = heard.told_now
        if not told_now:
            return None
        seen = self._observation(car, told_now, moment)
        rules = self._rules(car.known.service)
        if not car.memory.told.is_outdated_by(seen, rules):
            return None
        command = ObserveVehicle(vehicle_id=car.known.vehicle_id, observation=seen)
        command_id = commands.telemetry_id(car.vin, telemetry.seq, telemetry.ts)
        return _Report(message, "telemetry", command, command_id, car.memory.told.with_observation(seen, rules))

    def _take_response(self, car: _Car, message: Received, found: Findings) -> _Report:
        response, strange = payloads.parse_response(message.payload)
        told = found.told_by(response.signals or {}, strange)
        stamp = Stamp(response.ts.timestamp(), message.received_at.timestamp())
        heard, moment = self._hear(car, told, stamp, found)
        seen = self._observation(car, heard.news, moment)
        rules, after = self._rules(car.known.service), car.memory.told
        if heard.news:
            after = after.with_observation(seen, rules)
        if response.status == "done":
            after = after if "locked" in heard.news else after.without_locks()
        command = commands.answer(car.known.vehicle_id, response, seen)
        command_id = commands.response_id(car.known.vehicle_id, response)
        return _Report(message, "responses", command, command_id, after, response.id)

    def _hear(self, car: _Car, told: Told, stamp: Stamp, found: Findings) -> tuple[Heard, Moment]:
        twin = car.memory.twin
        moment = twin.clock.judge(stamp, self._limits)
        heard = twin.hear(told, moment, self._limits)
        found.count(heard, moment)
        return heard, moment

    def _observation(self, car: _Car, news: Mapping[str, Any], moment: Moment) -> Observation:
        """What fleet would be told: the readings, the zones of the place, and how far the clock is off."""
        said: dict[str, Any] = {**_NOTHING_SAID, **news}  # each of the type that the twin gives it
        twin, place = car.memory.twin, news.get("position")
        if place is not None:
            inside, accuracy_m = self._zones(car.known.service, place), twin.accuracy_m(moment.at)
            said["zones"] = twin.zones.look(inside, place.latitude, place.longitude, moment.at, accuracy_m)
        if (faults := said["fault_codes"]) is not None:
            said["fault_codes"] = tuple(faults)
        said["clock_ahead_s"] = round(twin.clock.settled_s)
        return trusted(Observation, observed_at=moment_of(moment.at), **said)

    def _take_status(self, car: _Car, message: Received) -> _Report | None:
        if not message.payload:  # how one clears what a broker retains
            return None
        online = payloads.parse_status(message.payload) == "online"
        told = car.memory.told
        if told.online is online:
            return None
        command = commands.contact(car.known.vehicle_id, message.received_at, online=online)
        command_id = commands.contact_id(car.vin, told.contact_changes)
        return _Report(message, "status", command, command_id, told.with_contact(online=online))

    async def _dispatch(self, car: _Car, report: _Report) -> None:
        metadata = Metadata.of(
            report.command, id=report.command_id, actor=Actor(role=Role.DEVICE, id=str(car.known.vehicle_id)),
            service=car.known.service, correlation_id=report.correlation,
        )  # fmt: skip
        try:
            with _span(report.message):
                await self._dispatcher.dispatch(report.command, metadata)
        except CommandIdReusedError:
            # It came again after a crash, and zones or time of receipt have changed since: the first report stands.
            log.info("ingest_already_reported", command=report.command.NAME)


def _span(message: Received) -> AbstractContextManager[object]:
    """Of a message that is reported; one that says nothing new has none. Its topic stays out, for it names the car."""
    channel = message.topic.rpartition("/")[2]
    facts = {
        "messaging.system": "mqtt", "messaging.operation.type": "process", "messaging.operation.name": "process",
        "messaging.destination.template": topics.of_vehicle("{service}", "{vin}", channel),
    }  # fmt: skip
    return tracing.span(f"process {channel}", tracing.SpanKind.CONSUMER, facts, parent=message.traceparent)

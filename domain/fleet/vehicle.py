"""A car of the fleet."""

from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from domain.fleet import custody
from domain.fleet.bookings import booked, promised, wanted_before, wanted_soon
from domain.fleet.commands import TaskKind
from domain.fleet.conversation import LOCKED_AFTER, NO_ANSWER, OpenRequest, command_pending, remembered
from domain.fleet.custody import Use
from domain.fleet.description import Description
from domain.fleet.readiness import (
    contact_violation,
    end_violations,
    energy_violation,
    open_violation,
    position_violation,
)
from domain.fleet.state import ClockOffset, Observation, VehicleReadings
from domain.fleet.vehicle_event_bases import CarEvent, ZoneEvent
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.calendar import Calendar, Entry
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import MemberId, ReservationId, TaskId, TripId, event_id
from domain.kernel.policy import CommandType
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant
from domain.rulebook.model import Rulebook
from domain.rulebook.reservations import ReservationLimits
from domain.rulebook.trip_limits import TripLimits

RESERVATIONS_REMEMBERED = timedelta(days=1)
"""How long a car knows who held it; longer than any rulebook's cooldown rule looks back."""

ServiceState = Literal["commissioned", "in_service", "out_of_service", "decommissioned"]
VehicleState = Literal["available", "reserved", "in_trip", "commissioned", "out_of_service", "decommissioned"]


class Vehicle(Aggregate):
    """A car: commissioned -> in service <-> out of service -> decommissioned; free, reserved or in a trip.

    Which of these events follow from what a car says is decided in `observations`.
    """

    TOPIC = "fleet.vehicle"

    service: str
    vin: str
    description: Description
    city_id: str
    capabilities: tuple[CommandType, ...]
    service_state: ServiceState = "commissioned"
    readings: VehicleReadings = field(default_factory=VehicleReadings)
    online: bool = True
    energy_low: bool = False
    open_tasks: dict[TaskKind, TaskId] = field(default_factory=dict)
    """What is to be done to it: one task of a kind at most."""
    bookings: Calendar = Calendar()
    """For which periods it is promised."""
    reservation_id: ReservationId | None = None
    trip_id: TripId | None = None
    driver_id: MemberId | None = None
    brought_by: TripId | None = None
    """The trip that left it where it stands."""
    last_trip_at: Instant | None = None
    """When somebody took it last."""
    uses: tuple[Use, ...] = ()
    """Its last trips, so that what is found can be told from what was there before."""
    last_reservations: dict[MemberId, Instant] = field(default_factory=dict)
    open_requests: dict[UUID, OpenRequest] = field(default_factory=dict)
    given_up: dict[UUID, OpenRequest] = field(default_factory=dict)
    """What nobody waits for any more, though an answer may still come."""
    answers: bool = True
    """Whether it answered when it was asked to open last."""
    left_open: bool = False
    """Whether it stands open, nobody has it, and it could not be locked."""

    class Commissioned(Created):
        """The car belongs to the fleet."""

        TOPIC = "fleet.vehicle.commissioned"
        service: str
        vin: str
        description: Description
        city_id: str
        capabilities: tuple[CommandType, ...]
        position: Position | None
        energy_percent: Percent | None
        odometer_m: Metres | None

        def apply(self, aggregate: "Vehicle") -> None:
            known = {name: getattr(self, name) for name in ("position", "energy_percent", "odometer_m")}
            aggregate.readings = VehicleReadings().with_values(self.timestamp, **known)

    class Described(Event):
        """What is known of it was corrected."""

        TOPIC = "fleet.vehicle.described"
        description: Description

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.description = self.description

    class PutIntoService(Event):
        """Members may take it: it is sound, whatever happened before."""

        TOPIC = "fleet.vehicle.put_into_service"

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.service_state = "in_service"
            aggregate.readings = aggregate.readings.model_copy(update={"crashed": None})

    class TakenOutOfService(Event):
        """Members may not take it."""

        TOPIC = "fleet.vehicle.taken_out_of_service"
        reason: str

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.service_state = "out_of_service"

    class Decommissioned(Event):
        """It left the fleet."""

        TOPIC = "fleet.vehicle.decommissioned"
        reason: str

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.service_state = "decommissioned"

    class Reserved(Event):
        """One member has a claim on it."""

        TOPIC = "fleet.vehicle.reserved"
        reservation_id: ReservationId

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.reservation_id = self.reservation_id

    class Released(Event):
        """A claim ended without a trip."""

        TOPIC = "fleet.vehicle.released"
        reserved_by: MemberId

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.reservation_id = None
            recent = {
                who: at
                for who, at in aggregate.last_reservations.items()
                if at > self.timestamp - RESERVATIONS_REMEMBERED
            }
            aggregate.last_reservations = {**recent, self.reserved_by: self.timestamp}

    class Booked(Event):
        """It is promised for a period, in place of what was promised to the same reservation before."""

        TOPIC = "fleet.vehicle.booked"
        entry: Entry

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.bookings = aggregate.bookings.with_entry(self.entry)

    class BookingClosed(Event):
        """It is promised no more: the reservation is over, or has another car."""

        TOPIC = "fleet.vehicle.booking_closed"
        reservation_id: ReservationId

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.bookings = aggregate.bookings.without(self.reservation_id)

    class TripOpened(Event):
        """It is in a trip; an earlier claim has become it."""

        TOPIC = "fleet.vehicle.trip_opened"
        trip_id: TripId
        driver_id: MemberId

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.trip_id, aggregate.driver_id, aggregate.reservation_id = self.trip_id, self.driver_id, None
            aggregate.last_trip_at = self.timestamp
            aggregate.uses = custody.opened(aggregate.uses, self.trip_id, self.timestamp)

    class TripClosed(Event):
        """It is free again."""

        TOPIC = "fleet.vehicle.trip_closed"
        trip_id: TripId
        brought_by: TripId | None
        """The trip that left it where it stands: an earlier one when this one did not start."""

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.trip_id, aggregate.driver_id, aggregate.brought_by = None, None, self.brought_by
            aggregate.uses = custody.closed(aggregate.uses, self.timestamp)
            aggregate.given_up = remembered(aggregate.given_up, aggregate.open_requests)
            aggregate.open_requests = {}  # what was asked for a trip that is over is not waited for

    class CommandRequested(Event):
        """The car is to be told something; it has until `expires_at`."""

        TOPIC = "fleet.vehicle.command_requested"
        request_id: UUID
        vin: str
        type: CommandType
        expires_at: Instant
        correlation_id: UUID
        """Of the request that this is a part of, as the car's answer will be."""

        def apply(self, aggregate: "Vehicle") -> None:
            opened = OpenRequest(
                type=self.type,
                expires_at=self.expires_at,
                correlation_id=self.correlation_id,
                event_id=event_id(self.originator_id, self.originator_version),
            )
            aggregate.open_requests = {**aggregate.open_requests, self.request_id: opened}

    class CommandConfirmed(CarEvent):
        """The car did what it was told."""

        TOPIC = "fleet.vehicle.command_confirmed"
        request_id: UUID
        type: CommandType

        def says(self) -> dict[str, object]:
            return {"locked": LOCKED_AFTER.get(self.type)}

        def apply(self, aggregate: "Vehicle") -> None:
            super().apply(aggregate)
            aggregate.open_requests = {k: v for k, v in aggregate.open_requests.items() if k != self.request_id}
            aggregate.answers = True

    class CommandFailed(Event):
        """The car refused, could not, or did not answer in time."""

        TOPIC = "fleet.vehicle.command_failed"
        request_id: UUID
        type: CommandType
        reason: str

        def apply(self, aggregate: "Vehicle") -> None:
            known = aggregate.open_requests
            aggregate.open_requests = {k: v for k, v in known.items() if k != self.request_id}
            if self.request_id in known:
                aggregate.given_up = remembered(aggregate.given_up, {self.request_id: known[self.request_id]})
            if self.reason != NO_ANSWER:
                aggregate.answers = True

    class NotAnswering(Event):
        """It stayed silent when it was asked to open for a trip."""

        TOPIC = "fleet.vehicle.not_answering"

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.answers = False

    class LeftOpen(CarEvent):
        """It stands open, nobody has it, and it would not lock."""

        TOPIC = "fleet.vehicle.left_open"

        def apply(self, aggregate: "Vehicle") -> None:
            super().apply(aggregate)
            aggregate.left_open = True

    class DrivenWithoutTrip(CarEvent):
        """It is in service and was driven, though nobody has it."""

        TOPIC = "fleet.vehicle.driven_without_trip"

    class Locked(CarEvent):
        """All doors are locked."""

        TOPIC = "fleet.vehicle.locked"
        SAYS = ("locked", True)

        def apply(self, aggregate: "Vehicle") -> None:
            super().apply(aggregate)
            aggregate.left_open = False

    class Unlocked(CarEvent):
        """A door is unlocked."""

        TOPIC = "fleet.vehicle.unlocked"
        SAYS = ("locked", False)

    class DoorsOpened(CarEvent):
        """A door, the boot or the hood is open."""

        TOPIC = "fleet.vehicle.doors_opened"
        SAYS = ("doors_closed", False)

    class DoorsClosed(CarEvent):
        """Everything is closed."""

        TOPIC = "fleet.vehicle.doors_closed"
        SAYS = ("doors_closed", True)

    class IgnitionOn(CarEvent):
        """Ready to drive."""

        TOPIC = "fleet.vehicle.ignition_on"
        SAYS = ("ignition_on", True)

    class IgnitionOff(CarEvent):
        """Stands."""

        TOPIC = "fleet.vehicle.ignition_off"
        SAYS = ("ignition_on", False)

    class PluggedIn(CarEvent):
        """A charging cable is connected."""

        TOPIC = "fleet.vehicle.plugged_in"
        SAYS = ("plugged_in", True)

    class Unplugged(CarEvent):
        """No charging cable is connected."""

        TOPIC = "fleet.vehicle.unplugged"
        SAYS = ("plugged_in", False)

    class EnergyChanged(CarEvent):
        """Its level differs from the one that was told before by several percent."""

        TOPIC = "fleet.vehicle.energy_changed"

    class EnergyLow(CarEvent):
        """It needs fuel or charge soon."""

        TOPIC = "fleet.vehicle.energy_low"

        def apply(self, aggregate: "Vehicle") -> None:
            super().apply(aggregate)
            aggregate.energy_low = True

    class EnergyRestored(CarEvent):
        """It was refuelled or charged."""

        TOPIC = "fleet.vehicle.energy_restored"

        def apply(self, aggregate: "Vehicle") -> None:
            super().apply(aggregate)
            aggregate.energy_low = False

    class ZoneEntered(ZoneEvent):
        """It came into a zone."""

        TOPIC = "fleet.vehicle.zone_entered"

    class ZoneLeft(ZoneEvent):
        """It went out of a zone."""

        TOPIC = "fleet.vehicle.zone_left"

    class Located(CarEvent):
        """Where it is becomes known, or becomes its own to tell when a trip is over."""

        TOPIC = "fleet.vehicle.located"

    class MovedWhileParked(CarEvent):
        """It stands somewhere else although nobody drove it: towed, pushed, or wrong before."""

        TOPIC = "fleet.vehicle.moved_while_parked"
        distance_m: Metres

    class FaultsChanged(CarEvent):
        """Its list of active trouble codes (SAE J2012) is another one."""

        TOPIC = "fleet.vehicle.faults_changed"
        fault_codes: tuple[str, ...]

        def says(self) -> dict[str, object]:
            return {"fault_codes": self.fault_codes}

    class CrashDetected(CarEvent):
        """An airbag went off."""

        TOPIC = "fleet.vehicle.crash_detected"
        SAYS = ("crashed", True)

    class FoundDirty(CarEvent):
        """It needs cleaning."""

        TOPIC = "fleet.vehicle.found_dirty"
        SAYS = ("dirty", True)

    class FoundClean(CarEvent):
        """It is clean."""

        TOPIC = "fleet.vehicle.found_clean"
        SAYS = ("dirty", False)

    class ClockOffsetChanged(CarEvent):
        """Its clock is off by so much, or no more: its times are corrected by it."""

        TOPIC = "fleet.vehicle.clock_offset_changed"
        ahead_s: ClockOffset
        """Below zero when it is behind."""

        def says(self) -> dict[str, object]:
            return {"clock_ahead_s": self.ahead_s}

    class TaskOpened(Event):
        """Work on it is to be done."""

        TOPIC = "fleet.vehicle.task_opened"
        task_id: TaskId
        kind: TaskKind

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.open_tasks = {**aggregate.open_tasks, self.kind: self.task_id}

    class TaskClosed(Event):
        """It was done, or is not needed any more."""

        TOPIC = "fleet.vehicle.task_closed"
        task_id: TaskId

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.open_tasks = {kind: id for kind, id in aggregate.open_tasks.items() if id != self.task_id}

    class ContactLost(Event):
        """The car cannot be reached."""

        TOPIC = "fleet.vehicle.contact_lost"

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.online = False

    class ContactRestored(Event):
        """The car can be reached again."""

        TOPIC = "fleet.vehicle.contact_restored"

        def apply(self, aggregate: "Vehicle") -> None:
            aggregate.online = True

    @property
    def state(self) -> VehicleState:
        """What it is doing, or else its service state; one in service is available."""
        if self.trip_id is not None:
            return "in_trip"
        if self.reservation_id is not None:
            return "reserved"
        return "available" if self.service_state == "in_service" else self.service_state

    @property
    def holder_id(self) -> UUID:
        """Whom the car's place tells of: its driver, the trip that left it there, or nobody but itself.

        A place that cannot be read any more, since its driver was erased, is the car's own from its next word on.
        """
        left = self.brought_by if self.readings.position is not None else None
        return self.driver_id or left or self.id

    def seen(self, observation: Observation) -> dict[str, Any]:
        """What every event by which it tells of itself says."""
        return CarEvent.facts(self.holder_id, observation, in_trip=self.driver_id is not None)

    def unavailability(self, newest: VehicleReadings, limits: ReservationLimits, at: datetime) -> list[Violation]:
        """Every reason why nobody who has not reserved it ahead can take this car now."""
        claims = [self._taken(), wanted_soon(self.bookings, at)]
        return [*(violation for violation in claims if violation), *self.unsoundness(newest, limits)]

    def unsoundness(self, newest: VehicleReadings, limits: ReservationLimits) -> list[Violation]:
        """Every reason why this car, were it nobody's, could not be given out as it is now."""
        found = [
            *self.unfitness(),
            position_violation(newest),
            energy_violation(newest, limits),
            open_violation(newest),
        ]
        return [violation for violation in found if violation]

    def unfitness(self) -> list[Violation]:
        """Why not even the member who has reserved this car may start with it."""
        found = [self._not_in_service(), contact_violation(online=self.online)]
        return [violation for violation in found if violation]

    def end_readiness(self, newest: VehicleReadings, limits: TripLimits, at: datetime) -> list[Violation]:
        """Every criterion of the car that stands against leaving it where it is, but for its lock."""
        return end_violations(newest, self.shown_since("ignition_on", newest), limits, at)

    def shown_since(self, kind: str, newest: VehicleReadings) -> datetime | None:
        """Since when it has shown what it shows now, by its own time: events tell changes, and it repeats itself."""
        told, now = getattr(self.readings, kind), getattr(newest, kind)
        same = told is not None and now is not None and told.value == now.value
        return told.at if same else now.at if now is not None else None

    def out_of_contact(self) -> Violation | None:
        """That it cannot be reached."""
        return contact_violation(online=self.online)

    def stands_open(self, newest: VehicleReadings) -> bool:
        """Whether it is offered, nobody has it, and it is not locked."""
        return self.is_offered and open_violation(newest) is not None

    def locked_again(self) -> Violation | None:
        """That it would be locked as soon as somebody unlocked it."""
        if not self.is_offered:
            return None
        detail = "nobody has this car, so it would be locked again at once: take it out of service first"
        return Violation(code="vehicle.in_service", detail=detail)

    @property
    def is_offered(self) -> bool:
        """Whether it is in service and in no trip."""
        return self.service_state == "in_service" and self.trip_id is None

    def can_be_told(self, command: CommandType, at: datetime) -> bool:
        """Whether it can do it, and does not still owe the answer to the same."""
        return self._incapable(command) is None and command_pending(self.open_requests, command, at) is None

    def describe(self, description: Description, rulebook: Rulebook, at: datetime) -> None:
        """Correct what is known of it; the same again changes nothing. In service, its model must have a price."""
        offered = self.service_state == "in_service"
        refuse_if([self._gone(), rulebook.no_tariff(self.city_id, description.model, at) if offered else None])
        if description != self.description:
            self.trigger_event(self.Described, description=description, timestamp=at)

    def put_into_service(self, rulebook: Rulebook, at: datetime) -> None:
        """Offer it to members; twice changes nothing. Refused when it has no price."""
        refuse_if([self._gone(), rulebook.no_tariff(self.city_id, self.description.model, at)])
        if self.service_state != "in_service":
            self.trigger_event(self.PutIntoService, timestamp=at)

    def take_out_of_service(self, reason: str, at: datetime) -> None:
        """Keep it from members; a trip under way goes on, a claim cannot become one."""
        refuse_if([self._gone()])
        if self.service_state != "out_of_service":
            self.trigger_event(self.TakenOutOfService, reason=reason, timestamp=at)

    def decommission(self, reason: str, at: datetime) -> None:
        """Take it out of the fleet, not while somebody has it."""
        refuse_if([self._gone(), self._taken(), promised(self.bookings, at)])
        self.trigger_event(self.Decommissioned, reason=reason, timestamp=at)

    def reserve(self, reservation_id: ReservationId, at: datetime) -> None:
        """Note the one claim. The caller has checked `unavailability`."""
        self.trigger_event(self.Reserved, reservation_id=reservation_id, timestamp=at)

    def release(self, at: datetime, *, reserved_by: MemberId) -> None:
        """A claim ended without a trip; without a claim, it changes nothing."""
        if self.reservation_id is not None:
            self.trigger_event(self.Released, reserved_by=reserved_by, timestamp=at)

    def bookable(self, entry: Entry, at: datetime) -> list[Violation]:
        """Every reason why it cannot be promised for a period: how it is now is none, who has it is if that is near."""
        endless = at >= entry.led_from and self.bookings.leads_at(at) is None
        found = [self._not_in_service(), booked(self.bookings, entry, at), self._taken() if endless else None]
        return [violation for violation in found if violation]

    def book(self, entry: Entry, at: datetime) -> None:
        """Promise it for a period, or for another one than before. Refused when that meets another's."""
        refuse_if([booked(self.bookings, entry, at)])
        if self.bookings.entry(entry.id) != entry:
            self.trigger_event(self.Booked, entry=entry, timestamp=at)

    def close_booking(self, reservation_id: ReservationId, at: datetime) -> None:
        """Promise it no more; not promised, it changes nothing."""
        if self.bookings.entry(reservation_id):
            self.trigger_event(self.BookingClosed, reservation_id=reservation_id, timestamp=at)

    def wanted_before(self, until: datetime, at: datetime) -> Violation | None:
        """That it is promised to somebody before a time."""
        return wanted_before(self.bookings, until, at)

    def taken_by_another(self, reservation_id: ReservationId) -> Violation | None:
        """That somebody has it now by another right than this reservation."""
        return None if self.reservation_id == reservation_id else self._taken()

    def open_trip(self, trip_id: TripId, driver_id: MemberId, at: datetime) -> None:
        """Note the one trip."""
        self.trigger_event(self.TripOpened, trip_id=trip_id, driver_id=driver_id, timestamp=at)

    def close_trip(self, at: datetime, *, started: bool = True) -> None:
        """The trip is over; without a trip, it changes nothing. Where it stands is told anew."""
        if self.trip_id is None:
            return
        brought_by = self.trip_id if started else self.brought_by
        self.trigger_event(self.TripClosed, trip_id=self.trip_id, brought_by=brought_by, timestamp=at)
        if place := self.readings.position:
            facts = self.seen(Observation(observed_at=place.at, position=place.value))
            self.trigger_event(self.Located, timestamp=at, **facts)

    def request_command(
        self, request_id: UUID, command: CommandType, at: datetime, *, expires_at: datetime, correlation_id: UUID
    ) -> None:
        """Have the car told; the same request twice changes nothing.

        Refused when it cannot do it, and while it has been told the same and may still answer.
        """
        if request_id in self.open_requests:
            return
        refuse_if([self._gone(), self._incapable(command), command_pending(self.open_requests, command, at)])
        facts = {"request_id": request_id, "vin": self.vin, "type": command, "expires_at": expires_at}
        self.trigger_event(self.CommandRequested, timestamp=at, correlation_id=correlation_id, **facts)

    def confirm_command(self, request_id: UUID, observation: Observation, at: datetime) -> None:
        """The car did it. An answer that nobody waits for changes nothing."""
        if request := self.open_requests.get(request_id):
            facts = self.seen(observation)
            self.trigger_event(self.CommandConfirmed, request_id=request_id, type=request.type, timestamp=at, **facts)

    def open_task(self, task_id: TaskId, kind: TaskKind, at: datetime) -> None:
        """Note that work is to be done. The caller has seen that none of its kind is open."""
        self.trigger_event(self.TaskOpened, task_id=task_id, kind=kind, timestamp=at)

    def close_task(self, task_id: TaskId, at: datetime) -> None:
        """The work is not to be done any more; a task that is not open changes nothing."""
        if task_id in self.open_tasks.values():
            self.trigger_event(self.TaskClosed, task_id=task_id, timestamp=at)

    def note_silence(self, at: datetime) -> None:
        """It did not answer a start; again, before it has answered anything, changes nothing."""
        if self.answers:
            self.trigger_event(self.NotAnswering, timestamp=at)

    def note_left_open(self, newest: VehicleReadings, at: datetime) -> None:
        """It would not lock; locked meanwhile, or known to be open, it changes nothing."""
        if self.stands_open(newest) and not self.left_open:
            self.trigger_event(self.LeftOpen, timestamp=at, **self._where_it_is(newest, at))

    def note_driven_without_trip(self, newest: VehicleReadings, since: datetime, at: datetime) -> None:
        """It was driven after a time; in a trip since then, or not offered, it changes nothing."""
        had_a_trip = self.last_trip_at is not None and self.last_trip_at >= since
        if self.is_offered and not had_a_trip:
            self.trigger_event(self.DrivenWithoutTrip, timestamp=at, **self._where_it_is(newest, at))

    def fail_command(self, request_id: UUID, reason: str, at: datetime) -> None:
        """The car did not do it. An answer that nobody waits for changes nothing."""
        if request := self.open_requests.get(request_id):
            self.trigger_event(
                self.CommandFailed, request_id=request_id, type=request.type, reason=reason, timestamp=at
            )

    def note_contact(self, at: datetime, *, online: bool) -> None:
        """Contact was lost or is back; no change, no event, nor for a car that has left the fleet."""
        if online != self.online and not self._gone():
            self.trigger_event(self.ContactRestored if online else self.ContactLost, timestamp=at)

    def _where_it_is(self, newest: VehicleReadings, at: datetime) -> dict[str, object]:
        place = newest.position
        seen = Observation(observed_at=place.at, position=place.value) if place else Observation(observed_at=at)
        return self.seen(seen)

    def _not_in_service(self) -> Violation | None:
        if self.service_state == "in_service":
            return None
        values = {"state": self.service_state}
        return Violation(
            code="vehicle.out_of_service", detail="this car is not offered now: choose another", values=values
        )

    def _taken(self) -> Violation | None:
        if self.trip_id is not None:
            return Violation(code="vehicle.in_trip", detail="somebody drives this car: choose another one")
        if self.reservation_id is not None:
            return Violation(code="vehicle.reserved", detail="somebody has reserved this car: choose another one")
        return None

    def _gone(self) -> Violation | None:
        if self.service_state != "decommissioned":
            return None
        return Violation(code="vehicle.decommissioned", detail="this car has left the fleet")

    def _incapable(self, command: CommandType) -> Violation | None:
        if command in self.capabilities:
            return None
        values = {"command": command, "capabilities": list(self.capabilities)}
        return Violation(code="vehicle.incapable", detail=f"this car cannot be told to {command}", values=values)

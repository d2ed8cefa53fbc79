"""What may be asked for about vehicles, zones and tasks."""

from typing import Literal
from uuid import UUID

from domain.fleet.conversation import Order
from domain.fleet.description import Description
from domain.fleet.state import Observation
from domain.fleet.zones import Polygons, ZoneKind
from domain.kernel.ids import TaskId, VehicleId, ZoneId
from domain.kernel.messages import Command
from domain.kernel.policy import CommandType
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant

TaskKind = Literal["refuel", "charge", "clean", "inspect", "secure"]


class CommissionVehicle(Description, Command):
    """Take a car into the fleet. `capabilities` are the commands that its telematics unit can do."""

    NAME = "fleet.commission_vehicle"
    CREATES = "vehicle_id"

    vehicle_id: VehicleId
    vin: str
    city_id: str
    capabilities: tuple[CommandType, ...] = ("unlock", "lock", "locate")
    position: Position | None = None
    energy_percent: Percent | None = None
    odometer_m: Metres | None = None


class DescribeVehicle(Description, Command):
    """Correct what is known of a car, all of it at once. A car in service keeps a model that has a price."""

    NAME = "fleet.describe_vehicle"

    vehicle_id: VehicleId


class PutIntoService(Command):
    """Offer a car to members."""

    NAME = "fleet.put_into_service"

    vehicle_id: VehicleId


class TakeOutOfService(Command):
    """Keep a car from members."""

    NAME = "fleet.take_out_of_service"

    vehicle_id: VehicleId
    reason: str


class DecommissionVehicle(Command):
    """Take a car out of the fleet for good; not while somebody has it."""

    NAME = "fleet.decommission_vehicle"

    vehicle_id: VehicleId
    reason: str


class ObserveVehicle(Command):
    """Note what a car said of itself, as far as it means something."""

    NAME = "fleet.observe_vehicle"

    vehicle_id: VehicleId
    observation: Observation


class NoteContact(Command):
    """Note that a car went offline or is back online."""

    NAME = "fleet.note_contact"

    vehicle_id: VehicleId
    online: bool
    at: Instant


class ConfirmVehicleCommand(Command):
    """The car did what it was told; `observation` is its state afterwards."""

    NAME = "fleet.confirm_vehicle_command"

    vehicle_id: VehicleId
    request_id: UUID
    observation: Observation


class FailVehicleCommand(Command):
    """The car refused, could not, or did not answer in time."""

    NAME = "fleet.fail_vehicle_command"

    vehicle_id: VehicleId
    request_id: UUID
    reason: str
    observation: Observation | None = None
    """What the car says of itself with its answer; none where it did not answer."""


class SecureVehicle(Command):
    """Have a car locked that stands open while nobody has it."""

    NAME = "fleet.secure_vehicle"

    vehicle_id: VehicleId


class OrderVehicle(Command):
    """Tell a car to do something, whoever has it. Whether it did, its readings show, or that it failed is told."""

    NAME = "fleet.order_vehicle"

    vehicle_id: VehicleId
    order: Order
    reason: str


class NoteLeftOpen(Command):
    """A car was asked to lock and did not: it may stand open while nobody has it."""

    NAME = "fleet.note_left_open"

    vehicle_id: VehicleId


class NoteSilence(Command):
    """A car did not answer when it was asked to open for a trip."""

    NAME = "fleet.note_silence"

    vehicle_id: VehicleId


class LookWhetherDriven(Command):
    """A car was switched on while nobody had it, its odometer at `odometer_m`: it may have been driven since."""

    NAME = "fleet.look_whether_driven"

    vehicle_id: VehicleId
    since: Instant
    odometer_m: Metres | None


class DefineZone(Command):
    """Draw a zone, or draw it anew."""

    NAME = "fleet.define_zone"
    CREATES = "zone_id"

    zone_id: ZoneId
    city_id: str
    kind: ZoneKind
    name: str
    polygons: Polygons


class RetireZone(Command):
    """Let a zone count no more."""

    NAME = "fleet.retire_zone"

    zone_id: ZoneId


class RaiseTask(Command):
    """Have something done to a car in the field. While a task of this kind is open for it, that one gets the reason."""

    NAME = "fleet.raise_task"
    CREATES = "task_id"

    task_id: TaskId
    vehicle_id: VehicleId
    kind: TaskKind
    reason: str


class CompleteTask(Command):
    """The work on a car was done."""

    NAME = "fleet.complete_task"

    task_id: TaskId


class CancelTask(Command):
    """The work on a car is not needed any more."""

    NAME = "fleet.cancel_task"

    task_id: TaskId
    reason: str

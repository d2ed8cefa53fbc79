"""Damages of cars: reported, shown not to have been there before, repaired."""

from uuid import UUID

from domain.fleet.damage import Damage, DamageSource, Photo, Seen
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Command, Role
from domain.kernel.values import Instant
from domain.unit_of_work import Handler, UnitOfWork


class ReportDamage(Seen, Command):
    """Put a damage on the list of a car. Reported again under the same id, it changes nothing."""

    NAME = "fleet.report_damage"
    CREATES = "damage_id"

    damage_id: UUID
    vehicle_id: VehicleId
    found_at: Instant


class ShowIntact(Command):
    """A picture shows that a car was whole: who had it between that and the damage may have done it."""

    NAME = "fleet.show_intact"

    damage_id: UUID
    intact: Photo


class RepairDamage(Command):
    """A damage is gone. Twice changes nothing."""

    NAME = "fleet.repair_damage"

    damage_id: UUID


async def report_damage(command: ReportDamage, work: UnitOfWork) -> UUID:
    """Who says so follows from who asks."""
    source: DamageSource = "sensor" if work.metadata.actor.role is Role.SYSTEM else "staff"
    vehicle = await work.load(Vehicle, command.vehicle_id)
    if await work.find(Damage, command.damage_id) is None:
        work.add(Damage.report(command.damage_id, vehicle, command, source, command.found_at, work.now))
    return command.damage_id


async def show_intact(command: ShowIntact, work: UnitOfWork) -> None:
    """And so who had the car in between."""
    damage = await work.load(Damage, command.damage_id)
    damage.show_intact(command.intact, work.rulebook.trip.damage_margin, work.now)


async def repair_damage(command: RepairDamage, work: UnitOfWork) -> None:
    """It leaves the list."""
    (await work.load(Damage, command.damage_id)).repair(work.now)


DAMAGE_HANDLERS: dict[type[Command], Handler] = {
    ReportDamage: report_damage,
    ShowIntact: show_intact,
    RepairDamage: repair_damage,
}

"""What the clients do: they count on few counters, move between them, and want the same few cars."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol
from uuid import UUID

from domain.contexts import HANDLERS
from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.aggregate import Aggregate
from domain.kernel.ids import CommandId, MemberId, VehicleId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.ports import EventStore
from domain.unit_of_work import Handler, UnitOfWork
from tests.support.newcomers import a_car, a_member
from tests.support.services import RULEBOOKS, GivenRulebooks

SERVICE = "drivenow-europe"
COUNTERS = tuple(derived_id("torture", "counter", number) for number in range(3))
MEMBERS = tuple(MemberId(derived_id("torture", "member", number)) for number in range(4))
CARS = tuple(VehicleId(derived_id("torture", "car", number)) for number in range(2))
CLIENT = Actor(role=Role.AGENT, id="torturer")


class AnyCounter(Aggregate):
    """What the versions of the counter have in common; see `counter` and `counter_next`."""

    total: int = 0

    @classmethod
    def open(cls, id: UUID, at: datetime) -> "AnyCounter":
        """Begin at nothing."""
        raise NotImplementedError

    def count(self, by: int, at: datetime) -> None:
        """Add to the total."""
        raise NotImplementedError


class OpenCounter(Command):
    NAME: ClassVar[str] = "torture.open_counter"
    counter_id: UUID


class Count(Command):
    NAME: ClassVar[str] = "torture.count"
    counter_id: UUID
    by: int


class Move(Command):
    NAME: ClassVar[str] = "torture.move"
    source_id: UUID
    target_id: UUID
    by: int


class MachineClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Gives(Protocol):
    """Gives a command to the dispatcher."""

    async def __call__(self, command: Command, command_id: UUID) -> CommandResult: ...


def dispatcher(store: EventStore, counter: type[AnyCounter]) -> Gives:
    """The real dispatcher, over all real handlers and those of the counter."""
    rules = RULEBOOKS[SERVICE]
    no_pause = rules.reservation.model_copy(update={"cooldown": timedelta(0)})
    rulebooks = {SERVICE: rules.model_copy(update={"reservation": no_pause})}
    real = Dispatcher(store, MachineClock(), GivenRulebooks(rulebooks.values()), {**HANDLERS, **_handlers(counter)})

    async def give(command: Command, command_id: UUID) -> CommandResult:
        return await real.dispatch(
            command, Metadata.of(command, id=CommandId(command_id), actor=CLIENT, service=SERVICE)
        )

    return give


def furnishing() -> list[Command]:
    """The commands that make members, cars and counters."""
    return [
        *(command for member_id in MEMBERS for command in a_member(member_id)),
        *(command for number, vehicle_id in enumerate(CARS) for command in a_car(vehicle_id, number)),
        *(OpenCounter(counter_id=counter_id) for counter_id in COUNTERS),
    ]


def _handlers(counter: type[AnyCounter]) -> Mapping[type[Command], Handler]:
    async def open_counter(command: OpenCounter, work: UnitOfWork) -> None:
        work.add(counter.open(command.counter_id, work.now))

    async def count(command: Count, work: UnitOfWork) -> int:
        found = await work.load(counter, command.counter_id)
        found.count(command.by, work.now)
        return found.total

    async def move(command: Move, work: UnitOfWork) -> None:
        (await work.load(counter, command.source_id)).count(-command.by, work.now)
        (await work.load(counter, command.target_id)).count(command.by, work.now)

    return {OpenCounter: open_counter, Count: count, Move: move}

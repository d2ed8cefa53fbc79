"""Boxes that weights are put into: the smallest aggregate that has all that the event store cares about."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.store import PostgresEventStore
from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.personal import Personal
from domain.unit_of_work import UnitOfWork
from tests.support.clocks import SystemClock
from tests.support.services import GivenRulebooks

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FULL_G = 10


class Box(Aggregate):
    """A box that somebody puts weights into."""

    TOPIC = "test.box"

    owner: Personal[str]
    total_g: int = 0

    class Made(Created):
        """It exists."""

        TOPIC = "test.box.made"
        owner: Personal[str]

    class Filled(Event):
        """A weight was put in."""

        TOPIC = "test.box.filled"
        class_version = 2
        weight_g: int

        @staticmethod
        def upcast_v1_v2(state: dict[str, object]) -> None:
            """Version 1 said kilograms."""
            state["weight_g"] = int(float(str(state.pop("weight_kg"))) * 1000)

        def apply(self, aggregate: "Box") -> None:
            """Add up."""
            aggregate.total_g += self.weight_g

    @classmethod
    def make(cls, owner: str = "Ada") -> "Box":
        """Begin."""
        return cls.begin(cls.Made, id=uuid4(), timestamp=NOW, owner=owner)

    def fill(self, weight_g: int) -> None:
        """Put in."""
        self.trigger_event(self.Filled, timestamp=NOW, weight_g=weight_g)


def metadata(command_id: UUID | None = None, service: str = "drivenow-europe") -> Metadata:
    return Metadata(
        command_id=CommandId(command_id or uuid4()),
        command="test.fill",
        actor=Actor(role=Role.SYSTEM, id="test"),
        service=service,
        correlation_id=uuid4(),
    )


async def save(store: PostgresEventStore, *boxes: Box, service: str = "drivenow-europe") -> int:
    return await store.append(boxes, metadata(service=service), result=None, fingerprint="f")


async def versions(pool: asyncpg.Pool, box_id: UUID) -> list[int]:
    rows = await pool.fetch(
        "select originator_version from csbe.events where originator_id = $1 order by notification_id", box_id
    )
    return [row[0] for row in rows]


class FillBox(Command):
    """Put something in, unless the box is too full for it."""

    NAME = "test.fill_box"
    box_id: UUID
    weight_g: int


class FillLike(Command):
    """Put as much into a box as there is in another one."""

    NAME = "test.fill_like"
    box_id: UUID
    model_id: UUID


async def fill(command: FillBox, work: UnitOfWork) -> None:
    box = await work.load(Box, command.box_id)
    full = Violation(code="box.full", detail="take something out first")
    refuse_if([full if box.total_g + command.weight_g > FULL_G else None])
    box.trigger_event(Box.Filled, timestamp=NOW, weight_g=command.weight_g)


async def fill_like(command: FillLike, work: UnitOfWork) -> None:
    model, box = await work.load(Box, command.model_id), await work.load(Box, command.box_id)
    box.trigger_event(Box.Filled, timestamp=NOW, weight_g=model.total_g)


async def give(
    store: PostgresEventStore, command: Command, *, service: str = "drivenow-europe", seen: int | None = None
) -> CommandResult:
    dispatcher = Dispatcher(store, SystemClock(), GivenRulebooks(), {FillBox: fill, FillLike: fill_like})
    expected = {command.box_id: seen} if seen and isinstance(command, FillBox) else None
    return await dispatcher.dispatch(command, metadata(service=service), expected=expected)


def entry(state: bytes = b"{}", topic: str = "test.event", answer: str | None = None) -> AppendEntry:
    return AppendEntry(uuid4(), "f", answer, "{}", [StoredState(uuid4(), 1, topic, state)])

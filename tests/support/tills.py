"""A world of tills, to look at the dispatcher alone: money is put in and moved, while somebody may meddle."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.unit_of_work import Handler, UnitOfWork
from tests.support.memory_store import MemoryStore
from tests.support.services import GivenRulebooks

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Till(Aggregate):
    """Never below zero."""

    TOPIC: ClassVar[str] = "test.till"

    total: int = 0

    class Opened(Created):
        TOPIC: ClassVar[str] = "test.till.opened"

    class Changed(Event):
        TOPIC: ClassVar[str] = "test.till.changed"
        by: int

        def apply(self, aggregate: "Till") -> None:
            aggregate.total += self.by

    def change(self, by: int, at: datetime) -> None:
        short = Violation(code="till.short", detail="put something in first", values={"total": self.total})
        refuse_if([short if self.total + by < 0 else None])
        self.trigger_event(self.Changed, timestamp=at, by=by)


class Safe(Till):
    """A till that all services share."""

    TOPIC: ClassVar[str] = "test.safe"
    SHARED: ClassVar[bool] = True

    class Opened(Created):
        TOPIC: ClassVar[str] = "test.safe.opened"

    class Changed(Till.Changed):
        TOPIC: ClassVar[str] = "test.safe.changed"


class OpenTill(Command):
    NAME = "test.open_till"
    till_id: UUID
    kind: str = "till"


class PutIn(Command):
    NAME = "test.put_in"
    till_id: UUID
    amount: int
    kind: str = "till"


class Move(Command):
    NAME = "test.move"
    source_id: UUID
    target_id: UUID
    amount: int


KINDS: dict[str, type[Till]] = {"till": Till, "safe": Safe}


class Tills:
    """The real dispatcher over the store in memory. `meddle` happens each time between a decision and its append."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.decisions = 0
        self.meddle: Callable[[], Awaitable[object]] | None = None
        handlers: dict[type[Command], Handler] = {OpenTill: self._open, PutIn: self._put_in, Move: self._move}
        self._dispatcher = Dispatcher(self.store, self, GivenRulebooks(), handlers)

    def now(self) -> datetime:
        return NOW

    async def do(
        self, command: Command, *, command_id: UUID | None = None, service: str = "drivenow-europe"
    ) -> CommandResult:
        metadata = Metadata(
            command_id=CommandId(command_id or uuid4()),
            command=command.NAME,
            actor=Actor(role=Role.SYSTEM, id="test"),
            service=service,
            correlation_id=uuid4(),
        )
        return await self._dispatcher.dispatch(command, metadata)

    async def opened(self, total: int = 0, *, kind: str = "till") -> UUID:
        """The id of a new till with so much in it."""
        till_id = uuid4()
        await self.do(OpenTill(till_id=till_id, kind=kind))
        if total:
            await self.do(PutIn(till_id=till_id, amount=total, kind=kind))
        self.decisions = 0
        return till_id

    async def total(self, till_id: UUID) -> int:
        return (await self.store.load(Till, till_id)).total

    async def _open(self, command: OpenTill, work: UnitOfWork) -> None:
        kind = KINDS[command.kind]
        work.add(kind.begin(kind.Opened, id=command.till_id, timestamp=work.now))

    async def _put_in(self, command: PutIn, work: UnitOfWork) -> dict[str, int]:
        till = await work.load(KINDS[command.kind], command.till_id)
        till.change(command.amount, work.now)
        await self._decided()
        return {"total": till.total}

    async def _move(self, command: Move, work: UnitOfWork) -> None:
        for till_id, by in ((command.source_id, -command.amount), (command.target_id, command.amount)):
            (await work.load(Till, till_id)).change(by, work.now)
        await self._decided()

    async def _decided(self) -> None:
        self.decisions += 1
        if self.meddle is not None:
            await self.meddle()

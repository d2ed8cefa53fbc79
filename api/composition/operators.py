"""Orders of operators: on record, carried out at once by whoever gave them, closed on record.

No follower has a part in it, so that an order reaches a stopped one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.command_ids import new_id
from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.errors import NotFoundError
from domain.kernel.ids import event_id
from domain.kernel.messages import Actor, Command, Metadata, RecordedEvent, Role
from domain.kernel.ports import EventStore
from domain.operations.commands import ConfirmOrder, FailOrder, GivenOrder, GiveOrder
from domain.operations.follower_orders import FollowerOrders
from domain.operations.job_orders import JobOrders
from domain.operations.kinds import ORDERS
from domain.operations.orders import INSTALLATION, Order
from domain.operations.ports import ImpossibleOrderError, Machinery
from domain.operations.read_model_orders import ReadModelOrders
from domain.operations.telemetry_orders import TelemetryOrders

Perform = Callable[[], Awaitable[tuple[str, ...]]]


@dataclass(frozen=True)
class Operators:
    """What operators do, on record: commands, and orders, the one way to change anything outside the log."""

    dispatcher: Dispatcher
    store: EventStore
    machinery: Machinery

    async def dispatch(self, command: Command, by: str, service: str) -> CommandResult:
        """Give a command of any context as an operator."""
        return await self.dispatcher.dispatch(command, _metadata(command, by, service))

    async def give(self, command: GiveOrder, by: str, perform: Perform | None = None) -> tuple[str, ...]:
        """Put an order on record and carry it out, in another way than usual if one is given.

        Returns what was changed. Raises whatever was in the way: the order stays open then, and `finish` goes on with
        it; but `ImpossibleOrderError` closes it.
        """
        answer = (await self.dispatch(command, by, INSTALLATION)).value
        given = GivenOrder.model_validate_json(answer or "")
        return await self._carry_out(given, await self._recorded(given), by, perform)

    async def unfinished(self) -> list[RecordedEvent]:
        """Orders that are open, the oldest first: under way, or interrupted."""
        return sorted([recorded for _, recorded in await self._open()], key=lambda recorded: recorded.position)

    async def finish(self, by: str) -> list[tuple[RecordedEvent, tuple[str, ...]]]:
        """Carry out the orders that are open; returns each with what was changed, or why it could not be."""
        ended = []
        for given, recorded in sorted(await self._open(), key=lambda one: one[1].position):
            try:
                done = await self._carry_out(given, recorded, by)
            except ImpossibleOrderError as error:
                done = (f"failed: {error}",)
            ended.append((recorded, done))
        return ended

    async def _carry_out(
        self, given: GivenOrder, recorded: RecordedEvent, by: str, perform: Perform | None = None
    ) -> tuple[str, ...]:
        try:
            done = await (perform() if perform else self._perform(recorded.event))
        except ImpossibleOrderError as error:
            await self._close(FailOrder(order=given, error=str(error)), recorded, by)
            raise
        await self._close(ConfirmOrder(order=given, done=done), recorded, by)
        return done

    async def _perform(self, order: object) -> tuple[str, ...]:
        do = self.machinery
        match order:
            case FollowerOrders.RetryOrdered():
                doing = do.retry_follower(order.follower, order.position)
            case FollowerOrders.SkipOrdered():
                doing = do.skip_event(order.follower, order.position, by=order.by, reason=order.reason)
            case JobOrders.RetryOrdered():
                doing = do.retry_job(order.job_id)
            case JobOrders.DropOrdered():
                doing = do.drop_job(order.job_id, by=order.by, reason=order.reason)
            case ReadModelOrders.BuildOrdered():
                doing = do.build(order.read_model, order.workers)
            case ReadModelOrders.SwapOrdered() | ReadModelOrders.RollbackOrdered():
                doing = do.show(order.read_model, order.generation)
            case ReadModelOrders.DropOrdered():
                doing = do.drop_generation(order.read_model, order.generation)
            case _:
                doing = self._perform_on_telemetry(order)
        return await doing

    async def _perform_on_telemetry(self, order: object) -> tuple[str, ...]:
        match order:
            case TelemetryOrders.DropOrdered():
                doing = self.machinery.drop_telemetry(order.first_kept)
            case TelemetryOrders.LetterRetryOrdered():
                doing = self.machinery.retry_dead_letter(order.letter_id)
            case TelemetryOrders.LetterDropOrdered():
                doing = self.machinery.drop_dead_letter(order.letter_id)
            case _:
                raise TypeError(order)
        return await doing

    async def _close(self, command: Command, order: RecordedEvent, by: str) -> None:
        cause = event_id(order.event.originator_id, order.event.originator_version)
        metadata = _metadata(command, by, INSTALLATION)
        follows = {"correlation_id": order.metadata.correlation_id, "causation_id": cause}
        await self.dispatcher.dispatch(command, metadata.model_copy(update=follows))

    async def _open(self) -> list[tuple[GivenOrder, RecordedEvent]]:
        opened = {orders.Opened.TOPIC: orders for orders in ORDERS.values()}
        found = []
        async for began in self.store.read(topics=list(opened)):
            orders = await self.store.load(opened[began.topic], began.event.originator_id)
            numbers = [GivenOrder(orders=orders.TOPIC, orders_id=orders.id, number=o.number) for o in orders.open]
            found += [(given, await self._recorded(given)) for given in numbers]
        return found

    async def _recorded(self, given: GivenOrder) -> RecordedEvent:
        async for recorded in self.store.read(aggregate_id=given.orders_id):
            if recorded.event.originator_version == given.number and isinstance(recorded.event, Order):
                return recorded
        raise NotFoundError(given.orders, given.orders_id)


def _metadata(command: Command, by: str, service: str) -> Metadata:
    return Metadata.of(command, id=new_id(), actor=Actor(role=Role.OPERATOR, id=by), service=service)

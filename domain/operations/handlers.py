"""Load, decide, save: every order is taken alike, and closed alike."""

from collections.abc import Mapping

from domain.kernel.messages import Command
from domain.operations import commands
from domain.operations.follower_orders import FollowerOrders
from domain.operations.job_orders import JobOrders
from domain.operations.kinds import ORDERS
from domain.operations.orders import Order, Orders
from domain.operations.read_model_orders import ReadModelOrders
from domain.operations.telemetry_orders import TelemetryOrders
from domain.unit_of_work import Handler, UnitOfWork


async def confirm_order(command: commands.ConfirmOrder, work: UnitOfWork) -> None:
    """Close it as carried out."""
    orders = await work.load(ORDERS[command.order.orders], command.order.orders_id)
    orders.carry_out(command.order.number, command.done, work.now)


async def fail_order(command: commands.FailOrder, work: UnitOfWork) -> None:
    """Close it as failed."""
    orders = await work.load(ORDERS[command.order.orders], command.order.orders_id)
    orders.fail(command.order.number, command.error, work.now)


def _giving(kind: type[Orders], order: type[Order]) -> Handler:
    async def give(command: commands.GiveOrder, work: UnitOfWork) -> commands.GivenOrder:
        orders = await _orders(kind, command.about, work)
        number = orders.give(order, command.model_dump(), work.metadata.actor.id, work.now)
        return commands.GivenOrder(orders=kind.TOPIC, orders_id=orders.id, number=number)

    return give


async def _orders(kind: type[Orders], about: str, work: UnitOfWork) -> Orders:
    orders = await work.find(kind, kind.id_of(about))
    if orders is None:
        orders = kind.begin_about(about, work.now)
        work.add(orders)
    return orders


HANDLERS: Mapping[type[Command], Handler] = {
    commands.RetryFollower: _giving(FollowerOrders, FollowerOrders.RetryOrdered),
    commands.SkipEvent: _giving(FollowerOrders, FollowerOrders.SkipOrdered),
    commands.RetryJob: _giving(JobOrders, JobOrders.RetryOrdered),
    commands.DropJob: _giving(JobOrders, JobOrders.DropOrdered),
    commands.BuildReadModel: _giving(ReadModelOrders, ReadModelOrders.BuildOrdered),
    commands.SwapReadModel: _giving(ReadModelOrders, ReadModelOrders.SwapOrdered),
    commands.RollBackReadModel: _giving(ReadModelOrders, ReadModelOrders.RollbackOrdered),
    commands.DropGeneration: _giving(ReadModelOrders, ReadModelOrders.DropOrdered),
    commands.DropTelemetry: _giving(TelemetryOrders, TelemetryOrders.DropOrdered),
    commands.RetryDeadLetter: _giving(TelemetryOrders, TelemetryOrders.LetterRetryOrdered),
    commands.DropDeadLetter: _giving(TelemetryOrders, TelemetryOrders.LetterDropOrdered),
    commands.ConfirmOrder: confirm_order,
    commands.FailOrder: fail_order,
}
"""Which function carries out which command."""

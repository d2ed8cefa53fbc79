"""Orders about read models and their generations."""

from domain.kernel.values import Count
from domain.operations.orders import Order, OrderCarriedOut, OrderFailed, Orders, OrdersOpened


class ReadModelOrders(Orders):
    """About one read model: to build a generation, to show one, to remove one."""

    TOPIC = "operations.read_model"

    class Opened(OrdersOpened):
        TOPIC = "operations.read_model.opened"

    class BuildOrdered(Order):
        """Interrupted, it goes on where it was."""

        TOPIC = "operations.read_model.build_ordered"

        read_model: str
        workers: Count

    class SwapOrdered(Order):
        TOPIC = "operations.read_model.swap_ordered"

        read_model: str
        generation: Count
        """Number of the one to show."""

    class RollbackOrdered(Order):
        TOPIC = "operations.read_model.rollback_ordered"

        read_model: str
        generation: Count
        """Number of the one to show again."""

    class DropOrdered(Order):
        TOPIC = "operations.read_model.drop_ordered"

        read_model: str
        generation: Count

    class CarriedOut(OrderCarriedOut):
        TOPIC = "operations.read_model.carried_out"

    class Failed(OrderFailed):
        TOPIC = "operations.read_model.failed"

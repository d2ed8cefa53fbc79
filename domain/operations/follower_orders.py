"""Orders about whatever follows the log."""

from domain.kernel.values import Ordinal
from domain.operations.orders import Order, OrderCarriedOut, OrderFailed, Orders, OrdersOpened


class FollowerOrders(Orders):
    """About one follower that has stopped at an event: to try it again, or to go on without it."""

    TOPIC = "operations.follower"

    class Opened(OrdersOpened):
        TOPIC = "operations.follower.opened"

    class RetryOrdered(Order):
        TOPIC = "operations.follower.retry_ordered"

        follower: str
        position: Ordinal
        """Where it is stopped."""
        error: str

    class SkipOrdered(Order):
        """The follower will never know the event."""

        TOPIC = "operations.follower.skip_ordered"

        follower: str
        position: Ordinal
        error: str

    class CarriedOut(OrderCarriedOut):
        TOPIC = "operations.follower.carried_out"

    class Failed(OrderFailed):
        TOPIC = "operations.follower.failed"

"""Orders about what policies decided should follow, and what could not be done."""

from uuid import UUID

from domain.operations.orders import Order, OrderCarriedOut, OrderFailed, Orders, OrdersOpened


class JobOrders(Orders):
    """About one failed job: to try it again, or to leave it undone for ever."""

    TOPIC = "operations.job"

    class Opened(OrdersOpened):
        TOPIC = "operations.job.opened"

    class RetryOrdered(Order):
        TOPIC = "operations.job.retry_ordered"

        job_id: UUID
        policy: str
        kind: str
        """Name of the command or of the effect that is to be carried out."""
        error: str

    class DropOrdered(Order):
        TOPIC = "operations.job.drop_ordered"

        job_id: UUID
        policy: str
        kind: str
        error: str

    class CarriedOut(OrderCarriedOut):
        TOPIC = "operations.job.carried_out"

    class Failed(OrderFailed):
        TOPIC = "operations.job.failed"

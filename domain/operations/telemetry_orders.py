"""Orders about the raw telemetry of the cars."""

from datetime import date

from domain.operations.orders import Order, OrderCarriedOut, OrderFailed, Orders, OrdersOpened


class TelemetryOrders(Orders):
    """About all telemetry there is: to drop what is old."""

    TOPIC = "operations.telemetry"

    class Opened(OrdersOpened):
        TOPIC = "operations.telemetry.opened"

    class DropOrdered(Order):
        TOPIC = "operations.telemetry.drop_ordered"

        first_kept: date
        """All days (UTC) before this one."""

    class CarriedOut(OrderCarriedOut):
        TOPIC = "operations.telemetry.carried_out"

    class Failed(OrderFailed):
        TOPIC = "operations.telemetry.failed"

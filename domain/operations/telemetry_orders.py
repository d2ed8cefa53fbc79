"""Orders about what the cars sent."""

from datetime import date

from domain.kernel.values import Ordinal
from domain.operations.orders import Order, OrderCarriedOut, OrderFailed, Orders, OrdersOpened


class TelemetryOrders(Orders):
    """About all telemetry there is: to drop what is old; to try or drop a message that could not be used."""

    TOPIC = "operations.telemetry"

    class Opened(OrdersOpened):
        TOPIC = "operations.telemetry.opened"

    class DropOrdered(Order):
        TOPIC = "operations.telemetry.drop_ordered"

        first_kept: date
        """All days (UTC) before this one."""

    class LetterRetryOrdered(Order):
        TOPIC = "operations.telemetry.letter_retry_ordered"

        letter_id: Ordinal
        mqtt_topic: str
        error: str
        """Why it could not be used."""

    class LetterDropOrdered(Order):
        TOPIC = "operations.telemetry.letter_drop_ordered"

        letter_id: Ordinal
        mqtt_topic: str
        error: str

    class CarriedOut(OrderCarriedOut):
        TOPIC = "operations.telemetry.carried_out"

    class Failed(OrderFailed):
        TOPIC = "operations.telemetry.failed"
